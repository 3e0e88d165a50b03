# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: an agent in a memory cgroup of its own, load, and a table."""
import argparse
import contextlib
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))

from hearth import now_ns, wait_for  # noqa: E402

HZ = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count()


def arguments(description, **more):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--build", default=os.path.join(ROOT, "build"))
    for name, default in more.items():
        p.add_argument("--" + name, type=type(default), default=default)
    args = p.parse_args()
    args.build = os.path.abspath(args.build)
    return args


class MemoryGroup:
    """A memory cgroup, v1 or v2: what the kernel allocates for its members, in bytes."""

    def __init__(self):
        v1 = os.path.exists("/sys/fs/cgroup/memory/cgroup.procs")
        self.is_v1 = v1
        self.path = "/sys/fs/cgroup/%shearth-bench-%d" % ("memory/" if v1 else "", os.getpid())
        os.mkdir(self.path)

    def procs(self):
        with open(self.path + "/cgroup.procs") as f:
            return [int(pid) for pid in f.read().split()]

    def kernel_bytes(self):
        if self.is_v1:
            with open(self.path + "/memory.kmem.usage_in_bytes") as f:
                return int(f.read())
        with open(self.path + "/memory.stat") as f:
            return int(dict(line.split() for line in f)["kernel"])

    def remove(self):
        wait_for("the cgroup to empty", lambda: not self.procs())
        os.rmdir(self.path)


@contextlib.contextmanager
def busy_cpus(build):
    """The demo, bound to each CPU once."""
    loops = [subprocess.Popen(["taskset", "-c", str(cpu), os.path.join(build, "packaging/hearth-demo")]) for cpu in range(CPUS)]
    try:
        yield
    finally:
        for p in loops:
            p.kill()
            p.wait()


@contextlib.contextmanager
def agent(build, plugins, group=None):
    """A running agent: (process, folder). Its state and status socket are in the folder."""
    with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
        config = {"runtime_dir": folder + "/run", "state_dir": folder + "/state", "cache_dir": folder + "/cache", "plugin_dirs": [build + "/plugins"],
                  "plugins": plugins(folder)}
        with open(folder + "/hearth.yaml", "w") as f:
            json.dump(config, f)
        join = "echo $$ > %s/cgroup.procs; " % group.path if group else ""
        p = subprocess.Popen(["sh", "-c", join + "exec \"$@\"", "sh", build + "/hearth", "agent", "--config", folder + "/hearth.yaml"],
                             stderr=open(folder + "/log", "w"))
        try:
            yield p, folder
        finally:
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(15)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
            elif p.returncode:
                sys.exit("the agent ended with %d:\n%s" % (p.returncode, open(folder + "/log").read()))


def cpu_ns(pids):
    """User and system time of all threads of these processes."""
    total = 0
    for pid in pids:
        for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(path) as f:
                total += int(f.read().split()[0])
    return total


def anonymous_bytes(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open("/proc/%d/status" % pid) as f:
            total += sum(int(line.split()[1]) << 10 for line in f if line.startswith("RssAnon:"))
    return total


def perf_ring_bytes(pids):
    """Mapped perf rings, which no cgroup is charged for."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open("/proc/%d/maps" % pid) as f:
            for line in f:
                if "anon_inode:[perf_event]" in line:
                    start, end = (int(x, 16) for x in line.split()[0].split("-"))
                    total += end - start
    return total


@contextlib.contextmanager
def bpf_statistics():
    path = "/proc/sys/kernel/bpf_stats_enabled"
    with open(path) as f:
        before = f.read()
    with open(path, "w") as f:
        f.write("1")
    try:
        yield
    finally:
        with open(path, "w") as f:
            f.write(before)


def bpf_run_ns(pids):
    """(run time, runs) of the BPF programs that these processes hold."""
    ids = set()
    for pid in pids:
        for path in glob.glob("/proc/%d/fdinfo/*" % pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(path) as f:
                ids |= {int(line.split(":")[1]) for line in f if line.startswith("prog_id:")}
    shown = json.loads(subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True).stdout)
    mine = [p for p in shown if p["id"] in ids]
    return sum(p.get("run_time_ns", 0) for p in mine), sum(p.get("run_cnt", 0) for p in mine)


def judge(rows):
    """Prints (what, value, unit, limit or None) as a table; the exit status."""
    failed = 0
    for what, value, unit, limit in rows:
        verdict = "" if limit is None else "ok" if value <= limit else "TOO MUCH"
        failed += verdict == "TOO MUCH"
        print("%-44s %10.3f %-4s %s" % (what, value, unit, "" if limit is None else "limit %g  %s" % (limit, verdict)))
    return 1 if failed else 0


__all__ = ["CPUS", "MemoryGroup", "agent", "anonymous_bytes", "arguments", "bpf_run_ns", "bpf_statistics", "busy_cpus", "cpu_ns",
           "judge", "now_ns", "perf_ring_bytes", "time", "wait_for"]
