# SPDX-License-Identifier: Apache-2.0
"""What perf records and Hearth reads has the counts and the stacks that perf itself reports of it.

Two tools may spell one thing differently; what is put right here, and nothing else:
- a function that has several names is known by the first of them in the alphabet;
- where perf has no name Hearth prints the file and the address in it: "[unknown]" for both; the
  linker's stubs for calls into libraries have none, perf calls them x@plt, or _init, which lies before;
- the kernel's own page in each process (vdso) has no build id in a pipe: perf takes that of today;
- BPF programs of whoever watches the machine come and go, and with them their names;
- a return address is that behind the call: where the call is the last instruction of a function,
  perf 6.1 names the function that follows (its symbol has the offset 0), Hearth the one that calls;
- perf names a thread as it was called when the sample was taken, folded stacks the process."""
import collections
import os
import re
import shutil
import subprocess

import pytest

from hearth import Hearth

UNKNOWN, NEXT = "[unknown]", "(the function behind)"
HEAD = re.compile(r"(\S.*?)\s+(-?\d+)/(-?\d+)\s+(\S+):\s*")
FRAME = re.compile(r"\s+([0-9a-f]+) (.*) \((.*)\)")
OFFSET = re.compile(r"\+0x([0-9a-f]+)$")


def aliases():
    """{name: the first name of the same address}, of the kernel and of the libraries of the workloads."""
    known_as, places = {}, collections.defaultdict(set)
    with open("/proc/kallsyms") as f:
        for line in f:
            address, _, name = line.split()[:3]
            places["kernel", address].add(name)
    for library in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"):
        notes = subprocess.run(["readelf", "-n", library], capture_output=True, text=True, check=True).stdout
        build_id = re.search("Build ID: ([0-9a-f]+)", notes).group(1)
        debug = "/usr/lib/debug/.build-id/%s/%s.debug" % (build_id[:2], build_id[2:])
        listed = subprocess.run(["nm", *(["-D", library] if not os.path.exists(debug) else [debug])],
                                capture_output=True, text=True).stdout
        for words in map(str.split, listed.splitlines()):
            if len(words) == 3:
                places[library, words[0]].add(words[2].split("@")[0])
    # A name may stand in several files, and then joins its aliases there.
    for names in places.values():
        joined = set().union(names, *(known_as.get(name, ()) for name in names))
        for name in joined if len(joined) > 1 else ():
            known_as[name] = joined
    return {name: min(names) for name, names in known_as.items()}


