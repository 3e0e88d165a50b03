# SPDX-License-Identifier: Apache-2.0
"""How long the handler of a sampling clock holds its CPU, told by the kernel's own tracepoints around
it: the same ruler for every sampler that uses such a clock, whatever it does in there."""
import contextlib
import os
import re
import subprocess
import tempfile
import time

TRACEFS = "/sys/kernel/tracing"
RING_KB = 8192
LINE = re.compile(r"-(\d+) +\[(\d+)\] .* (\d+)\.(\d+): hrtimer_expire_(entry|exit): hrtimer=(\w+)(?: function=(\w+))?")


@contextlib.contextmanager
def tracefs():
    """Where it is mounted, or for this while."""
    if os.path.exists(TRACEFS + "/instances"):
        yield TRACEFS
        return
    with tempfile.TemporaryDirectory(prefix="hearth-trace-") as folder:
        subprocess.run(["mount", "-t", "tracefs", "nodev", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


@contextlib.contextmanager
def timer_events():
    """A trace ring of our own that takes the two events while `tracing_on` in it is 1."""
    with tracefs() as root:
        ring = "%s/instances/hearth-bench-%d" % (root, os.getpid())
        os.mkdir(ring)
        try:
            write(ring + "/tracing_on", "0")
            write(ring + "/buffer_size_kb", str(RING_KB))
            for event in ("hrtimer_expire_entry", "hrtimer_expire_exit"):
                write("%s/events/timer/%s/enable" % (ring, event), "1")
            yield ring
        finally:
            os.rmdir(ring)


def passages(trace):
    """(pid interrupted, clock, us) of each passage of a sampling clock's handler. Stamps are whole
    microseconds, cut off at both ends alike: right in the mean of many."""
    begun = {}
    for m in filter(None, map(LINE.search, trace)):
        at, clock = int(m.group(3)) * 1000000 + int(m.group(4)), (m.group(2), m.group(6))
        if m.group(7) == "perf_swevent_hrtimer":
            begun[clock] = at
        elif m.group(5) == "exit" and clock in begun:
            yield int(m.group(1)), clock, at - begun.pop(clock)


def record(ring, seconds):
    write(ring + "/trace", "")
    write(ring + "/tracing_on", "1")
    time.sleep(seconds)
    write(ring + "/tracing_on", "0")
    with open(ring + "/trace", errors="replace") as f:
        return list(passages(f))


def clocks(ring):
    """Those of whoever samples this machine already."""
    return {clock for _, clock, _ in record(ring, 0.3)}


def measure(ring, seconds, pids, foreign):
    """(mean ns, how many) over so many seconds: of clocks that are not foreign, where they interrupted
    these processes. The slowest hundredth is left out: in it the hypervisor or a device ran, not the
    handler."""
    found = sorted(us for pid, clock, us in record(ring, seconds) if pid in pids and clock not in foreign)
    kept = found[:max(1, len(found) * 99 // 100)]
    return 1000 * sum(kept) / max(1, len(kept)), len(found)
