# SPDX-License-Identifier: Apache-2.0
"""A recording of a few programs in all of Hearth's formats, and what Hearth itself says is in it: the
folded stacks, which the other tests hold against perf."""
import collections
import os
import re

from hearth import folded

NUMBERED = re.compile(r"\+0x[0-9a-f]+$")
HEAD = re.compile(r"(\S.*?) +(\d+)/(\d+) .*")
FRAME = re.compile(r"\t *([0-9a-f]+) (.*) \((\S*)\)")


class Recording:
    # Program, or attribute of Hearth; the name to run it under, so that it is mixed up with no other.
    PROGRAMS = (("demo", "interop-shop"), ("gzip", "interop-gzip", "-9", "-c"), ("dd", "interop-dd", "of=/dev/null", "bs=512"))
    COMMS = tuple(name for _, name, *_ in PROGRAMS)

    def __init__(self, hearth, folder, summary):
        self.hearth, self.folder, self.summary = hearth, folder, summary
        self.rows = folded(folder)
        self.delivered = summary["samples"]["delivered"]

    @staticmethod
    def sinks(folder):
        """Words for `hearth record`, which writes the rest of its own accord."""
        return ["--sink", "script-writer:directory=" + folder,
                "--sink", "without-periods:plugin=script-writer,directory=%s,name=samples.txt,period=false" % folder]

    def path(self, name):
        return os.path.join(self.folder, name)

    def of_comms(self):
        """{comm: samples} of the programs."""
        counts = collections.Counter()
        for stack, n in self.rows:
            counts[stack[0]] += n
        return {comm: counts[comm] for comm in self.COMMS}

    def stacks(self, comm):
        """Counter of a program's stacks, root first, without suffixes of kinds and without why they were cut.
        What has no name is "[file]", as tools of other people call it."""
        found = collections.Counter()
        for stack, n in self.rows:
            if stack[0] == comm:
                found[tuple(plain(name) for name in stack[1:] if not name.startswith("[truncated: "))] += n
        return found

    def blocks(self):
        """[(comm, pid, tid, ((offset, symbol, file), …))] of the perf-script text, innermost frame first."""
        found = []
        with open(self.path("perf-script.txt"), newline="\n") as f:
            for line in f:
                frame = FRAME.fullmatch(line.rstrip("\n"))
                if frame:
                    found[-1][3].append(frame.groups())
                elif line != "\n":
                    found.append((*HEAD.fullmatch(line.rstrip("\n")).groups(), []))
        return found


def plain(name):
    name = re.sub(r"_\[[kj]\]$", "", name).replace("[kernel]+0x", "[kernel.kallsyms]+0x")
    return "[%s]" % NUMBERED.sub("", name) if NUMBERED.search(name) else name


def place(line):
    """(offset, file) of a frame. perf 6.12 prints the address first, and the offset behind the file."""
    address, file, offset = re.fullmatch(r"\t *([0-9a-f]+) .* \((\S*?)(?:\+0x([0-9a-f]+))?\)", line.replace(" (deleted)", "")).groups()
    return (address if file.startswith("[kernel") else offset or address, file)


def functions(stacks):
    """({function: samples in which it is}, {function: samples of its own}) of a Counter of stacks, root first."""
    total, own = collections.Counter(), collections.Counter()
    for stack, n in stacks.items():
        for name in set(stack):
            total[name] += n
        if stack:
            own[stack[-1]] += n
    return total, own