class Recording:
    """A recording of perf, and what perf says of it."""
    ALIASES = aliases()

    def __init__(self, folder, options, command, pipe=False, name="perf.data"):
        self.path = os.path.join(folder, name)
        self.env = {k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}
        self.env.update(HOME=str(folder), LC_ALL="C")
        # No build ids are gathered: it takes seconds and is no part of what is compared.
        args = ["perf", "record", "-q", *options]
        if pipe:
            with open(self.path, "wb") as f:
                subprocess.run([*args, "-o", "-", "--", *command], stdout=f, stderr=subprocess.DEVNULL, env=self.env, check=True)
        else:
            subprocess.run([*args, "-o", self.path, "--", *command], capture_output=True, env=self.env, check=True)

    def perf(self, *args):
        return subprocess.run(["perf", *args, "-i", self.path], capture_output=True, text=True, errors="replace",
                              env=self.env, check=True).stdout

    def samples(self):
        """(comm, event, frames root first) of each sample."""
        head, frames = None, []
        for line in self.perf("script", "--no-inline", "-F", "comm,pid,tid,event,ip,sym,symoff,dso").splitlines() + [""]:
            if head is None and line.strip():
                one_line = re.fullmatch(r"(\S.*?)\s+(-?\d+)/(-?\d+)\s+(\S+):\s+([0-9a-f]+) (.*) \((.*)\)", line.strip())
                head = one_line or HEAD.fullmatch(line)
                assert head, line
                if one_line:
                    yield head.group(1), head.group(4), (self.name(head.group(6), True),)
                    head = None
            elif line.strip():
                frames.append(self.name(FRAME.fullmatch(line).group(2), not frames))
            elif head:
                yield head.group(1), head.group(4), tuple(reversed(frames))
                head, frames = None, []

    def name(self, symbol, is_leaf):
        offset = OFFSET.search(symbol)
        if offset and int(offset.group(1), 16) == 0 and not is_leaf:
            return NEXT
        return self.known(OFFSET.sub("", symbol))

    def known(self, name):
        if name == "_init" or name.endswith("@plt") or name.startswith(("bpf_prog_", "__vdso_")):
            return UNKNOWN
        name = name.split("@")[0]  # without the version of a symbol
        return self.ALIASES.get(name, name)

    def stacks(self, event):
        return collections.Counter((comm, frames) for comm, e, frames in self.samples() if e.rstrip(":") == event)

    def own_counts(self, event, key):
        """{comm or symbol: samples} as perf report counts them, unnamed functions together."""
        counts, is_there = collections.Counter(), False
        for line in self.perf("report", "--stdio", "--no-children", "-g", "none", "-n", "-t", ";", "--sort", key).splitlines():
            if line.startswith("# Samples:"):
                is_there = line.endswith("event '%s'" % event)
            elif is_there and line.strip() and not line.startswith("#"):
                _, n, name = [word.strip() for word in line.split(";")[:3]]
                name = re.sub(r"^\[.\] ", "", name)
                counts[UNKNOWN if re.match(r"0x[0-9a-f]+$|\[unknown\]", name) else self.known(name)] += int(n)
        return counts

    def hearth_name(self, frame):
        frame = re.sub(r"_\[[kj]\]$", "", frame)
        if re.fullmatch(r"\S+\+0x[0-9a-f]+|\[.*\]", frame):
            return UNKNOWN
        return self.known(frame)

    def of_hearth(self, hearth, *options, data=None):
        """The same stacks as Hearth reads them."""
        args = ["convert", self.path if data is None else "-", "-", "--to", "folded", *options]
        done = subprocess.run(hearth.argv(*args), stdin=data, capture_output=True, env=hearth.environment(), cwd=hearth.tmp)
        assert done.returncode == 0, done.stderr
        stacks = collections.Counter()
        for line in done.stdout.decode(errors="replace").splitlines():
            stack, n = line.rsplit(" ", 1)
            comm, *frames = stack.split(";")
            frames = [f for f in frames if not f.startswith("[truncated: ")]
            stacks[comm, tuple(map(self.hearth_name, frames))] += int(n)
        return stacks


def fits(theirs, mine):
    return len(theirs) == len(mine) and all(a in (b, NEXT) for a, b in zip(theirs, mine))


def assert_same(theirs, mine):
    """Equal, but for frames that perf named after the function behind."""
    assert sum(mine.values()) == sum(theirs.values()) > 0
    missing, extra = theirs - mine, mine - theirs
    for (comm, frames), n in list(missing.items()):
        for (other_comm, other), _ in list(extra.items()):
            if comm == other_comm and fits(frames, other):
                moved = min(missing[comm, frames], extra[comm, other])
                missing[comm, frames] -= moved
                extra[comm, other] -= moved
    assert ((+missing).most_common(5), (+extra).most_common(5)) == ([], [])


@pytest.fixture(scope="module")
def desk(request, tmp_path_factory):
    return Hearth(os.path.abspath(request.config.getoption("--build")), tmp_path_factory.mktemp("profile-reader"))


def workload(desk, *names):
    return [os.path.join(desk.build, "tests/workloads", name) for name in names]


def programs(desk):
    """Forks and execs of programs with frame pointers, short ones and long ones, and the kernel at work."""
    spawn, a, b = workload(desk, "spawn", "work-a", "work-b")
    script = "%s 16 4 0 %s %s 20; %s 50 6 %s; head -c 3000000 /dev/zero | cat >/dev/null" % (spawn, a, b, a, b)
    return ["sh", "-c", script]


