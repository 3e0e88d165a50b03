# SPDX-License-Identifier: Apache-2.0
"""inferno collapses our perf-script text, and perf's of our perf.data, to our folded stacks."""
import collections
import subprocess

import pytest

from recording import functions


def collapse(inferno, text):
    """{comm: Counter of stacks}, root first."""
    done = subprocess.run([inferno], input=text, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = collections.defaultdict(collections.Counter)
    for line in done.stdout.splitlines():
        stack, n = line.rsplit(" ", 1)
        comm, *frames = stack.split(";")
        found[comm][tuple(name for name in frames if not name.startswith("[truncated: "))] += int(n)
    return found


@pytest.fixture(scope="module")
def ours(tools, recorded):
    with open(recorded.path("samples.txt")) as f:
        return collapse(tools.inferno(), f.read())


def test_our_text_collapses_to_our_folded_stacks(ours, recorded):
    for comm in recorded.COMMS:
        mine = recorded.stacks(comm)
        assert sum(mine.values()) > 100 and mine == ours[comm], comm


def test_text_with_periods_collapses_to_nanoseconds(tools, recorded, ours):
    with open(recorded.path("perf-script.txt")) as f:
        weighted = collapse(tools.inferno(), f.read())
    for comm in recorded.COMMS:
        total = sum(weighted[comm].values())
        assert total == sum(ours[comm].values()) * round(1e9 / 997), comm


def test_perfs_text_of_our_file_collapses_to_our_folded_stacks(tools, recorded):
    """In functions: of the names of a library perf chooses others among aliases."""
    done = subprocess.run(["perf", "script", "-i", recorded.path("perf.data"), "--no-inline", "-F", "comm,pid,tid,time,event,ip,sym,dso"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
    theirs = collapse(tools.inferno(), done.stdout)
    shop = recorded.COMMS[0]
    (mine_in, mine_own), (their_in, their_own) = functions(recorded.stacks(shop)), functions(theirs[shop])
    names = [name for name in mine_in if not name.startswith("[") and mine_in[name] > 20]
    assert len(names) > 10
    assert {name: (mine_in[name], mine_own[name]) for name in names} == {name: (their_in[name], their_own[name]) for name in names}
    assert sum(mine_own.values()) == sum(their_own.values())
