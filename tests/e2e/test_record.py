# SPDX-License-Identifier: Apache-2.0
"""A recording of a machine under known load says what really ran."""
import collections
import os
import re
import shutil
import subprocess
import threading
import time

import pytest

from hearth import folded, run_time_ns, summary

SECONDS = 5
DEMO, SHELL = "e2e-shop", "e2e-loop"


class RunTimes(threading.Thread):
    """Polls (monotonic time, run time) of processes, to read their run time at any moment after."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.points = {pid: [] for pid in pids}
        self.done = threading.Event()
        self.start()

    def run(self):
        while not self.done.is_set():
            for pid, points in self.points.items():
                points.append((time.clock_gettime_ns(time.CLOCK_MONOTONIC), run_time_ns(pid)))
            self.done.wait(0.01)

    def at(self, pid, when):
        points = self.points[pid]
        after = next(i for i, p in enumerate(points) if p[0] >= when)
        (t0, r0), (t1, r1) = points[after - 1], points[after]
        return r0 + (r1 - r0) * (when - t0) / (t1 - t0)

    def between(self, pid, start, end):
        return self.at(pid, end) - self.at(pid, start)


def demo_functions(hearth):
    out = subprocess.run(["nm", hearth.demo], capture_output=True, text=True, check=True).stdout
    return {line.split()[2] for line in out.splitlines() if len(line.split()) == 3}


def normal(stack, functions):
    """A stack without what two tools may spell differently: names in libraries that ship no symbols.
    Depth, the demo's own names and the kernel's stay. (user part, kernel part), root first."""
    stack = list(stack)
    return (tuple(f if f in functions else "(library)" for f, is_kernel in stack if not is_kernel),
            tuple(f for f, is_kernel in stack if is_kernel))


def perf_stacks(tmp, data, pid, functions):
    """Counter of a process's stacks as perf sees them, root first."""
    out = subprocess.run(["perf", "script", "-i", data, "--pid", str(pid), "--no-inline", "-F", "ip,sym,dso"],
                         capture_output=True, text=True, cwd=tmp, check=True).stdout
    stacks = collections.Counter()
    for block in out.strip().split("\n\n"):
        frames = []
        for line in filter(str.strip, block.splitlines()):
            _, name, dso = re.match(r"\s*([0-9a-f]+) (.*) \((.*)\)$", line).groups()
            frames.append((name, dso.startswith("[kernel") or dso.startswith("[guest")))
        if frames:
            stacks[normal(reversed(frames), functions)] += 1
    return stacks


def of_command(rows, comm):
    return [(frames, n) for frames, n in rows if frames[0] == comm]


def folded_stack(frames, functions):
    """The same of a folded line: its first word is the command, then maybe why the stack was cut."""
    frames = [f for f in frames[1:] if not f.startswith("[truncated: ")]
    return normal([(re.sub(r"_\[[kj]\]$", "", f), f.endswith("_[k]")) for f in frames], functions)


@pytest.fixture(scope="module")
def recorded(request, tmp_path_factory):
    """One recording of openssl, gzip, a shell loop and the demo, with perf beside it."""
    from hearth import Hearth, Load
    hearth = Hearth(os.path.abspath(request.config.getoption("--build")), tmp_path_factory.mktemp("recorded"))
    load = Load(hearth)
    # Under names of their own: another demo or shell on the machine is not to be mixed up with these.
    demo = shutil.copy(hearth.demo, os.path.join(hearth.tmp, DEMO))
    shell = shutil.copy(os.path.realpath("/bin/sh"), os.path.join(hearth.tmp, SHELL))
    pids = {DEMO: load.start(demo), "openssl": load.openssl(), "gzip": load.gzip(), SHELL: load.start(shell, "-c", "while :; do :; done")}
    time.sleep(1)
    times = RunTimes(pids.values())
    data = os.path.join(hearth.tmp, "perf.data")
    perf = subprocess.Popen(["perf", "record", "-q", "-a", "-e", "cpu-clock", "-F", "997", "-g", "-o", data,
                             "sleep", str(SECONDS + 2)], stderr=subprocess.PIPE)
    time.sleep(0.5)
    try:
        process, folder = hearth.record("-d", SECONDS)
        perf.wait(30)
        assert process.returncode == 0, process.stderr
    finally:
        times.done.set()
        times.join()
        load.stop()
    return {"process": process, "folder": folder, "rows": folded(folder), "summary": summary(folder), "pids": pids,
            "times": times, "perf": data, "hearth": hearth}


def test_demo_stacks_equal_those_of_perf(recorded):
    functions = demo_functions(recorded["hearth"])
    mine = collections.Counter()
    for frames, n in of_command(recorded["rows"], DEMO):
        mine[folded_stack(frames, functions)] += n
    theirs = perf_stacks(recorded["hearth"].tmp, recorded["perf"], recorded["pids"][DEMO], functions)
    assert sum(mine.values()) > 200 and sum(theirs.values()) > 200
    for a, b, whose in ((mine, theirs, "Hearth"), (theirs, mine, "perf")):
        # What an interrupt does on top of a stack is seen by one of the two only.
        users = {user for user, _ in b}
        strange = [(n, s) for s, n in a.items() if s not in b and not (s[1] and s[0] in users)]
        known = sum(a.values()) - sum(n for n, _ in strange)
        assert known >= 0.99 * sum(a.values()), "of %s only: %s" % (whose, sorted(strange)[-5:])
    for stack, n in mine.most_common(3):
        share, perf_share = n / sum(mine.values()), theirs[stack] / sum(theirs.values())
        assert abs(share - perf_share) < 0.05, stack