CLOCK = ["-e", "cpu-clock", "-F", "1999", "-g"]
CASES = {
    "frequency": (CLOCK, "cpu-clock"),
    "count": (["-e", "page-faults", "-c", "1", "-g"], "page-faults"),
    "period": (["-e", "cpu-clock", "-c", "700000", "-g"], "cpu-clock"),
    "addresses": (["-e", "cpu-clock", "-F", "1999"], "cpu-clock"),
    "several": (["-e", "cpu-clock,page-faults,context-switches", "-c", "800000", "-g"], "cpu-clock"),
    "fields": (["-e", "cpu-clock", "-F", "999", "-g", "-d", "--phys-data", "--sample-cpu", "-W", "--data"], "cpu-clock"),
    "per-thread": (CLOCK + ["--per-thread"], "cpu-clock"),
    "user": (["-e", "cpu-clock:u", "-F", "1999", "-g"], "cpu-clock:u"),
    "compressed": (CLOCK + ["-z"], "cpu-clock"),
    "build-ids": (CLOCK + ["--buildid-mmap"], "cpu-clock"),
}


@pytest.mark.parametrize("case", CASES)
def test_stacks_and_counts_are_those_of_perf(desk, case):
    options, event = CASES[case]
    recording = Recording(desk.tmp, options, programs(desk), name=case + ".data")
    mine = recording.of_hearth(desk, "--event", event)
    assert_same(recording.stacks(event), mine)
    comms, functions = collections.Counter(), collections.Counter()
    for (comm, frames), n in mine.items():
        comms[comm] += n
        functions[frames[-1]] += n
    assert comms == recording.own_counts(event, "comm")
    assert functions == recording.own_counts(event, "sym")


def test_each_of_several_events_can_be_read(desk):
    recording = Recording(desk.tmp, ["-e", "page-faults,context-switches", "-c", "1", "-g"], programs(desk), name="events.data")
    for event in ("page-faults", "context-switches"):
        assert_same(recording.stacks(event), recording.of_hearth(desk, "--event", event))
    done = desk.run("convert", recording.path, "-", "--to", "folded", "--event", "cycles")
    assert done.returncode != 0 and 'no event "cycles"; it has page-faults' in done.stderr
    done = desk.run("convert", recording.path, "-", "--to", "folded")
    assert done.returncode == 0 and "page-faults, the first event that has samples" in done.stderr


@pytest.mark.parametrize("options", [[], ["-z"]], ids=["plain", "compressed"])
def test_a_pipe_is_read_as_it_comes(desk, options):
    recording = Recording(desk.tmp, CLOCK + options, programs(desk), pipe=True, name="pipe%d.data" % len(options))
    assert_same(recording.stacks("cpu-clock"), recording.of_hearth(desk))
    with subprocess.Popen(["cat", recording.path], stdout=subprocess.PIPE) as cat:
        assert recording.of_hearth(desk, data=cat.stdout) == recording.of_hearth(desk)


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_packed_files_are_unpacked(desk, packer):
    recording = Recording(desk.tmp, CLOCK, programs(desk), name="packed-%s.data" % packer)
    plain = recording.of_hearth(desk)
    with open(recording.path, "rb") as f:
        packed = subprocess.run([packer, "-c"], stdin=f, stdout=subprocess.PIPE, check=True).stdout
    with open(recording.path, "wb") as f:
        f.write(packed)
    assert recording.of_hearth(desk) == plain
    with open(recording.path, "rb") as f:
        assert recording.of_hearth(desk, data=f) == plain


