# SPDX-License-Identifier: Apache-2.0
"""Process 1 of the guest: mounts what a Linux has, runs the tests, reaps, and powers off."""
import ctypes
import os
import socket
import subprocess
import sys
import traceback

# Control groups as a hybrid machine has them: those of v1 serve tests that most machines must skip.
MOUNTS = (("proc", "/proc", ""), ("sysfs", "/sys", ""), ("devtmpfs", "/dev", ""), ("devpts", "/dev/pts", ""), ("tmpfs", "/dev/shm", ""),
          ("tmpfs", "/run", ""), ("tracefs", "/sys/kernel/tracing", ""), ("bpf", "/sys/fs/bpf", ""), ("cgroup2", "/sys/fs/cgroup", ""),
          ("cgroup", "/run/cgroup/cpu", "cpu"), ("cgroup", "/run/cgroup/blkio", "blkio"), ("cgroup", "/run/cgroup/systemd", "none,name=systemd"))
# Debian's default of 3 leaves nothing to users; that it is refused is tested by a test that sets it.
SETTINGS = {"kernel/perf_event_paranoid": "2"}
RB_POWER_OFF = 0x4321fedc  # linux/reboot.h
HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    for kind, folder, options in MOUNTS:
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["mount", "-t", kind, *(["-o", options] if options else []), kind, folder], check=True)
    with open("/proc/uptime") as f:
        os.environ["BOOT_SECONDS"] = f.read().split()[0]
    for name, value in SETTINGS.items():
        with open("/proc/sys/" + name, "w") as f:
            f.write(value)
    socket.sethostname("guest")
    with open("/dev/console", "r+b", buffering=0) as console:
        for fd in range(3):
            os.dup2(console.fileno(), fd)
    os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root", LANG="C.UTF-8", PYTHONDONTWRITEBYTECODE="1")
    tests = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, os.path.join(HERE, "suite.py")])
    while os.wait()[0] != tests:
        pass


try:
    main()
except BaseException:  # whatever it is: process 1 must not end, or a panic hides what was said
    traceback.print_exc()
os.sync()
ctypes.CDLL(None).reboot(RB_POWER_OFF)
