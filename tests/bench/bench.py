# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: an agent in a memory cgroup of its own, load, and a table."""
import argparse
import contextlib
import glob
import json
import os
import signal
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
        if default is False:
            p.add_argument("--" + name, action="store_true")
        else:
            p.add_argument("--" + name, type=type(default), default=default)
    args = p.parse_args()
    args.build = os.path.abspath(args.build)
    return args


class Group:
    """A cgroup, v1 or v2: the CPU time of all who were ever in it, and what the kernel holds for them."""

    def __init__(self):
        v1 = os.path.exists("/sys/fs/cgroup/memory/cgroup.procs")
        self.is_v1 = v1
        parents = ["memory/", "cpuacct/"] if v1 else [""]
        self.paths = ["/sys/fs/cgroup/%shearth-bench-%d" % (parent, os.getpid()) for parent in parents]
        self.path = self.paths[0]
        for path in self.paths:
            os.mkdir(path)

    def launcher(self):
        """The beginning of a command line that runs the rest of it in here."""
        join = "".join("echo $$ > %s/cgroup.procs; " % path for path in self.paths)
        return ["sh", "-c", join + "exec \"$@\"", "sh"]

    def procs(self):
        with open(self.path + "/cgroup.procs") as f:
            return [int(pid) for pid in f.read().split()]

    def kernel_bytes(self):
        if self.is_v1:
            with open(self.path + "/memory.kmem.usage_in_bytes") as f:
                return int(f.read())
        with open(self.path + "/memory.stat") as f:
            return int(dict(line.split() for line in f)["kernel"])

    def cpu_ns(self):
        """User and system time of its members, also of those that are gone: the sum of their schedstat."""
        if self.is_v1:
            with open(self.paths[1] + "/cpuacct.usage") as f:
                return int(f.read())
        with open(self.path + "/cpu.stat") as f:
            return 1000 * int(dict(line.split() for line in f)["usage_usec"])

    def memory(self):
        """(anonymous, kernel, perf rings) in bytes, now."""
        pids = self.procs()
        return anonymous_bytes(pids), self.kernel_bytes(), perf_ring_bytes(pids)

    def kill(self):
        """Whoever is left."""
        for pid in self.procs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remove(self):
        wait_for("the cgroup to empty", lambda: not self.procs())
        for path in self.paths:
            os.rmdir(path)


@contextlib.contextmanager
def group():
    g = Group()
    try:
        yield g
    finally:
        g.remove()


@contextlib.contextmanager
def busy_cpus(build, program="packaging/hearth-demo", *args):
    """A program of the build, bound to each CPU once: their pids."""
    loops = [subprocess.Popen(["taskset", "-c", str(cpu), os.path.join(build, program), *args]) for cpu in range(CPUS)]
    try:
        yield {p.pid for p in loops}
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
        p = subprocess.Popen([*(group.launcher() if group else []), build + "/hearth", "agent", "--config", folder + "/hearth.yaml"],
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
                give_up("the agent ended with %d:\n%s" % (p.returncode, open(folder + "/log").read()))


def give_up(text):
    """For a figure that cannot be had, or would be of something else than it says."""
    sys.exit(text)


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


__all__ = ["CPUS", "agent", "anonymous_bytes", "arguments", "bpf_run_ns", "bpf_statistics", "busy_cpus", "give_up", "group", "judge",
           "now_ns", "perf_ring_bytes", "time", "wait_for"]
