#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a sample and a frame cost, beside `perf record -g` of the same clock at the same rate on the
same load, in turns.

Three rulers. The handler: how long a sampling clock holds its CPU (hrtimer tracepoints), by stacks of
several depths, so that samples and frames can be told apart. BPF run time: the kernel's own statistics,
for that part of the handler that is Hearth's program. CPU: what all threads and helpers use, as the
slope between a short run and a long one; start-up and end are printed apart.

`hearth` symbolises as it goes. `hearth, no names` leaves that for later, as `perf record` does; `+ perf
script` is what it then takes to see names. There are no limits here: the ratios are the result.
"""
import itertools
import math
import statistics
import sys
import tempfile
import time

import bench
import handler
from samplers import Hearth, Perf, running, script_ns

MIB = 1 << 20
WARM_UP, COOL_DOWN = 1.5, 1.5
WITH_SCRIPT = "+ perf script"
# Of the load's frames: one read of the stack may serve several that are close, and none that are wide.
SHAPES = {"close": (), "wide": ("wide",)}


# ---- the handler ----

def watch_handler(sampler, args, ring, depth, seconds, shape):
    """{handler ns, BPF ns} a sample, at one depth; BPF run time is that of all samples, of whomever."""
    with bench.busy_cpus(args.build, "tests/workloads/deep", str(depth), *shape) as pids, bench.group() as group, \
            tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        foreign = handler.clocks(ring)
        with running(sampler, group, folder, args.frequency, math.ceil(WARM_UP + 2 * seconds + COOL_DOWN)):
            time.sleep(WARM_UP)
            handler_ns, n = handler.measure(ring, seconds, pids, foreign)
            with bench.bpf_statistics():
                before = bench.bpf_run_ns(group.procs())
                time.sleep(seconds)
                run_ns, runs = (b - a for a, b in zip(before, bench.bpf_run_ns(group.procs())))
        frames = sampler.result(folder, pids)["frames"]
    if n == 0:
        bench.give_up("the handler of %s's clock was not seen at work" % sampler.name)
    if frames < depth:
        bench.give_up("%s took %.1f frames of a stack of %d" % (sampler.name, frames, depth))
    share = n / (args.frequency * bench.CPUS * seconds)
    if not 0.9 < share < 1.1:
        print("note: %d %% of the clock's ticks hit the load: %s" %
              (100 * share, "others use the CPUs too" if share < 1 else "another sampler is at work"))
    return {"handler": handler_ns, **({"bpf": run_ns / runs} if runs else {})}


def line_through(points):
    """(at 0, per step) of the least-squares line."""
    xs, ys = zip(*points)
    mean_x, mean_y = statistics.mean(xs), statistics.mean(ys)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x in xs)
    return mean_y - slope * mean_x, slope


def print_by_depth(title, by_depth):
    """by_depth: {depth: [ns of each run]}; answers (ns per sample, ns per frame)."""
    points = [(depth, statistics.median(values)) for depth, values in by_depth.items()]
    fit = line_through(points)
    print("%-34s %s  %6.0f ns a sample + %5.1f ns a frame" % (title, " ".join("%8.0f" % ns for _, ns in points), *fit))
    return fit


def compare_handlers(args, rounds, depths, seconds):
    samplers = [Hearth(args.build), Perf()]
    found = {}
    with handler.timer_events() as ring:
        for _, shape, depth, s in itertools.product(range(rounds), SHAPES, depths, samplers):
            for ruler, ns in watch_handler(s, args, ring, depth, seconds, SHAPES[shape]).items():
                found.setdefault((shape, s.name, ruler), {}).setdefault(depth, []).append(ns)
    for shape in SHAPES:
        print("\n%-34s %s" % ("ns, %s frames" % shape, " ".join("%8d" % depth for depth in depths)))
        ours = print_by_depth("handler, hearth", found[shape, "hearth", "handler"])
        theirs = print_by_depth("handler, perf record -g", found[shape, "perf record -g", "handler"])
        print_by_depth("  BPF run time in it, hearth", found[shape, "hearth", "bpf"])
        print("handler, ratio to perf: %.2f a sample, %.2f a frame" % (ours[0] / theirs[0], ours[1] / theirs[1]))


# ---- CPU and memory ----

def live(sampler, args, pids, seconds):
    """The whole life of a sampler: CPU of all its processes, what it took, memory near its end."""
    with bench.group() as group, tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        with running(sampler, group, folder, args.frequency, seconds):
            time.sleep(seconds - 0.5)
            memory = group.memory()
        life = dict(sampler.result(folder, pids), cpu_ns=group.cpu_ns(), memory=memory, seconds=seconds)
        lives = {sampler.name: life}
        if isinstance(sampler, Perf):
            lives[WITH_SCRIPT] = dict(life, cpu_ns=life["cpu_ns"] + script_ns(group, folder))
        return lives


def slope_of(short, long):
    """What two lives of different lengths say of each sample, and of what comes once."""
    n = long["samples"] - short["samples"]
    per_sample = (long["cpu_ns"] - short["cpu_ns"]) / n
    return {
        "CPU per sample, us": per_sample / 1e3,
        "CPU of one CPU, %": 100 * (long["cpu_ns"] - short["cpu_ns"]) / (long["seconds"] - short["seconds"]) / 1e9,
        "start-up and end, ms": (short["cpu_ns"] - per_sample * short["samples"]) / 1e6,
        "bytes written per sample": long["bytes"] / long["samples"],
        "samples per second and CPU": long["samples"] / long["seconds"] / bench.CPUS,
        "frames per sample": long["frames"],
        "samples lost": short["lost"] + long["lost"],
        "memory, MiB": sum(long["memory"]) / MIB,
        "  anonymous": long["memory"][0] / MIB,
        "  kernel, charged to the cgroup": long["memory"][1] / MIB,
        "  mapped perf rings": long["memory"][2] / MIB,
    }


def compare_lives(args, rounds, depth, short, long):
    samplers = [Hearth(args.build), Hearth(args.build, has_names=False), Perf()]
    found = {}
    with bench.busy_cpus(args.build, "tests/workloads/deep", str(depth)) as pids:
        for _ in range(rounds):
            lives = {seconds: {} for seconds in (short, long)}
            for seconds in lives:
                for s in samplers:
                    lives[seconds].update(live(s, args, pids, seconds))
            for name in lives[short]:
                found.setdefault(name, []).append(slope_of(lives[short][name], lives[long][name]))
    print("\nslope between %d s and %d s, stacks of %d frames" % (short, long, depth))
    print_lives({name: {what: statistics.median(run[what] for run in runs) for what in runs[0]} for name, runs in found.items()})


def print_lives(medians):
    hearth, bare, perf, script = medians.values()
    print("%-34s" % "" + " ".join("%16s" % name for name in medians) + "%12s %9s" % ("no names", "names"))
    print("%-34s %16s %16s %16s %16s %11s %9s" % ("", "", "", "", "", "to perf", "to both"))
    for what in hearth:
        ratios = ["%.2f" % (ours[what] / theirs[what]) if theirs[what] else "" for ours, theirs in ((bare, perf), (hearth, script))]
        print("%-34s" % what + " ".join("%16.2f" % m[what] for m in medians.values()) + "%12s %9s" % tuple(ratios))


def main():
    args = bench.arguments(__doc__.split("\n\n")[0], frequency=999, depths="4,32,120", rounds=3, quick=False)
    rounds, slice_s, short, long = (1, 1, 3, 12) if args.quick else (args.rounds, 5, 10, 40)
    depths = [int(depth) for depth in args.depths.split(",")]
    middle = depths[len(depths) // 2]
    if len(set(depths)) < 2:
        bench.give_up("--depths: a line takes two of them")
    if args.quick:
        depths = [depths[0], depths[-1]]
    print("%d Hz, %d CPUs busy, median of %d" % (args.frequency, bench.CPUS, rounds))
    compare_handlers(args, rounds, depths, slice_s)
    compare_lives(args, rounds, middle, short, long)
    return 0


if __name__ == "__main__":
    sys.exit(main())
