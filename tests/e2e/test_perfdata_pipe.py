# SPDX-License-Identifier: Apache-2.0
"""perf reads perf.data while it is made: whatever the reader does, nobody waits for it, and what it
did not get is counted."""
import os
import re
import signal
import subprocess
import threading
import time

import pytest

import fake_stacks
from hearth import summary


def script(data, *args):
    """The samples that perf finds in a stream, a line each; it must have nothing to complain about."""
    done = subprocess.run(["perf", "script", "-i", "-", "-G", *args], input=data, capture_output=True, timeout=120)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr.decode()
    return [line for line in done.stdout.decode().splitlines() if line.strip()]


def counters(folder):
    return next(i["counters"] for i in summary(folder)["instances"] if i["name"] == "perfdata-writer")


def delivered(folder):
    return summary(folder)["samples"]["delivered"]


def record_into(hearth, fifo, *args, seconds=2, window="100ms", **options):
    sink = ",".join("%s=%s" % pair for pair in {"mode": "pipe", "output": fifo, **options}.items())
    return hearth.start("record", "-d", seconds, "-F", 499, "-o", os.path.join(hearth.tmp, "out"), "--set", "cpu-sampler.window=" + window,
                        "--sink", "perfdata-writer:" + sink, *args)


def ended(hearth, process):
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return os.path.join(hearth.tmp, "out")


@pytest.fixture
def fifo(hearth):
    path = os.path.join(hearth.tmp, "fifo")
    os.mkfifo(path)
    return path


def test_standard_output_is_for_perf_alone(hearth, load):
    load.demo()
    r = subprocess.run([*hearth.argv("record", "-a", "-F", 499, "-o", "out", "--sink", "perfdata-writer:mode=pipe,output=-",
                                     "--", "sh", "-c", "echo noise; sleep 1.5")], capture_output=True, cwd=hearth.tmp, timeout=60,
                       env=hearth.environment())
    assert r.returncode == 0, r.stderr
    lines = script(r.stdout, "-F", "comm,event,period")
    assert len(lines) == delivered(os.path.join(hearth.tmp, "out")) > 100
    assert all(re.search(r" \d+ cpu-clock:", line) for line in lines)
    assert b"noise" in r.stderr and b"stacks.folded" in r.stderr
    head = subprocess.run(["perf", "report", "-i", "-", "--header", "--stdio", "-g", "none"], input=r.stdout, capture_output=True, check=True)
    assert b"# os release : %s" % os.uname().release.encode() in head.stdout and not head.stderr.strip()


def test_names_are_found_as_in_a_file(hearth, load):
    pid = load.demo()
    data = subprocess.run(hearth.argv("record", "-d", 2, "-F", 499, "-p", pid, "-o", "out", "--sink", "perfdata-writer:mode=pipe,output=-"),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=hearth.tmp, timeout=60, env=hearth.environment(), check=True).stdout
    lines = script(data, "-F", "ip,sym")
    assert len(lines) > 100 and not [line for line in lines if "[unknown]" in line]


def test_events_are_told_when_they_turn_up(hearth, fifo):
    def stacks(n):
        return fake_stacks.write(os.path.join(hearth.tmp, "stacks%d" % n), [fake_stacks.Stack(100, 100, "prog", "prog", "", n, ("f_[k]", "g_[k]"))])

    got = []
    reader = threading.Thread(target=lambda: got.append(open(fifo, "rb").read()))
    reader.start()
    source = "fake-stacks,batch=1,seconds=1,path=%s,event=%s"
    # Both are finite and begin at once: there has to be somebody who waits for them.
    r, _ = hearth.record("--source", (source % (stacks(30), "cpu-clock")).replace(",", ":", 1),
                         "--sink", "more:plugin=" + source % (stacks(7), "lock-wait"),
                         "--sink", "perfdata-writer:mode=pipe,output=" + fifo,
                         "--set", "plugin_dirs=%s,%s" % (os.path.join(hearth.build, "plugins"), hearth.fakes))
    assert r.returncode == 0, r.stderr
    reader.join(30)
    lines = script(got[0], "-F", "event")
    assert sorted((lines.count(event), event) for event in set(lines)) == [(7, "lock-wait: "), (30, "cpu-clock: ")]


def read_at_least(f, n):
    part = b""
    while len(part) < n:
        piece = f.read(4096)
        assert piece, "the stream has ended"
        part += piece
    return part


def test_a_reader_is_served_from_when_it_comes_and_so_is_the_next(hearth, load, fifo):
    load.demo()
    process = record_into(hearth, fifo, seconds=300)
    parts = []
    for _ in range(2):
        with open(fifo, "rb") as f:  # waits until it is served
            parts.append(read_at_least(f, 40000))
        time.sleep(0.5)  # a reader that comes at once cannot be told from the one that has gone
    with open(fifo, "rb") as f:
        part = read_at_least(f, 40000)
        process.send_signal(signal.SIGINT)
        parts.append(part + f.read())
    folder = ended(hearth, process)
    # The first two left in the middle of a record; perf says so, after what it has read.
    last = len(script(parts[-1], "-F", "comm,event"))
    for part in parts[:-1]:
        done = subprocess.run(["perf", "script", "-i", "-", "-G", "-F", "comm,event"], input=part, capture_output=True)
        assert len(done.stdout.splitlines()) > 50
    assert 50 < last < delivered(folder)


def test_a_fifo_without_a_reader_holds_nobody_up(hearth, load):
    load.demo()
    fifo = os.path.join(hearth.tmp, "made")
    folder = ended(hearth, record_into(hearth, fifo))
    assert os.path.exists(fifo)
    assert counters(folder)["samples_unwritten"] == delivered(folder)


def test_a_slow_reader_loses_whole_windows_and_is_told(hearth, load, fifo):
    load.demo()
    process = record_into(hearth, fifo, seconds=300, buffer="64KiB")
    with open(fifo, "rb") as f:
        time.sleep(3)  # the pipe and the buffer are full long before
        data = read_at_least(f, 250000)  # more than both hold
        process.send_signal(signal.SIGINT)
        data += f.read()
    folder = ended(hearth, process)
    lost = counters(folder)["samples_unwritten"]
    assert lost > 0
    got = subprocess.run(["perf", "script", "-i", "-", "-G", "-F", "comm,event"], input=data, capture_output=True, check=True)
    assert len([line for line in got.stdout.splitlines() if line.strip()]) == delivered(folder) - lost
    report = subprocess.run(["perf", "report", "-i", "-", "--stdio", "-g", "none"], input=data, capture_output=True, check=True)
    told = int(re.search(rb"# Total Lost Samples: (\d+)", report.stdout).group(1))
    assert 0 < told <= lost  # but what was lost before it came


def test_something_else_in_the_place_of_the_fifo_is_left_alone(hearth):
    path = hearth.write("fifo", "mine\n")
    process = record_into(hearth, path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and "cannot write perf.data to %s: it is no FIFO" % path in errors
    assert open(path).read() == "mine\n"
