# SPDX-License-Identifier: Apache-2.0
"""Hearth and its peer as the benchmarks run them: the same clock, the same rate, all CPUs, frame
pointers. Each is started, ended and asked what it took in the same way."""
import contextlib
import glob
import json
import os
import subprocess

import bench
import perf_recording


def file_bytes(pattern):
    return sum(os.path.getsize(path) for path in glob.glob(pattern))


class Hearth:
    """`hearth record` that writes folded stacks; without a symbolizer it does what perf record
    does, leaving the names for later."""

    def __init__(self, build, has_names=True):
        self.build, self.has_names = build, has_names
        self.name = "hearth" if has_names else "hearth, no names"

    def command(self, folder, frequency, seconds):
        bare = [] if self.has_names else ["--set", "symbolizer.enabled=false"]
        return [self.build + "/hearth", "record", "-F", str(frequency), "-d", "%ds" % seconds, "-o", folder + "/out",
                "--sink", "flamegraph:formats=folded", *bare]

    def result(self, folder, pids):
        with open(folder + "/out/summary.json") as f:
            samples = json.load(f)["samples"]
        return {"samples": samples["delivered"], "lost": sum(samples["lost"].values()),
                "frames": self.mean_frames(folder + "/out/stacks.folded"), "bytes": file_bytes(folder + "/out/stacks.folded")}

    @staticmethod
    def mean_frames(path):
        n = frames = 0
        with open(path, errors="replace") as f:
            for line in f:
                stack, count = line.rsplit(" ", 1)
                parts = stack.split(";")
                if parts[0] == "deep":
                    n += int(count)
                    frames += int(count) * sum(not part.startswith("[truncated") for part in parts[1:])
        return frames / max(1, n)


class Perf:
    """`perf record -g`, which takes addresses; what it costs to name them is for `perf script` to show."""

    name = "perf record -g"

    def command(self, folder, frequency, seconds):
        return ["perf", "record", "-q", "-e", "cpu-clock", "-g", "-F", str(frequency), "-a", "-o", folder + "/perf.data",
                "--", "sleep", str(seconds)]

    def result(self, folder, pids):
        path = folder + "/perf.data"
        return dict(perf_recording.summary(path, pids), bytes=file_bytes(path))


@contextlib.contextmanager
def running(sampler, group, folder, frequency, seconds):
    """A sampler at work for so many seconds. It ends by itself: perf does not always when it is asked to."""
    with open(folder + "/log", "w") as log:
        p = subprocess.Popen([*group.launcher(), *sampler.command(folder, frequency, seconds)], stdout=log,
                             stderr=subprocess.STDOUT)
    try:
        yield
        status = p.wait(seconds + 60)
    finally:
        group.kill()
        p.wait()
    if status:
        with open(folder + "/log") as f:
            bench.give_up("%s ended with %d:\n%s" % (sampler.name, status, f.read()))


def script_ns(group, folder):
    """CPU time of showing a perf.data with names."""
    before = group.cpu_ns()
    with open(os.devnull, "w") as null:
        subprocess.run([*group.launcher(), "perf", "script", "-F", "comm,ip,sym", "-i", folder + "/perf.data"], stdout=null,
                       stderr=null, check=True)
    return group.cpu_ns() - before
