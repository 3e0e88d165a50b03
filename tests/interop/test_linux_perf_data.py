# SPDX-License-Identifier: Apache-2.0
"""The linux-perf-data crate, which samply reads perf.data with, finds our samples and stacks."""
import collections
import subprocess

import pytest


@pytest.fixture(scope="module")
def samples(tools, recorded):
    """[(event, comm, pid, tid, ((offset, file), …))], innermost frame first."""
    done = subprocess.run([tools.perf_data_counts(), recorded.path("perf.data")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and not done.stderr, done.stderr
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return [(event, comm, pid, tid, tuple(tuple(frame.split(" ", 1)) for frame in frames)) for event, comm, pid, tid, *frames in rows]


def test_it_counts_what_hearth_counted(samples, recorded):
    found = collections.Counter(comm for _, comm, *_ in samples)
    assert sum(found.values()) == recorded.delivered
    assert {comm: found[comm] for comm in recorded.COMMS} == recorded.of_comms()
    assert {event for event, *_ in samples} == {"cpu-clock"}


def test_its_stacks_are_those_of_our_text(samples, recorded):
    theirs = collections.Counter((comm, pid, tid, frames) for _, comm, pid, tid, frames in samples if comm in recorded.COMMS)
    ours = collections.Counter((comm, pid, tid, tuple((offset, file) for offset, _, file in frames if offset != "0"))
                               for comm, pid, tid, frames in recorded.blocks() if comm in recorded.COMMS)
    assert sum(ours.values()) > 100 and ours == theirs
