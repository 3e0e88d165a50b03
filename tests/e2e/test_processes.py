# SPDX-License-Identifier: Apache-2.0
"""Whose samples they are, when processes, programs and libraries change faster than anyone looks.
Judged by the CPU time that the kernel charged, and by names that must never meet."""
import os
import subprocess
import time

import pytest

from hearth import anonymous_kb, folded, helper_pid, open_fds, summary, wait_for

OWN = {"work-a": "spin_a", "work-b": "spin_b"}


@pytest.fixture
def workload(hearth):
    return lambda name: os.path.join(hearth.build, "tests", "workloads", name)


def record_while(hearth, argv, *options):
    """Records the machine while a program runs that prints figures; returns these, rows and summary."""
    p = hearth.start("record", "-o", "out", *options)
    assert "recording" in p.stderr.readline()
    wait_for("the helpers, and with them the first window", lambda: p.poll() is not None or helper_pid(p.pid, "inspector"), 20)
    r = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert r.returncode == 0, r.stderr
    p.send_signal(2)
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0, err
    folder = os.path.join(hearth.tmp, "out")
    return list(map(int, r.stdout.split())), folded(folder), summary(folder)


def samples_of(rows, comm, *functions):
    """With one of the functions in the stack, if any are named."""
    return sum(n for frames, n in rows if frames[0] == comm and (not functions or set(functions) & set(frames)))


def assert_no_wrong_names(rows):
    for comm, function in OWN.items():
        wrong = [(frames, n) for frames, n in rows if function in frames and frames[0] != comm]
        assert not wrong, wrong[:3]


@pytest.mark.slow
def test_short_lived_processes_keep_their_names(hearth, workload):
    """2,000 processes of 20 ms: their samples carry the right comm and the right program."""
    ran, rows, s = record_while(hearth, [workload("spawn"), "2000", str(os.cpu_count()), "0", workload("work-a"), workload("work-b"), "20"])
    assert not s["samples"]["lost"]
    for (comm, function), ns in zip(OWN.items(), ran):
        expected = ns / 1e9 * s["frequency_hz"]
        assert samples_of(rows, comm) >= 0.95 * expected, (comm, samples_of(rows, comm), expected)
        # Reading the clock hides its caller: then main is there only. The rest is the loader and the kernel's exec.
        assert samples_of(rows, comm, function, "main") >= 0.95 * samples_of(rows, comm), comm
    assert_no_wrong_names(rows)


@pytest.mark.slow
def test_reused_pid_is_someone_else(hearth, workload):
    """1,000 processes one after the other with one pid, two programs in turn."""
    pid = next(p for p in range(20000, 30000) if not os.path.exists("/proc/%d" % p))
    ran, rows, _ = record_while(hearth, [workload("spawn"), "1000", "1", str(pid), workload("work-a"), workload("work-b"), "5"])
    assert_no_wrong_names(rows)
    for (comm, function), ns in zip(OWN.items(), ran):
        assert samples_of(rows, comm, function) >= 0.8 * ns / 1e9 * 997, comm


@pytest.mark.slow
def test_program_that_execs_is_told_apart_each_time(hearth, workload):
    """One pid, 1,000 programs."""
    _, rows, _ = record_while(hearth, [workload("work-a"), "5", "1000", workload("work-b")])
    assert_no_wrong_names(rows)
    for comm, function in OWN.items():
        assert samples_of(rows, comm, function) >= 0.8 * 500 * 0.005 * 997, comm


@pytest.mark.slow
def test_library_at_the_address_of_another_is_told_apart(hearth, workload):
    argv = [workload("swap"), workload("libspin-a.so"), workload("libspin-b.so"), "50", "20"]
    (same,), rows, _ = record_while(hearth, argv)
    assert same >= 15, "the libraries did not take each other's place"
    for mine, other in (("a", "b"), ("b", "a")):
        inside = [(frames, n) for frames, n in rows if "run_" + mine in frames]
        right = sum(n for frames, n in inside if "library_spin_" + mine in frames)
        wrong = [(frames, n) for frames, n in inside if "library_spin_" + other in frames]
        assert not wrong, wrong[:3]
        assert right >= 0.8 * 20 * 0.05 * 997, inside[:3]


@pytest.fixture
def sleepers(workload):
    started = []

    def start(count):
        p = subprocess.Popen([workload("sleepers"), str(count)], stdout=subprocess.PIPE, text=True)
        started.append(p)
        assert p.stdout.readline() == "ready\n"

    yield start
    for p in started:
        p.kill()
        p.wait()


def agent_memory_kb(a, seconds):
    time.sleep(seconds)
    return min(anonymous_kb(a.pid) for _ in range(10) if not time.sleep(0.1))


@pytest.mark.slow
def test_ten_thousand_sleepers_cost_nothing(agent, hearth, load, sleepers):
    load.demo()

    def measure(output):
        began = time.monotonic()
        a = agent({"plugins": {"cpu-sampler": {"frequency": 19, "window": "1s"}, "symbolizer": {},
                               "debug-json": {"output": os.path.join(hearth.tmp, output)}}})
        wait_for("the sampler", lambda: a.instance("cpu-sampler")["state"] == "running", 30)
        took = time.monotonic() - began
        memory = agent_memory_kb(a, 8)
        later = agent_memory_kb(a, 5)
        fds = open_fds(a.pid)
        assert a.stop()[0] == 0
        return took, memory, later, fds

    _, without, _, _ = measure("without.json")
    sleepers(10000)
    took, memory, later, fds = measure("with.json")
    assert took < 2, "the agent took %.1f s to start" % took
    assert memory - without <= 10000, "%d KiB more" % (memory - without)
    assert later - memory <= 200, "grew by %d KiB in 6 s" % (later - memory)
    assert fds <= 1024
