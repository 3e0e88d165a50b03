#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is a recording read? One file of a million samples and more, with kernel frames, of several
programs; names are looked up in the timed run, the file is cached. perf report and, if it is there, the
pipe of perf script and inferno read the same file beside, and the folded stacks of both are compared.

    tests/bench/reading.py --build build [--file perf.data] [--inferno DIR]

Line for line the folded stacks are equal but for this: inferno has "[module]" for what perf has no name
for, and merges the lines of such frames; perf names a return address at the end of a function after the
function behind; a function of several names goes by any of them."""
import collections
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import bench

sys.path.insert(0, os.path.join(bench.ROOT, "tests/e2e"))

import test_profile_reader as truth  # noqa: E402

SAMPLES = 1000000
BYTES = 175 * SAMPLES  # a sample has about 150


def load(build):
    """Compilers, packers, hashes, the demo, and forks: as on a machine that builds."""
    workload = os.path.join(build, "tests/workloads")
    return ("trap 'kill 0' EXIT; %s/packaging/hearth-demo >/dev/null & while :; do %s/spawn 40 4 0 %s/work-a %s/work-b 30 >/dev/null; "
            "find /usr/include -name '*.h' | head -2000 | xargs cat | gzip -6 | sha256sum >/dev/null; "
            "perl -e 'my %%h; $h{$_ %% 5000} .= $_ for 1..2000000' ; done" % (build, workload, workload, workload))


def record(build, path):
    perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "max", "-g", "-o", path, "--", "sh", "-c", load(build)],
                            stderr=subprocess.DEVNULL, start_new_session=True)
    while perf.poll() is None and (not os.path.exists(path) or os.path.getsize(path) < BYTES):
        time.sleep(0.5)
    os.killpg(perf.pid, signal.SIGINT)
    perf.wait()


def timed(command, **kwargs):
    """(seconds, CPU seconds, KiB of the largest process, output)"""
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, **kwargs)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        assert os.waitstatus_to_exitcode(status) == 0, command
        out.seek(0)
        return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, out.read().decode(errors="replace")


def samples_of(folded):
    return sum(int(line.rsplit(" ", 1)[1]) for line in folded.splitlines())


def normal(recording, folded):
    """{stack: samples}: unnamed frames are "[unknown]", names without their aliases."""
    stacks = collections.Counter()
    for line in folded.splitlines():
        stack, n = line.rsplit(" ", 1)
        comm, *frames = stack.split(";")
        frames = [re.sub(r"^unknown$", truth.UNKNOWN, f) for f in frames if not f.startswith("[truncated: ")]
        stacks[comm, tuple(map(recording.hearth_name, frames))] += int(n)
    return stacks


def main():
    args = bench.arguments(__doc__, file="", inferno="", runs=5)
    with tempfile.TemporaryDirectory(prefix="hearth-reading-") as folder:
        path = os.path.abspath(args.file) if args.file else os.path.join(folder, "perf.data")
        if not args.file:
            record(args.build, path)
        run(args, folder, path)


def run(args, folder, path):
    hearth, html = os.path.join(args.build, "hearth"), os.path.join(folder, "out.html")
    inferno = shutil.which("inferno-collapse-perf", path=os.path.join(args.inferno, "bin") if args.inferno else None)
    script = "perf script -i %s -F comm,pid,tid,time,event,ip,sym,dso 2>/dev/null | %s --all" % (path, inferno)
    commands = {
        "hearth flamegraph": [hearth, "flamegraph", path, "-o", html, "--force"],
        "hearth report": [hearth, "report", path],
        "perf report": ["perf", "report", "-i", path, "--stdio", "--no-children", "-g", "none"],
    }
    if subprocess.run([hearth, "report", "--help"], capture_output=True).returncode:
        del commands["hearth report"]
    folded = timed([hearth, "convert", path, "-", "--to", "folded"])[3]
    n = samples_of(folded)
    print("%d samples, %.0f MB, %d stacks" % (n, os.path.getsize(path) / 1e6, len(folded.splitlines())))
    runs = {name: [] for name in commands}
    for _ in range(args.runs):
        for name, command in commands.items():
            runs[name].append(timed(command)[:3])
    for name, values in runs.items():
        seconds, cpu, rss = (statistics.median(column) for column in zip(*values))
        print("%-18s %6.2f s  %6.2f s CPU  %5.0f MiB  %9.0f samples/s" % (name, seconds, cpu, rss / 1024, n / seconds))
    if inferno:
        compare_with_inferno(folder, script, folded, n)


def names_behind(script):
    """What perf names callers after whose call is the last instruction of the function before."""
    text = subprocess.run(script.split(" 2>")[0].replace(",sym,", ",sym,symoff,").split(), capture_output=True, text=True,
                          errors="replace").stdout
    return set(re.findall(r"^\s+[0-9a-f]+ (\S+)\+0x0 ", text, re.M))


def pair_off(missing, extra, behind):
    """Takes away pairs of stacks that differ in such names only."""
    by_shape = collections.defaultdict(list)
    for comm, frames in extra:
        by_shape[comm, len(frames)].append(frames)
    for comm, frames in list(missing):
        for other in by_shape[comm, len(frames)]:
            if all(a == b or a in behind for a, b in zip(frames, other)):
                n = min(missing[comm, frames], extra[comm, other])
                missing[comm, frames] -= n
                extra[comm, other] -= n


def compare_with_inferno(folder, script, folded, n):
    collapsed = os.path.join(folder, "inferno.folded")
    drawer = re.search(r"\S+inferno-collapse-perf", script).group().replace("collapse-perf", "flamegraph")
    seconds, cpu, rss, _ = timed(["sh", "-c", "%s | tee %s | %s >/dev/null" % (script, collapsed, drawer)])
    with open(collapsed, errors="replace") as f:
        theirs = f.read()
    recording = truth.Recording.__new__(truth.Recording)
    mine, others = normal(recording, folded), normal(recording, theirs)
    print("%-18s %6.2f s  %6.2f s CPU  %5.0f MiB  %9.0f samples/s" % ("inferno", seconds, cpu, rss / 1024, n / seconds))
    missing, extra = others - mine, mine - others
    pair_off(missing, extra, {recording.known(name) for name in names_behind(script)})
    print("folded stacks      %d samples of %d are not the same line" % (sum(missing.values()), samples_of(theirs)))
    for who, rest in (("inferno", missing), ("hearth", extra)):
        for (comm, frames), count in rest.most_common(3):
            print("  %-8s %6d  %s;%s" % (who, count, comm, ";".join(frames)))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
