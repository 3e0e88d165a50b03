# SPDX-License-Identifier: Apache-2.0
"""Whom a recording samples, and on which side of the system call: what the command line says."""
import os
import re
import shutil
import subprocess
import time

import pytest

from hearth import folded, summary

DD = "e2e-dd"


def comms(folder):
    found = {}
    for frames, n in folded(folder):
        found[frames[0]] = found.get(frames[0], 0) + n
    return found


def is_kernel(frame):
    return frame.endswith("_[k]")


@pytest.fixture
def caller(hearth, load):
    """A program that is in the kernel most of the time, under a name of its own."""
    dd = shutil.copy(shutil.which("dd"), os.path.join(hearth.tmp, DD))
    return load.start(dd, "if=/dev/zero", "of=/dev/null", "bs=1")


def perf_count(hearth, event, pid, seconds):
    """A perf that counts samples of one side of one process."""
    data = os.path.join(hearth.tmp, "perf-%s.data" % event.replace(":", ""))
    subprocess.run(["perf", "record", "-q", "-e", event, "-F", "997", "-p", str(pid), "-o", data, "--", "sleep", str(seconds)],
                   check=True, capture_output=True)
    out = subprocess.run(["perf", "script", "-i", data, "-F", "pid"], check=True, capture_output=True, text=True).stdout
    return len(out.splitlines())


@pytest.mark.parametrize("option, event, is_wanted", [
    ("--kernel-only", "cpu-clock:k", is_kernel),
    ("--user-only", "cpu-clock:u", lambda frame: not is_kernel(frame)),
])
def test_one_side_only_is_what_perf_samples_of_it(hearth, caller, option, event, is_wanted):
    seconds = 3
    recording = hearth.start("record", option, "-d", seconds, "-p", caller, "-o", "out")
    theirs = perf_count(hearth, event, caller, seconds)
    _, err = recording.communicate(timeout=30)
    assert recording.returncode == 0, err
    rows = folded(os.path.join(hearth.tmp, "out"))
    frames = {frame for row, _ in rows for frame in row[1:] if not frame.startswith("[truncated")}
    assert frames and all(map(is_wanted, frames)), sorted(frames)
    mine = sum(n for _, n in rows)
    # The two begin apart by some tenths of a second, on a machine that others use too.
    assert mine > 100 and 0.7 < mine / theirs < 1.4, (mine, theirs)


def test_all_cpus_records_the_machine_while_a_command_runs(hearth, caller):
    began = time.monotonic()
    process, folder = hearth.record("-a", "--", "sh", "-c", "sleep 1; exit 3")
    assert process.returncode == 3, process.stderr
    assert 1 <= summary(folder)["window"]["seconds"] < time.monotonic() - began
    assert comms(folder)[DD] > 50
    assert summary(folder)["command"] == ["sh", "-c", "sleep 1; exit 3"]


def test_pids_beside_a_command_are_recorded_while_it_runs(hearth, caller, load):
    load.shell_loop()
    process, folder = hearth.record("-p", caller, "--", "sleep", "1")
    assert process.returncode == 0, process.stderr
    assert set(comms(folder)) == {DD}


def test_highest_rate_is_what_the_kernel_allows(hearth):
    with open("/proc/sys/kernel/perf_event_max_sample_rate") as f:
        most = min(int(f.read()), 100000)
    process, folder = hearth.record("-F", "max", "--", "true")
    assert process.returncode == 0, process.stderr
    assert summary(folder)["frequency_hz"] == most


@pytest.mark.parametrize("args, words", [
    (["-a", "-p", "1"], "--pids.*leave one of the two out"),
    (["--kernel-only", "--user-only"], "--user-only.*one of the two"),
    (["-F", "fast"], "--frequency.*\"max\""),
])
def test_contradiction_is_a_usage_error(hearth, args, words):
    process = hearth.run("record", *args)
    assert process.returncode == 2
    assert re.search(words, process.stderr), process.stderr