def test_demo_is_twenty_calls_deep_with_known_shares(recorded):
    leaves = collections.Counter()
    for frames, n in of_command(recorded["rows"], DEMO):
        if "main" in frames:
            leaves[frames[-1]] += n
            deep = len(frames) - frames.index("main") == 20
            leaves["deep" if deep else "not deep"] += n
    total = leaves["deep"] + leaves["not deep"]
    assert leaves["deep"] >= 0.98 * total, leaves
    for name, share in (("hash_block", .5), ("compare_prices", .3), ("scan_token", .2)):
        assert abs(leaves[name] / total - share) < 0.05, leaves


def test_kernel_frames_are_named(recorded):
    kernel = collections.Counter()
    for frames, n in recorded["rows"]:
        for f in frames:
            if f.endswith("_[k]"):
                kernel[f] += n
    assert sum(kernel.values()) > 50
    unnamed = sum(n for f, n in kernel.items() if re.match(r"(0x|\[|kernel\+0x)", f))
    assert unnamed <= 0.01 * sum(kernel.values()), kernel.most_common(20)


def test_stripped_program_shows_module_and_offset(recorded):
    frames = {f for row, _ in of_command(recorded["rows"], "gzip") for f in row[1:]}
    assert any(re.fullmatch(r"gzip\+0x[0-9a-f]+", f) for f in frames), sorted(frames)[:20]


def test_one_line_names_the_packages_that_would_name_functions(recorded):
    text = recorded["process"].stdout + recorded["process"].stderr
    lines = [line for line in text.splitlines() if "gzip-dbgsym" in line]
    assert len(lines) == 1, text


def is_quiet(recorded):
    """True if the programs of this recording had nearly all of the machine's CPU time."""
    window = recorded["summary"]["window"]
    ran = sum(recorded["times"].between(pid, window["start_monotonic_ns"], window["end_monotonic_ns"])
              for pid in recorded["pids"].values())
    return ran >= 0.85 * window["seconds"] * 1e9 * os.cpu_count()


@pytest.mark.parametrize("comm", [DEMO, "openssl", "gzip", SHELL])
def test_samples_agree_with_schedstat(recorded, comm):
    window = recorded["summary"]["window"]
    rows = of_command(recorded["rows"], comm)
    assert rows, "no samples of %s" % comm
    period = 1e9 / recorded["summary"]["frequency_hz"]
    sampled = sum(n for _, n in rows) * period
    ran = recorded["times"].between(recorded["pids"][comm], window["start_monotonic_ns"], window["end_monotonic_ns"])
    # With ten more programs on the machine each gets few samples, and chance alone is worth some percent.
    bound = 0.02 if is_quiet(recorded) else 0.08
    assert abs(sampled - ran) <= bound * ran, "sampled %.1f ms, ran %.1f ms" % (sampled / 1e6, ran / 1e6)


def test_folded_counts_sum_to_taken_minus_lost(recorded):
    samples = recorded["summary"]["samples"]
    lost = sum(samples["lost"].values())
    assert sum(n for _, n in recorded["rows"]) == samples["taken"] - lost == samples["delivered"]


def test_idle_is_not_sampled(recorded):
    assert not [frames for frames, _ in recorded["rows"] if frames[0].startswith("swapper")]


def test_page_is_whole_and_asks_for_nothing(recorded):
    with open(os.path.join(recorded["folder"], "flamegraph.html")) as f:
        page = f.read()
    assert page.rstrip().endswith("</html>") and "hash_block" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)


def test_end_lists_files_with_sizes_and_what_to_open(recorded):
    out = recorded["process"].stdout
    for name in ("stacks.folded", "flamegraph.html", "flamegraph.svg", "summary.json"):
        size = re.search(r"([\d.]+) (B|KiB|MiB) +%s$" % re.escape(name), out, re.M)
        assert size, out
        scale = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[size.group(2)]
        assert abs(float(size.group(1)) * scale - os.path.getsize(os.path.join(recorded["folder"], name))) <= scale
    assert re.match(r"open +\S+/flamegraph\.html$", out.splitlines()[-1])


def test_summary_names_the_hottest_functions(recorded):
    hottest = {row["function"]: row["samples"] for row in recorded["summary"]["hottest_functions"]
               if row["module"] and row["module"].endswith("/" + DEMO)}
    counted = sum(n for frames, n in of_command(recorded["rows"], DEMO) if frames[-1] == "hash_block")
    assert hottest["hash_block"] == counted


@pytest.mark.kernels
def test_pid_filter_samples_that_process_only(hearth, load):
    wanted, other = load.demo(), load.shell_loop()
    process, folder = hearth.record("-d", 1, "-p", wanted)
    assert process.returncode == 0, process.stderr
    assert {frames[0] for frames, _ in folded(folder)} == {"hearth-demo"}
    assert other


def test_what_is_refused_is_said_before_anything_is_recorded(hearth):
    process, folder = hearth.record("-d", 1, "-p", 2**22 + 1)
    assert process.returncode == 1
    assert process.stderr == 'hearth record: command line: plugin "cpu-sampler": option "pids": there is no process 4194305\n'
    assert not os.path.exists(folder)
