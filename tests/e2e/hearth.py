# SPDX-License-Identifier: Apache-2.0
"""The built hearth as tests use it: one-shot commands, an agent, and load to sample."""
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import time

TIMEOUT = 60


def wait_for(what, condition, timeout=10, interval=0.02):
    """The first true answer of condition(); fails with `what` when the time is up."""
    end = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, "waited %d s for %s" % (timeout, what)
        time.sleep(interval)


def whole_lines(path):
    """The lines of a file that grows, without the one that is under way. Not line by line: the rest of one that was
    half there would then pass for a line."""
    with open(path) as f:
        text = f.read()
    return text[:text.rfind("\n") + 1].splitlines()


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Hearth:
    def __init__(self, build, tmp):
        self.build, self.tmp = build, str(tmp)
        self.binary = os.path.join(build, "hearth")
        self.demo = os.path.join(build, "packaging", "hearth-demo")
        self.fakes = os.path.join(build, "tests", "fake-plugins")
        self.is_sanitized = os.path.basename(build) in ("build-asan", "build-tsan")

    def public(self):
        """The same hearth where every user can reach it, with a work folder that every user can
        write to: this tree may lie where only root may go."""
        folder, desk = os.path.join(self.tmp, "public"), os.path.join(self.tmp, "desk")
        os.makedirs(os.path.join(folder, "plugins"))
        os.makedirs(desk)
        os.chmod(desk, 0o777)
        shutil.copy2(self.binary, folder)
        for plugin in glob.glob(os.path.join(self.build, "plugins", "*.so")):
            shutil.copy2(plugin, os.path.join(folder, "plugins"))
        parent = self.tmp
        while parent != "/":
            os.chmod(parent, os.stat(parent).st_mode | 0o055)
            parent = os.path.dirname(parent)
        return Hearth(folder, desk)

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("HEARTH_", "SUDO_", "NOTIFY_", "JOURNAL_"))}
        env.update(more)
        return env

    def argv(self, *args):
        # A tree may belong to someone else than root; then only that owner's plugins are trusted.
        return [self.binary, *map(str, args)]

    def run(self, *args, env=None, prefix=(), timeout=TIMEOUT, **kwargs):
        return subprocess.run([*prefix, *self.argv(*args)], capture_output=True, text=True, timeout=timeout,
                              env=self.environment(**(env or {})), cwd=kwargs.pop("cwd", self.tmp), **kwargs)

    def start(self, *args, env=None, prefix=(), **kwargs):
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([*prefix, *self.argv(*args)], text=True, env=self.environment(**(env or {})),
                                cwd=kwargs.pop("cwd", self.tmp), **kwargs)

    def record(self, *args, out="out", **kwargs):
        """Runs `record -o DIR …`; answers (completed process, folder)."""
        folder = os.path.join(self.tmp, out)
        return self.run("record", "-o", folder, *args, **kwargs), folder

    def write(self, name, text):
        path = os.path.join(self.tmp, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text if isinstance(text, str) else json.dumps(text, indent=1))
        return path


def summary(folder):
    with open(os.path.join(folder, "summary.json")) as f:
        return json.load(f)


def folded(folder):
    """[(frames root first, count)] of stacks.folded."""
    rows = []
    with open(os.path.join(folder, "stacks.folded")) as f:
        for line in f:
            stack, count = line.rstrip("\n").rsplit(" ", 1)
            rows.append((tuple(stack.split(";")), int(count)))
    return rows