def test_a_file_that_is_cut_off_gives_what_is_there(desk):
    recording = Recording(desk.tmp, CLOCK, programs(desk), name="cut.data")
    whole = recording.of_hearth(desk)
    os.truncate(recording.path, os.path.getsize(recording.path) * 2 // 3)
    done = desk.run("convert", recording.path, "-", "--to", "folded")
    assert done.returncode == 0
    assert re.search(r"cut\.data: cut off \(the last record is incomplete\) at byte \d+", done.stderr), done.stderr
    assert 0 < sum(recording.of_hearth(desk).values()) < sum(whole.values())


def test_what_is_no_profile_is_refused(desk):
    path = desk.write("noise", "\x01\x02\x03 no profile")
    out = os.path.join(desk.tmp, "out")
    for verb in (["flamegraph", path, "-o", out + ".html"], ["convert", path, out + ".folded"],
                 ["convert", path, out + ".pb.gz"], ["convert", path, out + ".data", "--to", "perf"],
                 ["convert", path, "-", "--to", "folded"], ["report", path]):
        done = desk.run(*verb)
        assert done.returncode == 1 and not done.stdout
        assert "noise: is none of: perf.data" in done.stderr and "first bytes: 01 02 03" in done.stderr
    assert not [name for name in os.listdir(desk.tmp) if name.startswith("out")]


def test_what_hearth_records_reads_back_as_it_was_written(desk):
    folder = os.path.join(desk.tmp, "own")
    process = desk.run("record", "-F", "1999", "-o", folder, "--sink",
                       "perfdata-writer:directory=%s,name=perf.data" % folder, "--", *programs(desk))
    assert process.returncode == 0, process.stderr
    again = os.path.join(desk.tmp, "again.folded")
    done = desk.run("flamegraph", os.path.join(folder, "perf.data"), "-o", again)
    assert done.returncode == 0, done.stderr

    def stacks(path):
        rows = collections.Counter()
        with open(path) as f:
            for line in f:
                stack, n = line.rsplit(" ", 1)
                # The format has no place for why a stack was cut.
                frames = [frame for frame in stack.split(";") if not frame.startswith("[truncated: ")]
                # The recorder's own BPF program is gone by now, and inside this function the name is changing.
                frames = [re.sub(r"^(bpf_prog_\w+ \[bpf\]|\[kernel\]\+0x\w+)_\[k\]$", "(bpf)", frame) for frame in frames]
                if "begin_new_exec_[k]" in frames:
                    frames[0] = "(exec)"
                rows[";".join(frames)] += int(n)
        return rows

    assert stacks(os.path.join(folder, "stacks.folded")) == stacks(again)


def test_flamegraph_writes_what_its_output_is_called(desk):
    recording = Recording(desk.tmp, CLOCK, programs(desk), name="draw.data")
    for name, magic in (("page.html", "<!DOCTYPE html"), ("picture.svg", "<svg"), ("text.folded", "")):
        done = desk.run("flamegraph", recording.path, "-o", name, "--title", "A title of ours")
        assert done.returncode == 0, done.stderr
        with open(os.path.join(desk.tmp, name)) as f:
            text = f.read()
        assert text.lower().startswith(magic.lower()) and ("A title of ours" in text) == (name != "text.folded")
    done = desk.run("flamegraph", recording.path, "-o", "page.html")
    assert done.returncode != 0 and "page.html" in done.stderr
    folder = os.path.join(desk.tmp, "folder")
    done = desk.run("flamegraph", recording.path, "-o", folder)
    assert done.returncode == 0 and {"flamegraph.html", "flamegraph.svg", "stacks.folded", "summary.json"} <= set(os.listdir(folder))


def test_a_missing_plugin_is_named(desk, tmp_path):
    build = tmp_path / "build"
    os.makedirs(build / "plugins")
    shutil.copy2(desk.binary, build)
    for name in ("profile-reader.so", "symbolizer.so", "inspector.so"):
        shutil.copy2(os.path.join(desk.build, "plugins", name), build / "plugins")
    done = Hearth(str(build), tmp_path).run("convert", "perf.data", "out.folded")
    assert done.returncode != 0 and 'plugin "flamegraph" is not installed' in done.stderr
