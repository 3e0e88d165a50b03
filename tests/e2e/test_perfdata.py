# SPDX-License-Identifier: Apache-2.0
"""perf reads the perf.data of perfdata-writer without a word of complaint, and finds in it what
Hearth's own outputs of the same recording say."""
import collections
import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

import fake_stacks
from hearth import Hearth, Load, folded, summary, wait_for
from test_record import demo_functions, folded_stack, of_command, perf_stacks

DEMO, SHELL, GZIP, OPENSSL = "perfdata-shop", "perfdata-loop", "perfdata-gzip", "perfdata-ssl"


def perf(folder, *args, **kwargs):
    """Runs perf on the recording; its output. It must have nothing to complain about."""
    done = subprocess.run(["perf", *args], capture_output=True, text=True, cwd=folder, timeout=120, **kwargs)
    assert done.returncode == 0 and not done.stderr.strip(), (args, done.returncode, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def recorded(request, tmp_path_factory):
    """A recording of programs that are gone before anybody looks at it."""
    hearth = Hearth(os.path.abspath(request.config.getoption("--build")), tmp_path_factory.mktemp("perfdata"))
    load = Load(hearth)
    # Under names of their own: others on the machine are not to be mixed up with these.
    demo, shell, gzip, openssl = (shutil.copy(os.path.realpath(shutil.which(program)), os.path.join(hearth.tmp, name))
                                  for program, name in ((hearth.demo, DEMO), ("sh", SHELL), ("gzip", GZIP), ("openssl", OPENSSL)))
    try:
        pids = {DEMO: load.start(demo), OPENSSL: load.start(openssl, "speed", "-seconds", "600", "-evp", "sha256"),
                GZIP: load.start("sh", "-c", "exec %s -9 -c < /dev/zero" % gzip),
                SHELL: load.start(shell, "-c", "while :; do /bin/true; done")}
        folder = os.path.join(hearth.tmp, "out")
        process, folder = hearth.record("-d", 4, "--sink", "perfdata-writer:directory=%s,name=perf.data" % folder)
    finally:
        load.stop()
    assert process.returncode == 0, process.stderr
    return {"hearth": hearth, "folder": folder, "rows": folded(folder), "summary": summary(folder), "pids": pids}


@pytest.mark.parametrize("command", [
    "report --stdio --sort comm,dso,symbol", "report --stdio --header-only", "report --stdio --no-children -g none",
    "script", "buildid-list", "evlist -v", "diff perf.data perf.data", "inject -b -o injected.data",
], ids=lambda c: c.split(" -")[0].replace(" ", "-") + "-" + str(len(c)))
def test_perf_has_nothing_to_complain_about(recorded, command):
    words = command.split()
    out = perf(recorded["folder"], *words[:1], *([] if words[0] == "diff" else ["-i", "perf.data"]), *words[1:])
    assert out.strip() or words[0] == "inject"


def test_perf_counts_the_samples_that_hearth_counted(recorded):
    lines = perf(recorded["folder"], "script", "-i", "perf.data", "-F", "comm,pid,event").splitlines()
    assert len([line for line in lines if line.strip()]) == recorded["summary"]["samples"]["delivered"]


def test_samples_of_each_command_are_as_many_as_in_the_folded_stacks(recorded):
    mine = {comm: sum(n for _, n in of_command(recorded["rows"], comm)) for comm in (DEMO, SHELL, "true", GZIP, OPENSSL)}
    theirs = {}
    for line in perf(recorded["folder"], "report", "-i", "perf.data", "--stdio", "--no-children", "-g", "none", "-n", "-t", "@",
                     "--sort", "comm", "-q").splitlines():
        if line.strip():
            _, n, comm = line.split("@")
            theirs[comm.strip()] = int(n)
    assert min(mine.values()) > 0
    # In the middle of an exec the program is the new one and the thread has its old name still; of a process that is
    # just being made, perf may know no name at all.
    forks = mine.pop(SHELL) + mine.pop("true"), theirs.pop(SHELL) + theirs.pop("true")
    assert abs(forks[0] - forks[1]) <= 0.005 * forks[0], forks
    assert mine == {comm: theirs[comm] for comm in mine}


@pytest.mark.parametrize("comm", [DEMO, GZIP, OPENSSL])
def test_whole_stacks_equal_those_of_the_folded_file(recorded, comm):
    functions = demo_functions(recorded["hearth"])
    mine = collections.Counter()
    for frames, n in of_command(recorded["rows"], comm):
        mine[folded_stack(frames, functions)] += n
    theirs = perf_stacks(recorded["folder"], "perf.data", recorded["pids"][comm], functions)
    assert sum(mine.values()) > 100
    assert mine == theirs


def test_every_file_has_its_build_id(recorded):
    listed = dict(reversed(line.split(" ", 1)) for line in perf(recorded["folder"], "buildid-list", "-i", "perf.data").splitlines())
    for path in (os.path.join(recorded["hearth"].tmp, name) for name in (DEMO, GZIP)):
        real = subprocess.run(["readelf", "-n", os.path.realpath(path)], capture_output=True, text=True, check=True).stdout
        assert listed[os.path.realpath(path)] == re.search("Build ID: ([0-9a-f]+)", real).group(1)
    with open("/sys/kernel/notes", "rb") as f:
        assert bytes.fromhex(listed["[kernel.kallsyms]"]) in f.read()


# ---- several events ----

def stacks(hearth, *counts):
    """A file for fake-stacks: two programs in kernel code, which needs no mapping to have an address."""
    rows = [fake_stacks.Stack(100 + i, 100 + i, "prog%d" % i, "prog%d" % i, "", n, ("outer_[k]", "inner%d_[k]" % i)) for i, n in enumerate(counts)]
    return fake_stacks.write(os.path.join(hearth.tmp, "stacks%d.txt" % sum(counts)), rows)


def test_events_with_periods_of_their_own_share_a_file(hearth):
    out = os.path.join(hearth.tmp, "out")
    source = "batch=1,seconds=1,path=%s,sample_period=%d,event=%s"
    r, _ = hearth.record("--source", "fake-stacks:" + source % (stacks(hearth, 30, 12), 1003, "cpu-clock"),
                         "--sink", "more:plugin=fake-stacks," + source % (stacks(hearth, 5, 2), 7, "page-faults"),
                         "--sink", "odd:plugin=fake-stacks," + source % (stacks(hearth, 3, 0), 100, "lock-wait"),
                         "--sink", "perfdata-writer:name=perf.data,directory=" + out, "--set",
                         "plugin_dirs=%s,%s" % (os.path.join(hearth.build, "plugins"), hearth.fakes))
    assert r.returncode == 0, r.stderr
    script = perf(out, "script", "-i", "perf.data", "-G", "-F", "comm,event,period").splitlines()
    found = collections.Counter(tuple(line.replace(":", " ").split()) for line in script if line.strip())
    assert found == {("prog0", "1003", "cpu-clock"): 30, ("prog1", "1003", "cpu-clock"): 12, ("prog0", "7", "page-faults"): 5,
                     ("prog1", "7", "page-faults"): 2, ("prog0", "100", "lock-wait"): 3}
    kinds = dict(re.match(r"(\S+): (type: \d+, size: \d+(?:, config: \w+)?)", line).groups() for line in
                 perf(out, "evlist", "-v", "-i", "perf.data").splitlines())
    assert kinds == {"cpu-clock": "type: 1, size: 112", "page-faults": "type: 1, size: 112, config: 0x2",
                     "lock-wait": "type: 1, size: 112, config: 0xa"}
    report = perf(out, "report", "--stdio", "-i", "perf.data", "--no-children", "-g", "none", "-n", "--sort", "comm")
    assert re.findall(r"# Samples: (\d+) +of event '(.*)'\n# Event count \(approx.\): (\d+)", report) == [
        (str(n), event, str(n * period)) for event, n, period in sorted(
            (("cpu-clock", 42, 1003), ("page-faults", 7, 7), ("lock-wait", 3, 100)), key=lambda e: list(kinds).index(e[0]))]


def test_two_samplers_share_a_file_and_each_sees_the_processes(hearth, load):
    """Windows of different lengths, over processes that live shorter than either."""
    load.start("sh", "-c", "while :; do /bin/true; done")
    pid = load.demo()
    series_folder = os.path.join(hearth.tmp, "series")
    sampler = "slow:plugin=cpu-sampler,frequency=199,window=500ms"
    process, folder = record_series(hearth, series_folder, "--sink", sampler, rotate="10m")
    assert process.returncode == 0, process.stderr
    counts, unknown = collections.Counter(), []
    for name in series(series_folder):
        for block in perf(series_folder, "script", "-i", name, "-F", "comm,pid,period,ip,sym").split("\n\n"):
            if block.strip():
                head, *frames = block.strip("\n").splitlines()
                counts[head.split()[-1]] += 1
                if " %d " % pid in head:
                    unknown += [line for line in frames if "[unknown]" in line]
                assert not head.strip().startswith(":"), head
    assert sum(counts.values()) == summary(folder)["samples"]["delivered"] and len(counts) == 2
    assert not unknown


# ---- a series of files ----

def series(tmp):
    return sorted(name for name in os.listdir(tmp) if name.endswith(".perf.data"))


def samples_in(folder, name):
    return len([line for line in perf(folder, "script", "-i", name, "-F", "comm,event").splitlines() if line.strip()])


def record_series(hearth, folder, *args, seconds=3, **options):
    """A recording into a series, with windows of 100 ms; answers the finished process."""
    sink = ",".join("%s=%s" % pair for pair in {"directory": folder, **options}.items())
    return hearth.record("-d", seconds, "-F", 499, "--force", "--set", "cpu-sampler.window=100ms", "--sink",
                         "perfdata-writer:" + sink, *args)


def test_rotation_neither_loses_nor_doubles_a_sample(hearth, load):
    load.demo()
    series_folder = os.path.join(hearth.tmp, "series")
    process, folder = record_series(hearth, series_folder, rotate="400ms")
    assert process.returncode == 0, process.stderr
    names = series(series_folder)
    assert len(names) >= 5
    assert all(re.fullmatch(r"[^/]+-[^/]+-\d{8}T\d{6}Z(-\d+)?\.perf\.data", name) for name in names), names
    assert sum(samples_in(series_folder, name) for name in names) == summary(folder)["samples"]["delivered"]
    # Each of them can be read alone: processes and mappings are told in each anew.
    for name in names:
        lines = perf(series_folder, "script", "-i", name, "-G", "-F", "comm,ip,sym", "--comms", "hearth-demo").splitlines()
        assert not [line for line in lines if "[unknown]" in line], name


def began(name):
    """What a name is sorted by: the second, and the number in it."""
    second, number = re.search(r"(\d{8}T\d{6})Z(?:-(\d+))?", name).groups()
    return second, int(number or 1)


def test_the_oldest_go_beyond_what_is_kept(hearth, load):
    load.demo()
    folder = os.path.join(hearth.tmp, "series")
    os.makedirs(folder)
    foreign = ["notes.txt", "other-host-20200101T000000Z.perf.data"]
    for name in foreign:
        hearth.write("series/" + name, "mine\n")
    process, _ = record_series(hearth, folder, rotate="300ms", keep=3)
    assert process.returncode == 0, process.stderr
    kept = [name for name in series(folder) if name not in foreign]
    assert len(kept) == 3 and all(os.path.exists(os.path.join(folder, name)) for name in foreign)
    artifacts = [a["path"] for a in json.load(open(os.path.join(hearth.tmp, "out/summary.json")))["artifacts"]]
    made = sorted((os.path.basename(a) for a in artifacts if a.endswith(".perf.data")), key=began)
    assert len(made) > 5 and sorted(kept, key=began) == made[-3:]


def test_what_an_uploader_holds_stays(hearth, load):
    """Linked into its spool, opened, or locked where it is: each in a way of its own, while the writer goes on."""
    load.demo()
    folder, spool = (os.path.join(hearth.tmp, name) for name in ("series", "spool"))
    os.makedirs(spool)
    process = hearth.start("record", "-d", 300, "-F", 499, "-o", os.path.join(hearth.tmp, "out"), "--set", "cpu-sampler.window=100ms",
                           "--sink", "perfdata-writer:rotate=300ms,keep=2,directory=" + folder)
    held = {}
    for how in ("linked", "opened", "locked"):
        wait_for("another file", lambda: os.path.isdir(folder) and [n for n in series(folder) if n not in held])
        name = max((n for n in series(folder) if n not in held), key=began)
        path = os.path.join(folder, name)
        f = open(path, "rb")
        held[name] = (how, f, hashlib.sha256(f.read()).hexdigest())
        if how == "linked":
            os.link(path, os.path.join(spool, name))
        elif how == "locked":
            fcntl.flock(f, fcntl.LOCK_SH)
    last = max(held, key=began)
    wait_for("five more files", lambda: len([n for n in series(folder) if began(n) > began(last)]) >= 2 and
             int(began(max(series(folder), key=began))[0][-6:]) > int(began(last)[0][-6:]) + 1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    sums = {(a["path"], a["sha256"]) for a in summary(os.path.join(hearth.tmp, "out"))["artifacts"]}
    for name, (how, f, content) in held.items():
        path = os.path.join(folder, name)
        f.seek(0)
        assert hashlib.sha256(f.read()).hexdigest() == content and (path, content) in sums, how
        # A name that is free again may be another file's within the same second.
        is_there = os.path.exists(path) and os.path.samestat(os.stat(path), os.fstat(f.fileno()))
        assert is_there == (how == "locked"), how
    assert [samples_in(spool, name) > 0 for name in os.listdir(spool)] == [True]


def part_of(folder):
    return [name for name in os.listdir(folder) if name.endswith(".part")]


@pytest.mark.parametrize("n", range(200 if os.environ.get("HEARTH_LONG") else 10))
def test_a_killed_writer_leaves_a_file_that_perf_reads(hearth, load, n):
    load.demo()
    folder = os.path.join(hearth.tmp, "series")
    process = hearth.start("record", "-d", 20, "-F", 499, "-o", os.path.join(hearth.tmp, "out"), "--set",
                           "cpu-sampler.window=100ms", "--sink", "perfdata-writer:directory=" + folder, "-p", load.processes[0].pid)
    wait_for("a file", lambda: os.path.isdir(folder) and part_of(folder))
    part, = part_of(folder)
    wait_for("a window", lambda: os.path.getsize(os.path.join(folder, part)) > 4096)
    time.sleep(random.Random(n).uniform(0, 0.5))
    process.kill()
    process.communicate()
    before = samples_in(folder, part)
    assert before > 0
    # Whoever writes there next gives it its name.
    again, _ = record_series(hearth, folder, "-p", load.processes[0].pid, seconds=0.3)
    assert again.returncode == 0, again.stderr
    assert not part_of(folder)
    assert samples_in(folder, part[1:-len(".part")]) == before


def test_a_full_disk_costs_samples_but_no_file(hearth, load):
    load.demo()
    folder = os.path.join(hearth.tmp, "small")
    os.makedirs(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "small", folder], check=True)
    try:
        process, out = record_series(hearth, folder)
        counters = summary(out)["instances"]
        writer = next(i for i in counters if i["name"] == "perfdata-writer")
        assert "No space left on device" in process.stderr
        assert writer["counters"]["samples_unwritten"] > 0
        read = 0
        for name in series(folder) + part_of(folder):
            read += samples_in(folder, name)
        assert read > 0
        assert read + writer["counters"]["samples_unwritten"] == summary(out)["samples"]["delivered"]
    finally:
        subprocess.run(["umount", folder], check=True)


def periods(folder, name):
    """{(comm, innermost function): sum of periods}"""
    sums = collections.Counter()
    for line in perf(folder, "script", "-i", name, "-G", "-F", "comm,period,ip,sym").splitlines():
        if line.strip():
            comm, period, _, sym = re.match(r"\s*(.*?)\s+(\d+)\s+([0-9a-f]+) (.*)$", line).groups()
            sums[comm, sym] += int(period)
    return sums


def test_aggregated_files_are_smaller_and_say_the_same(hearth, load):
    load.demo()
    folder = os.path.join(hearth.tmp, "out")
    process, folder = hearth.record("-d", 3, "-F", 999, "-p", load.processes[0].pid,
                                    "--sink", "perfdata-writer:directory=%s,name=each.perf.data" % folder,
                                    "--sink", "merging:plugin=perfdata-writer,directory=%s,name=merged.perf.data,aggregate=window" % folder)
    assert process.returncode == 0, process.stderr
    each, merged = (periods(folder, name + ".perf.data") for name in ("each", "merged"))
    assert sum(each.values()) > 0 and each == merged
    assert os.path.getsize(os.path.join(folder, "merged.perf.data")) * 3 < os.path.getsize(os.path.join(folder, "each.perf.data"))


# ---- compressed files ----

def unpacked(folder, name):
    """The file behind NAME.zst, unpacked by zstd itself beside it."""
    subprocess.run(["zstd", "-q", "-d", "-f", name], cwd=folder, check=True)
    return name[:-len(".zst")]


def test_compressed_files_are_the_same_files_in_less_room(hearth, load):
    load.demo()
    folder = os.path.join(hearth.tmp, "series")
    process, out = record_series(hearth, folder, rotate="700ms", compress="zstd")
    assert process.returncode == 0, process.stderr
    names = sorted(os.listdir(folder))
    assert len(names) > 2 and all(name.endswith(".perf.data.zst") for name in names), names
    artifacts = {os.path.basename(a["path"]): a for a in summary(out)["artifacts"]}
    read = 0
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "rb") as f:
            assert artifacts[name]["sha256"] == hashlib.sha256(f.read()).hexdigest()
        assert artifacts[name]["bytes"] == os.path.getsize(path)
        assert artifacts[name]["media_type"] == "application/vnd.linux.perf.data+zstd"
        plain = unpacked(folder, name)
        assert os.path.getsize(path) * 3 < os.path.getsize(os.path.join(folder, plain))
        read += samples_in(folder, plain)
    assert read == summary(out)["samples"]["delivered"]


def test_what_a_killed_writer_left_is_compressed_by_the_next(hearth, load):
    load.demo()
    folder = os.path.join(hearth.tmp, "series")
    process = hearth.start("record", "-d", 60, "-F", 499, "-o", os.path.join(hearth.tmp, "out"), "--set", "cpu-sampler.window=100ms",
                           "--sink", "perfdata-writer:compress=zstd,directory=" + folder)
    wait_for("a window", lambda: os.path.isdir(folder) and any(os.path.getsize(os.path.join(folder, name)) > 30000 for name in part_of(folder)))
    process.kill()
    process.communicate()
    part, = part_of(folder)
    before = samples_in(folder, part)
    # As if it had died in the middle of compressing, too.
    torn = part[:-len(".part")] + ".zst.part"
    hearth.write("series/" + torn, "half a")
    again, _ = record_series(hearth, folder, seconds=0.3, compress="zstd")
    assert again.returncode == 0, again.stderr
    assert not part_of(folder)
    assert samples_in(folder, unpacked(folder, part[1:-len(".part")] + ".zst")) == before
