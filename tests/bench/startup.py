#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From execve to the first sample: the time of the earliest sample that the agent delivered, minus
a stamp of the same clock taken just before it was started. Median of ten."""
import json
import os
import statistics
import sys

import bench


def pipeline(folder):
    return {"cpu-sampler": {"frequency": 997, "window": "100ms"}, "debug-json": {"output": folder + "/out.json", "samples": True}}


def first_sample_ns(path):
    if not os.path.exists(path):
        return None
    with open(path) as f:
        times = [s["time_ns"] for line in f if line.endswith("\n") for s in json.loads(line)["samples"]]
    return min(times, default=None)


def once(build):
    began = bench.now_ns()
    with bench.agent(build, pipeline) as (_, folder):
        return (bench.wait_for("a sample", lambda: first_sample_ns(folder + "/out.json"), 30) - began) / 1e6


def main():
    args = bench.arguments(__doc__, runs=10)
    with bench.busy_cpus(args.build):
        times = [once(args.build) for _ in range(args.runs)]
    print("runs: %s ms" % " ".join("%.0f" % t for t in times))
    return bench.judge([("execve to first sample, median", statistics.median(times), "ms", 300),
                        ("slowest", max(times), "ms", None)])


if __name__ == "__main__":
    sys.exit(main())