class Agent:
    """`hearth agent` with a config, its log in a file."""

    def __init__(self, hearth, config, env=None, prefix=(), args=(), wait=True):
        self.hearth = hearth
        self.runtime = os.path.join(hearth.tmp, "run")
        self.config_path = os.path.join(hearth.tmp, "hearth.yaml")
        self.log_path = os.path.join(hearth.tmp, "agent.log")
        self.configure(config)
        with open(self.log_path, "ab") as log:
            self.process = hearth.start("agent", "--config", self.config_path, *args, env=env, prefix=prefix,
                                        stdout=log, stderr=log)
        self.pid = self.process.pid
        if wait:
            wait_for("the agent to have started", self.is_up, 20)

    def configure(self, config):
        """Writes a config, a dict or YAML text (JSON is YAML)."""
        if isinstance(config, dict):
            config = {"runtime_dir": self.runtime, "state_dir": os.path.join(self.hearth.tmp, "state"),
                      "plugin_dirs": [os.path.join(self.hearth.build, "plugins"), self.hearth.fakes], **config}
        self.hearth.write("hearth.yaml", config)

    def is_up(self):
        assert self.process.poll() is None, "the agent ended with %s:\n%s" % (self.process.returncode, self.log())
        try:
            return self.status()["state"] != "starting"
        except (OSError, ValueError):
            return None

    def ask(self, request, timeout=10):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(os.path.join(self.runtime, "status.sock"))
            s.sendall(json.dumps(request).encode() + b"\n")
            with s.makefile() as f:
                return json.loads(f.readline())

    def status(self):
        return self.ask({"request": "status"})

    def instance(self, name):
        for i in self.status()["instances"]:
            if i["name"] == name:
                return i
        return None

    def reload(self, config=None):
        """`hearth reload`, after writing the config if there is one."""
        if config is not None:
            self.configure(config)
        return self.hearth.run("reload", "--config", self.config_path)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def wait_log(self, text, timeout=10):
        wait_for("%r in the log" % text, lambda: text in self.log(), timeout)

    def stop(self, sig=signal.SIGTERM, timeout=15):
        """Exit status, and how long it took."""
        began = time.monotonic()
        self.process.send_signal(sig)
        return self.process.wait(timeout), time.monotonic() - began

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Load:
    def __init__(self, hearth, prefix=()):
        self.hearth, self.prefix, self.processes = hearth, prefix, []

    def start(self, *argv):
        p = subprocess.Popen([*self.prefix, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             cwd=self.hearth.tmp, process_group=0)
        self.processes.append(p)
        return p.pid

    def demo(self):
        return self.start(self.hearth.demo)

    def openssl(self):
        return self.start("openssl", "speed", "-seconds", "600", "-evp", "sha256")

    def gzip(self):
        return self.start("sh", "-c", "exec gzip -9 -c < /dev/zero")

    def system_calls(self):
        return self.start("dd", "if=/dev/zero", "of=/dev/null", "bs=1")

    def forks(self):
        return self.start("sh", "-c", "while :; do /bin/true; done")

    def shell_loop(self):
        return self.start("sh", "-c", "while :; do :; done")

    def stop(self):
        for p in self.processes:
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            p.wait()
        self.processes.clear()


def children_of(pid):
    """Pids of the direct children, of all its threads."""
    pids = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task)) as f:
            pids += map(int, f.read().split())
    return pids


def helper_pid(pid, role):
    """The opener or the inspector of a host process, or None."""
    for child in children_of(pid):
        try:
            with open("/proc/%d/cmdline" % child, "rb") as f:
                if role.encode() in f.read().split(b"\0"):
                    return child
        except FileNotFoundError:
            pass
    return None


def run_time_ns(pid):
    """On-CPU time of a process: the sum of its threads' schedstat."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                total += int(f.read().split()[0])
        except FileNotFoundError:
            pass
    return total


def threads(pid):
    return sorted(map(int, os.listdir("/proc/%d/task" % pid)))


def open_fds(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def map_lines(pid):
    with open("/proc/%d/maps" % pid) as f:
        return sum(1 for _ in f)


def anonymous_kb(pid):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    return 0


def bpf_objects(pid):
    """{fd link: id} of BPF programs and maps that a process holds, from fdinfo."""
    found = {"prog_id": [], "map_id": [], "link_id": []}
    for fd in os.listdir("/proc/%d/fdinfo" % pid):
        try:
            with open("/proc/%d/fdinfo/%s" % (pid, fd)) as f:
                for line in f:
                    key, _, value = line.partition(":")
                    if key in found:
                        found[key].append(int(value))
        except FileNotFoundError:
            pass
    return {k: sorted(v) for k, v in found.items()}
