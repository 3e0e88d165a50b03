#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bytes per sample of perfdata-writer in a live agent, beside `perf record -g` of the same clock, rate,
load and time. Fails beyond a limit.

Both sample all CPUs with their own clocks, so they do not see the very same samples. Compared are:
- record: SAMPLE records of (process, stack) pairs that both have seen, the same addresses, weighted by
  how often perf saw them. Frames are equal by construction, and so is the limit for what grows.
- zstd: our whole compressed file by its samples, against what perf's file grows by with each of its
  samples: all records from the first sample on, without those of everything that ran before.
- aggregated: the same of an aggregated file of the load alone, which is steady, against perf's samples
  of the load.
The last two are hard on ours: kernel map and features are in our figure and not in perf's, so the longer the
run, the less they weigh. Whole files are printed without a limit.
"""
import collections
import glob
import itertools
import os
import subprocess
import sys
import tempfile
import time

import bench
import perf_recording

# Steady: a loop below so many frames.
LOAD = ("tests/workloads/deep", "24")
LIMITS = {"record": 1.02, "zstd": 0.15, "aggregated": 0.10}


def plugins(args, folder, pids):
    def writer(name, source, **more):
        return {"plugin": "perfdata-writer", "inputs": [source], "directory": folder + "/" + name, "rotate": "0", "rotate_size": "0", **more}

    def sampler(**more):
        return {"plugin": "cpu-sampler", "frequency": args.frequency, **more}

    return {"all": sampler(), "load": sampler(pids=sorted(pids)), "plain": writer("plain", "all"), "zstd": writer("zstd", "all", compress="zstd"),
            "each": writer("each", "load"), "aggregated": writer("aggregated", "load", aggregate="window")}


def record(args, folder):
    """Runs both; the files: {name: path}, and the pids of the load."""
    path = folder + "/perf.data"
    with bench.busy_cpus(args.build, *LOAD) as pids:
        with bench.agent(args.build, lambda _: plugins(args, folder, pids)):
            time.sleep(2)  # until both are at work
            subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-g", "-a", "-F", str(args.frequency), "-o", path, "--", "sleep",
                            str(args.seconds)], check=True, stderr=subprocess.DEVNULL)
    files = {"perf": [path], **{name: glob.glob("%s/%s/*" % (folder, name)) for name in ("plain", "zstd", "each", "aggregated")}}
    for name, found in files.items():
        if len(found) != 1:
            bench.give_up("%s: one file was to be there, not %s" % (name, found))
    return {name: found[0] for name, found in files.items()}, pids


def read(path):
    """{(pid, chain): (bytes of its record, how often)}"""
    sizes, counts = {}, collections.Counter()
    for pid, chain, size in perf_recording.sample_records(path):
        sizes[pid, chain] = size
        counts[pid, chain] += 1
    if not counts:
        bench.give_up("%s holds no samples" % path)
    return {key: (sizes[key], n) for key, n in counts.items()}


def growth(path):
    """Bytes of the records of a file from its first sample on."""
    _, records = perf_recording.records(path)
    from_sample = itertools.dropwhile(lambda record: record[0] != perf_recording.RECORD_SAMPLE, records)
    return sum(length for _, _, length in from_sample)


def mean(seen, keys, weights):
    return sum(seen[key][0] * weights[key][1] for key in keys) / sum(weights[key][1] for key in keys)


def n_samples(seen):
    return sum(n for _, n in seen.values())


def figures(files, pids):
    perf, plain, each = (read(files[name]) for name in ("perf", "plain", "each"))
    size = {name: os.path.getsize(path) for name, path in files.items()}
    common = [key for key in perf if key in plain]
    share = sum(perf[key][1] for key in common) / n_samples(perf)
    if share < 0.1:
        bench.give_up("only %.1f %% of perf's samples have a stack that Hearth has seen too" % (100 * share))
    of_load = [key for key in perf if key[0] in pids]
    rows = {
        "record": (mean(plain, common, perf), mean(perf, common, perf)),
        "zstd": (size["zstd"] / n_samples(plain), growth(files["perf"]) / n_samples(perf)),
        "aggregated": (size["aggregated"] / n_samples(each), mean(perf, of_load, perf)),
        "whole file": (size["plain"] / n_samples(plain), size["perf"] / n_samples(perf)),
    }
    print("%-12s %10s %10s %8s %8s" % ("bytes/sample", "hearth", "perf", "ratio", "limit"))
    for name, (mine, theirs) in rows.items():
        print("%-12s %10.1f %10.1f %8.3f %8s" % (name, mine, theirs, mine / theirs, LIMITS.get(name, "")))
    print("samples: %d and %d, of the load %d; %d %% of perf's have one of %d stacks that both saw" % (
        n_samples(plain), n_samples(perf), n_samples(each), 100 * share, len(common)))
    ticks = sum(n for (pid, _), (_, n) in perf.items() if pid in pids)
    return {"share of the load": ticks / n_samples(perf), **{name: rows[name][0] / rows[name][1] for name in LIMITS}}


def main():
    args = bench.arguments(__doc__.split("\n\n")[0], frequency=99, seconds=120, quick=False)
    args.seconds = 30 if args.quick else args.seconds
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        found = figures(*record(args, folder))
    if found["aggregated"] > LIMITS["aggregated"] and found["share of the load"] < 0.5:
        bench.give_up("others use the CPUs: the load had %d %% of them, and is not steady" % (100 * found["share of the load"]))
    failed = [name for name in LIMITS if found[name] > LIMITS[name]]
    for name in failed:
        print("beyond the limit: %s, %.3f > %.2f" % (name, found[name], LIMITS[name]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
