# SPDX-License-Identifier: Apache-2.0
"""A short command runs again and again, and its samples add up to one recording."""
import os
import re
import signal

import pytest

from hearth import folded, summary, wait_for


def runs_of(hearth, marker):
    """What the command itself says of how often it ran."""
    with open(os.path.join(hearth.tmp, marker)) as f:
        return len(f.read())


def test_repeated_command_runs_as_often_as_asked(hearth):
    script = "printf x >>marks; %s 0.2; times >now; tail -n 1 now >>times" % hearth.demo
    process, folder = hearth.record("--repeat", 4, "--", "sh", "-c", script)
    assert process.returncode == 0, process.stderr
    assert runs_of(hearth, "marks") == 4
    runs = summary(folder)["runs"]
    assert runs["n"] == 4 and runs["exit_statuses"] == {"0": 4}
    assert 0.2 <= runs["seconds"]["min"] <= runs["seconds"]["mean"] <= runs["seconds"]["max"]
    assert re.search(r"^command +ran 4 times.*exit status 0 each time$", process.stdout, re.M), process.stdout
    demo = sum(n for frames, n in folded(folder) if frames[0] == "hearth-demo")
    with open(os.path.join(hearth.tmp, "times")) as f:
        ran = sum(60 * int(m) + float(s) for m, s in re.findall(r"(\d+)m([\d.]+)s", f.read()))
    assert abs(demo / 997 - ran) < 0.05 + 0.1 * ran, (demo, ran)


def test_run_that_fails_is_the_last_and_gives_the_status(hearth):
    process, folder = hearth.record("--repeat", 9, "--", "sh", "-c", "printf x >>marks; [ $(wc -c <marks) -lt 3 ] || exit 7")
    assert process.returncode == 7, process.stderr
    assert runs_of(hearth, "marks") == 3
    assert summary(folder)["runs"]["exit_statuses"] == {"0": 2, "7": 1}
    assert summary(folder)["exit_status"] == 7
    assert "ended with status 7" in process.stdout


def test_command_runs_until_there_are_enough_samples(hearth):
    process, folder = hearth.record("--min-samples", 1000, "--", "sh", "-c", "printf x >>marks; exec %s 0.1" % hearth.demo)
    assert process.returncode == 0, process.stderr
    s = summary(folder)
    assert s["samples"]["delivered"] >= 1000
    assert s["runs"]["n"] == runs_of(hearth, "marks") > 5
    assert sum(n for _, n in folded(folder)) == s["samples"]["delivered"]


def test_command_without_samples_ends_nevertheless(hearth):
    process, folder = hearth.record("-F", 1, "--min-samples", 1000000, "--", "true")
    assert process.returncode == 0, process.stderr
    assert summary(folder)["runs"]["n"] == 1000


def test_command_that_cannot_be_executed_is_not_tried_again(hearth):
    process, _ = hearth.record("--repeat", 3, "--", "no-such-command-here")
    assert process.returncode == 127
    assert process.stderr.count("no-such-command-here") == 1, process.stderr


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_run_and_the_repetition(hearth, sig):
    script = "trap 'exit 0' INT TERM; printf x >>marks; while :; do sleep 0.05; done"
    p = hearth.start("record", "--repeat", "100", "-o", "out", "--", "sh", "-c", script)
    wait_for("the command", lambda: os.path.exists(os.path.join(hearth.tmp, "marks")), 20)
    p.send_signal(sig)
    _, err = p.communicate(timeout=20)
    assert p.returncode == 0, err
    assert runs_of(hearth, "marks") == 1
    assert summary(os.path.join(hearth.tmp, "out"))["runs"]["n"] == 1


def test_repetition_needs_a_command(hearth):
    process = hearth.run("record", "--repeat", "3", "-d", "1")
    assert process.returncode == 2 and "--repeat" in process.stderr and "COMMAND" in process.stderr
