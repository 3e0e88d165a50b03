#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an agent costs that samples at 19 Hz with every CPU busy: memory of host and helpers, and
CPU as a slope, so that start-up neither hides nor dominates it. Start-up lasts two windows of 10 s:
what comes once, like reading the kernel's symbols (50 ms), comes with the first names."""
import sys
import time

import bench

MIB = 1 << 20


def pipeline(folder):
    return {"cpu-sampler": {"frequency": 19}, "symbolizer": {}, "debug-json": {"output": folder + "/out.json"}}


def main():
    args = bench.arguments(__doc__, seconds=75, settle=25)
    with bench.bpf_statistics(), bench.busy_cpus(args.build), bench.group() as group, \
            bench.agent(args.build, pipeline, group):
        time.sleep(args.settle)
        pids = group.procs()
        began, cpu_start, bpf_start = bench.now_ns(), group.cpu_ns(), bench.bpf_run_ns(pids)
        time.sleep(args.seconds - args.settle)
        pids = group.procs()
        wall, cpu, bpf_end = bench.now_ns() - began, group.cpu_ns() - cpu_start, bench.bpf_run_ns(pids)
        anonymous, kernel, rings = group.memory()
    run_ns, runs = bpf_end[0] - bpf_start[0], bpf_end[1] - bpf_start[1]
    print("%d processes, %d CPUs busy, slope over %.0f s" % (len(pids), bench.CPUS, wall / 1e9))
    return bench.judge([
        ("processes of the agent", len(pids), "", None),
        ("anonymous memory, host and helpers", anonymous / MIB, "MiB", 12),
        ("kernel-side memory and perf rings", (kernel + rings) / MIB, "MiB", 12),
        ("  of it charged to the cgroup", kernel / MIB, "MiB", None),
        ("  of it perf rings", rings / MIB, "MiB", None),
        ("CPU of host and helpers, of one CPU", 100 * cpu / wall, "%", 0.15),
        ("  start-up, the first %d s" % args.settle, cpu_start / 1e6, "ms", None),
        ("BPF run time, of one CPU", 100 * run_ns / wall, "%", None),
        ("BPF run time per sample", run_ns / max(runs, 1) / 1e3, "us", None),
        ("BPF runs per second and CPU", runs / (wall / 1e9) / bench.CPUS, "", None),
    ])


if __name__ == "__main__":
    sys.exit(main())
