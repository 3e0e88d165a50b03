# SPDX-License-Identifier: Apache-2.0
"""The perf of the distribution's backports, two years newer than its own, reads our perf.data."""
import collections
import re
import subprocess

import pytest

from recording import place


@pytest.fixture(scope="module")
def perf(tools, recorded):
    """perf(arguments…) on the recording: what it printed. It must have nothing to complain about."""
    path, env = tools.perf()

    def run(*args):
        done = subprocess.run([path, *args], capture_output=True, text=True, cwd=recorded.folder, timeout=120, env=env)
        assert done.returncode == 0 and not done.stderr.strip(), (args, done.returncode, done.stderr)
        return done.stdout
    return run


@pytest.mark.parametrize("command", [
    "report -i perf.data --stdio --sort comm,dso,symbol", "report -i perf.data --stdio --header-only", "script -i perf.data",
    "buildid-list -i perf.data", "evlist -i perf.data -v", "diff perf.data perf.data", "inject -i perf.data -b -o injected.data",
], ids=lambda c: c.split(" -")[0].split()[0] + "-%d" % len(c))
def test_it_has_nothing_to_complain_about(perf, command):
    assert perf(*command.split()).strip() or command.startswith("inject")


def test_it_counts_what_hearth_counted(perf, recorded):
    found = collections.Counter()
    for line in perf("script", "-i", "perf.data", "-G", "-F", "comm,event").splitlines():
        found[re.fullmatch(r"\s*(\S.*?) +cpu-clock: *", line).group(1)] += 1
    assert sum(found.values()) == recorded.delivered
    assert {comm: found[comm] for comm in recorded.COMMS} == recorded.of_comms()


def test_its_report_has_the_folded_counts(perf, recorded):
    text = perf("report", "-i", "perf.data", "--stdio", "--no-children", "-g", "none", "-n", "-q", "-t", "@", "--sort", "comm")
    found = {comm.strip(): int(n) for _, n, comm in (line.split("@") for line in text.splitlines() if line.strip())}
    assert {comm: found[comm] for comm in recorded.COMMS} == recorded.of_comms()


def test_its_stacks_are_those_of_our_text(perf, recorded):
    text = perf("script", "-i", "perf.data", "--no-inline", "--max-stack", "1024", "-F", "+pid,+dsoff")
    found = collections.Counter()
    for block in text.strip().split("\n\n"):
        head, *frames = block.splitlines()
        found[(re.match(r"\S+", head).group(0), *(place(line) for line in frames))] += 1
    ours = collections.Counter((comm, *((offset, file) for offset, _, file in frames if offset != "0"))
                               for comm, _, _, frames in recorded.blocks() if comm in recorded.COMMS)
    theirs = collections.Counter({stack: n for stack, n in found.items() if stack[0] in recorded.COMMS})
    assert sum(ours.values()) > 100 and ours == theirs


def test_what_it_injects_keeps_every_sample(perf, recorded):
    perf("inject", "-i", "perf.data", "-b", "-o", "with-ids.data")
    lines = perf("script", "-i", "with-ids.data", "-G", "-F", "comm,event").splitlines()
    assert len(lines) == recorded.delivered
