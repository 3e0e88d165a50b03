# SPDX-License-Identifier: Apache-2.0
"""`record -- CMD` behaves like CMD, and sees it and its children from the first instruction on."""
import os
import re
import signal
import time

import pytest

from hearth import folded, summary, wait_for


@pytest.mark.parametrize("script, status", [
    ("exit 0", 0),
    ("exit 7", 7),
    ("kill -TERM $$", 128 + signal.SIGTERM),
    ("kill -KILL $$", 128 + signal.SIGKILL),
])
def test_status_is_that_of_the_command(hearth, script, status):
    process, folder = hearth.record("--", "sh", "-c", script)
    assert process.returncode == status, process.stderr
    assert summary(folder)["command"] == ["sh", "-c", script]


def test_command_that_is_not_there_is_127(hearth):
    process, _ = hearth.record("--", "no-such-command-here")
    assert process.returncode == 127
    assert "no-such-command-here" in process.stderr


def test_command_that_is_not_executable_is_126(hearth):
    path = hearth.write("data.txt", "no program\n")
    process, _ = hearth.record("--", path)
    assert process.returncode == 126
    assert path in process.stderr


def test_failure_of_hearth_itself_is_125(hearth):
    process, _ = hearth.record("-F", "997", out="/proc/no/such/place", *("--", "true"))
    assert process.returncode == 125
    assert "/proc/no/such/place" in process.stderr


def test_usage_error_before_a_command_is_125(hearth):
    process, _ = hearth.record("--no-such-option", "--", "true")
    assert process.returncode in (2, 125)
    assert "no-such-option" in process.stderr


def run_time_of_children(hearth):
    """Seconds on a CPU, by what the shell's `times` wrote to the file of that name."""
    with open(os.path.join(hearth.tmp, "times")) as f:
        return sum(60 * int(m) + float(s) for m, s in re.findall(r"(\d+)m([\d.]+)s", f.readlines()[1]))


def assert_sampled(n, frequency, seconds):
    """All of it, give or take chance and the kernel's ticks of 10 ms."""
    assert n > 0 and abs(n / frequency - seconds) < 0.025 + 0.1 * seconds, (n, seconds)


def test_command_and_children_are_sampled_and_nothing_else(hearth, load):
    load.shell_loop()
    process, folder = hearth.record("--", "sh", "-c", "%s 1 2; times >times" % hearth.demo)
    assert process.returncode == 0, process.stderr
    comms = {}
    for frames, n in folded(folder):
        comms[frames[0]] = comms.get(frames[0], 0) + n
    assert_sampled(comms.pop("hearth-demo"), 997, run_time_of_children(hearth))
    assert set(comms) <= {"sh", "hearth", "exe"}, comms  # the last two: Hearth as launcher, before it is the shell


def test_short_command_is_seen_from_its_first_instruction(hearth):
    process, folder = hearth.record("-F", "4999", "--", "sh", "-c", "%s 0.2; times >times" % hearth.demo)
    assert process.returncode == 0, process.stderr
    assert_sampled(sum(n for frames, n in folded(folder) if frames[0] == "hearth-demo"), 4999, run_time_of_children(hearth))


def test_output_of_the_command_is_its_own(hearth):
    process, _ = hearth.record("--", "sh", "-c", "echo from the command; echo complaint >&2")
    assert process.stdout.startswith("from the command\n")
    assert "complaint\n" in process.stderr


def test_command_reads_standard_input(hearth):
    process, _ = hearth.record("--", "cat", input="hello\n")
    assert process.stdout.startswith("hello\n")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_reaches_the_command(hearth, sig):
    ready = os.path.join(hearth.tmp, "ready")
    script = "trap 'exit 9' TERM INT HUP; : > %s; while :; do sleep 0.05; done" % ready
    p = hearth.start("record", "-o", "out", "--", "sh", "-c", script)
    wait_for("the command", lambda: os.path.exists(ready), 20)
    p.send_signal(sig)
    _, err = p.communicate(timeout=20)
    assert p.returncode == 9, err
    assert summary(os.path.join(hearth.tmp, "out"))


def test_command_runs_as_the_caller_with_its_environment(hearth):
    process, _ = hearth.record("--", "sh", "-c", "id -u; echo $COLOUR; pwd", env={"COLOUR": "ember"})
    assert process.stdout.split("\n")[:3] == [str(os.geteuid()), "ember", os.path.realpath(hearth.tmp)]


def test_command_inherits_no_descriptor_of_hearth(hearth):
    process, _ = hearth.record("--", "sh", "-c", "ls /proc/self/fd")
    fds = process.stdout.split()[:5]
    assert [fd for fd in fds if fd.isdigit()][:4] in (["0", "1", "2", "3"], ["0", "1", "2"]), process.stdout


@pytest.mark.parametrize("seconds", ["0.9", "1", "1.1"])
def test_command_that_ends_with_the_duration_costs_no_output(hearth, seconds):
    process, folder = hearth.record("-d", 1, "--", hearth.demo, seconds)
    assert process.returncode == 0, process.stderr
    assert sum(n for _, n in folded(folder)) == summary(folder)["samples"]["delivered"] > 100


def test_recording_ends_with_the_command_not_with_its_daemon(hearth):
    began = time.monotonic()
    process, _ = hearth.record("--", "sh", "-c", "sleep 30 > /dev/null 2>&1 < /dev/null & exit 0")
    assert process.returncode == 0
    assert time.monotonic() - began < 15
