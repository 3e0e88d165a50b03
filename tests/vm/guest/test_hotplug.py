# SPDX-License-Identifier: Apache-2.0
"""CPUs that go offline and come back while a recording runs. Judged by the CPU time that the kernel
charged to programs bound to one CPU."""
import os
import shutil
import signal
import subprocess
import time

import pytest

from hearth import folded, helper_pid, run_time_ns, summary, wait_for

FOLLOW_SECONDS = 5  # CPUs are looked at this often
# An emulated CPU stands still for some 20 ms at a time when its host is busy, and the ticks of that
# while are one. At this rate most are left, at a host with ten times as much to do as it can, too.
RATE = 49
TICKS_AT_LEAST = 0.2


def set_online(is_online, cpu=1):
    with open("/sys/devices/system/cpu/cpu%d/online" % cpu, "w") as f:
        f.write("1" if is_online else "0")


def online():
    with open("/sys/devices/system/cpu/online") as f:
        return f.read().strip()


@pytest.fixture(autouse=True)
def all_online():
    assert online() == "0-1"
    yield
    set_online(True)


@pytest.fixture
def burner(hearth, load):
    """Starts the demo under a name of its own, bound to one CPU; answers its pid."""
    def start(name, cpu):
        program = shutil.copy(hearth.demo, os.path.join(hearth.tmp, name))
        return load.start("taskset", "-c", str(cpu), program)

    return start


class Recording:
    def __init__(self, hearth):
        self.hearth = hearth
        self.process = hearth.start("record", "-F", RATE, "-o", "out")
        assert "recording" in self.process.stderr.readline()
        # Helpers are started by the first sample of a file, so the sampler is attached by then.
        wait_for("the first samples", lambda: self.process.poll() is not None or helper_pid(self.process.pid, "inspector"), 60)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        out, self.err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, self.err
        folder = os.path.join(self.hearth.tmp, "out")
        s = summary(folder)
        rows = folded(folder)
        assert not s["samples"]["lost"], s["samples"]
        assert s["samples"]["delivered"] == s["samples"]["taken"] == sum(n for _, n in rows)
        assert "cannot" not in self.err and "not sampled" not in self.err, self.err
        return rows


def samples_of(rows, comm):
    return sum(n for frames, n in rows if frames[0] == comm)


def seconds_of(pid):
    return run_time_ns(pid) / 1e9


def run_for(pid, seconds):
    """Waits until a program has had so much more CPU time."""
    end = seconds_of(pid) + seconds
    wait_for("%d s of CPU time" % seconds, lambda: seconds_of(pid) >= end, 120, 0.1)


def assert_sampled(rows, comm, seconds):
    assert TICKS_AT_LEAST * seconds * RATE < samples_of(rows, comm) < 1.1 * seconds * RATE + 3, (comm, seconds, samples_of(rows, comm))


def test_cpu_that_comes_back_is_sampled_again(hearth, burner):
    stays = burner("burn-0", 0)
    recording = Recording(hearth)
    moved = burner("burn-1-moved", 1)
    run_for(moved, 2)
    set_online(False)
    assert online() == "0"
    run_for(moved, FOLLOW_SECONDS + 1)  # on the other CPU, with half of it
    set_online(True)
    time.sleep(FOLLOW_SECONDS + 1)
    late = burner("burn-1-late", 1)
    run_for(late, 3)
    ran = {"burn-0": seconds_of(stays), "burn-1-moved": seconds_of(moved), "burn-1-late": seconds_of(late)}
    rows = recording.end()
    for comm, seconds in ran.items():
        assert_sampled(rows, comm, seconds)


def test_recording_begins_with_a_cpu_offline_and_takes_it_in(hearth, burner):
    set_online(False)
    recording = Recording(hearth)
    alone = burner("burn-0", 0)
    run_for(alone, 2)
    set_online(True)
    time.sleep(FOLLOW_SECONDS + 1)
    late = burner("burn-1-late", 1)
    run_for(late, 3)
    ran = {"burn-0": seconds_of(alone), "burn-1-late": seconds_of(late)}
    rows = recording.end()
    for comm, seconds in ran.items():
        assert_sampled(rows, comm, seconds)


def test_cpu_that_comes_and_goes_often_does_no_harm(hearth, burner):
    stays = burner("burn-0", 0)
    recording = Recording(hearth)
    end = time.monotonic() + 2 * FOLLOW_SECONDS
    n = 0
    while time.monotonic() < end:
        set_online(n % 2 == 1)
        n += 1
        subprocess.run(["true"], check=True)  # has the kernel report a process, on whichever CPU
    set_online(True)
    assert n > 4
    ran = seconds_of(stays)
    rows = recording.end()
    assert_sampled(rows, "burn-0", ran)
