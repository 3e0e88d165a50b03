# SPDX-License-Identifier: Apache-2.0
"""A recording of perf twice over: the stacks that `perf script` prints, one a sample, for Hearth to
read, and the figures that `perf report --children` prints of the same stacks, to hold it against.

A function is (name, module), the module without its folder. What perf has no name for is
"[unknown]" here, one function per module, where perf has a row per address."""
import collections
import os
import re
import subprocess

from fake_stacks import Stack

UNKNOWN = "[unknown]"
NO_NAME = re.compile(r"0x[0-9a-f]+|0+|\[unknown\]")
PROGRAM = re.compile(r"(\S.*?) +(\d+)/(\d+) *")
FRAME = re.compile(r"\s+([0-9a-f]+) (.*) \((.*)\)")
ROW = re.compile(r" *([\d.]+)% *; *([\d.]+)% *; *(\d+) *; *([^;]*?) *; *\[.\] ([^;]*?) *(?:;.*)?")
CHAIN = re.compile(r"(\d+) (.*)")
USER_MODULES = ("[vdso]", "[vsyscall]", "[heap]", "[stack]", "[anon]", UNKNOWN)

# What one row of perf says: the shares in percent, the samples that are the function's own, and the
# samples of each stack that it is in: {names, the function's own end first: samples}.
Row = collections.namedtuple("Row", "own total samples chains")


def name_of(symbol):
    return UNKNOWN if NO_NAME.fullmatch(symbol) else symbol


class PerfData:
    def __init__(self, folder, command):
        self.path = os.path.join(folder, "perf.data")
        # No configuration, no store of binaries and no server of debug files has a say.
        self.env = {k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}
        self.env.update(HOME=folder, LC_ALL="C")
        self.perf("record", "-q", "-N", "-e", "cpu-clock", "-F", "1999", "-g", "--", *command)
        self.stacks = list(self.read_stacks())
        # What stands first in a stack of one: its callee-most or its caller-most frame.
        self.rows, self.rows_from_root = self.read_rows("callee"), self.read_rows("caller")

    def perf(self, verb, *args):
        file = ("-o", self.path) if verb == "record" else ("-i", self.path)
        r = subprocess.run(["perf", verb, *file, *args], capture_output=True, text=True, env=self.env)
        assert r.returncode == 0, r.stderr
        return r.stdout

    def read_stacks(self):
        head, frames = None, []
        for line in self.perf("script", "--no-inline", "-F", "comm,pid,tid,ip,sym,dso").splitlines() + [""]:
            if head is None and line:
                head = PROGRAM.fullmatch(line)
                assert head, line
            elif line:
                frames.append(self.frame(line))
            elif head:
                comm, pid, tid = head.groups()
                assert frames, comm
                yield Stack(pid, tid, comm, comm, "", 1, tuple(reversed(frames)))
                head, frames = None, []

    @staticmethod
    def frame(line):
        address, symbol, module = FRAME.fullmatch(line).groups()
        assert not re.search(r"[;|\t]| in ", symbol + module), line
        is_kernel = module[0] == "[" and module not in USER_MODULES
        kind = "_[u]" if symbol == UNKNOWN else "_[k]" if is_kernel else ""
        return "%s%s in %s" % (symbol, kind, module)

    def read_rows(self, order):
        """{function: its rows}; more than one where perf tells equal names apart by their address."""
        text = self.perf("report", "--stdio", "--children", "--no-inline", "--sort", "dso,symbol",
                         "-F", "overhead_children,overhead,sample,dso,symbol", "-g", "folded,0,0,%s,function,count" % order,
                         "--field-separator", ";")
        rows = collections.defaultdict(list)
        for line in text.splitlines():
            row, chain = ROW.fullmatch(line), CHAIN.fullmatch(line)
            if row:
                total, own, samples, module, symbol = row.groups()
                chains = collections.Counter()
                rows[name_of(symbol), module].append(Row(float(own), float(total), int(samples), chains))
            elif chain:
                names = tuple(name_of(name) for name in chain[2].split(";"))
                chains[names if order == "callee" else names[::-1]] += int(chain[1])
            else:
                assert not line or line.startswith("#"), line
        return dict(rows)

    def processes(self):
        """{(pid, comm): samples}; a process has another comm after each exec."""
        text = self.perf("report", "--stdio", "--no-children", "-g", "none", "--sort", "pid,comm",
                         "-F", "sample,pid,comm", "--field-separator", ";")
        rows = (line.split(";") for line in text.splitlines() if line and not line.startswith("#"))
        return {(int(pid.partition(":")[0]), comm.strip()): int(n) for n, pid, comm, *_ in rows}

    def callers(self, function):
        """{who called the outermost call of a function, None where nobody did: samples}."""
        found = collections.Counter()
        for row in self.rows[function]:
            for names, n in row.chains.items():
                above = names[len(names) - names[::-1].index(function[0]):]
                found[above[0] if above else None] += n
        return found

    def callees(self, function):
        """{what the outermost call of a function called, "self" for nothing: samples}."""
        found = collections.Counter()
        for row in self.rows_from_root[function]:
            for names, n in row.chains.items():
                i = len(names) - 1 - names[::-1].index(function[0])
                found[names[i - 1] if i else "self"] += n
        return found

    def share(self, n):
        return 100 * n / len(self.stacks)

    def check(self, function, own, total):
        """Samples that Hearth has for a function, against the shares that perf prints of it."""
        rows = self.rows[function]
        assert own == sum(row.samples for row in rows), function
        if len(rows) > 1:  # a sample may be in several of them
            totals = [sum(row.chains.values()) for row in rows]
            assert max(totals) <= total <= sum(totals), function
            return
        assert total == sum(rows[0].chains.values()), function
        for mine, theirs in ((own, rows[0].own), (total, rows[0].total)):
            assert abs(self.share(mine) - theirs) <= 0.0051, function  # of which perf prints two decimals


def record_programs(hearth):
    """Some seconds of programs whose stacks are deep, come back to themselves, or are the kernel's."""
    script = 'timeout 1.5 "$1" & dd if=/dev/zero of=/dev/null bs=64 count=600000 & "$2" 700; wait'
    recurse = os.path.join(hearth.build, "tests", "workloads", "recurse")
    return PerfData(hearth.tmp, ["sh", "-c", script, "sh", hearth.demo, recurse])
