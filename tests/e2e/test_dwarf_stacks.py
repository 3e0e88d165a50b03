# SPDX-License-Identifier: Apache-2.0
"""Recordings of `perf record --call-graph dwarf`: every stack that Hearth unwinds is the one that
perf's own unwinder finds, sample by sample counted."""
import collections
import os
import re
import shutil
import subprocess

import pytest

CUT = "(cut)"  # perf prints a frame at -1 where a stack goes on beyond the piece of it that was taken
OWN = {"_start", "main", "work", "below_small", "below_large", "below_any", "compare", "on_alarm", "in_thread"}
FRAME = re.compile(r"\s+([0-9a-f]+) (.*) \((.*)\)")

pytestmark = pytest.mark.skipif(not shutil.which("perf"), reason="perf is not installed")


def perf(tmp, *args):
    env = {k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}
    r = subprocess.run(["perf", *args], capture_output=True, text=True, env={**env, "HOME": tmp, "LC_ALL": "C"},
                       timeout=120)
    assert r.returncode == 0, r.stderr
    return r.stdout


@pytest.fixture
def recording(hearth):
    """(path of perf.data, stacks as perf unwinds them); of the program only, not of perf that starts it."""
    path = os.path.join(hearth.tmp, "perf.data")
    program = os.path.join(hearth.build, "tests", "workloads", "unwound")
    # Not -N: the copy of the vdso that perf keeps is what it unwinds clock_gettime() by.
    perf(hearth.tmp, "record", "-q", "-o", path, "-e", "cpu-clock", "-F", "499", "--call-graph", "dwarf,8192", "--",
         program, "600")
    return path, stacks_of_perf(hearth.tmp, path)


def own_or_any(name, is_own):
    """Names of libraries and of the kernel are the business of other tests; that there is a frame is not."""
    return name if is_own and name in OWN else "*"


def stacks_of_perf(tmp, path):
    stacks, frames = collections.Counter(), None
    for line in perf(tmp, "script", "--no-inline", "-i", path, "-F", "comm,ip,sym,dso").splitlines() + [""]:
        frame = FRAME.fullmatch(line)
        if frame:
            address, name, module = frame.groups()
            name = own_or_any(name, os.path.basename(module) == "unwound")
            frames.append(CUT if address == "f" * 16 else name)
        elif line:
            frames, comm = [], line.strip()
        elif frames is not None:
            if comm == "unwound":
                stacks[tuple(reversed(frames))] += 1
            frames = None
    return stacks


def stacks_of_hearth(text):
    stacks = collections.Counter()
    for line in text.splitlines():
        stack, count = line.rsplit(" ", 1)
        comm, *frames = stack.split(";")
        if comm == "unwound":
            if frames[0].startswith("[truncated: "):
                # Where it is cut for another reason, perf stops too, and says nothing.
                frames[:1] = [CUT] if "the stack is longer" in frames[0] else []
            stacks[tuple(name if name == CUT else own_or_any(name, True) for name in frames)] += int(count)
    return stacks


def read(hearth, path, *args, **kwargs):
    r = hearth.run("flamegraph", path, "-o", "-", *args, timeout=120, **kwargs)
    assert r.returncode == 0, r.stderr
    return r


def difference(ours, theirs):
    """For people: what only one of them has."""
    return "\n".join("%+d %s" % (ours[s] - theirs[s], ";".join(s))
                     for s in sorted(ours | theirs) if ours[s] != theirs[s])


def test_stacks_are_those_of_perf(hearth, recording):
    path, theirs = recording
    ours = stacks_of_hearth(read(hearth, path).stdout)
    assert sum(theirs.values()) > 100
    assert ours == theirs, difference(ours, theirs)
    seen = {name for stack in ours for name in stack}
    assert OWN <= seen, "the program was not sampled in %s" % (OWN - seen)
    assert any(stack[:2] == (CUT, "below_large") for stack in ours)
    assert any(stack[-2:] == ("on_alarm", "work") and "main" in stack for stack in ours)


def test_a_pipe_has_the_same_stacks(hearth, recording):
    path, theirs = recording
    with open(path, "rb") as f:
        r = hearth.run("flamegraph", "-", "-o", "-", stdin=f, timeout=120)
    assert r.returncode == 0, r.stderr
    assert stacks_of_hearth(r.stdout) == theirs


def test_a_program_that_is_gone_costs_callers_and_no_samples(hearth):
    copy = os.path.join(hearth.tmp, "unwound")
    shutil.copy2(os.path.join(hearth.build, "tests", "workloads", "unwound"), copy)
    other = os.path.join(hearth.tmp, "gone.data")
    perf(hearth.tmp, "record", "-q", "-N", "-B", "-o", other, "-e", "cpu-clock:u", "-F", "499", "--call-graph",
         "dwarf,8192", "--", copy, "100")
    n = sum(stacks_of_perf(hearth.tmp, other).values())
    os.unlink(copy)
    ours = stacks_of_hearth(read(hearth, other).stdout)
    assert sum(ours.values()) == n
    assert not OWN & {name for stack in ours for name in stack}


def test_an_unwinder_that_dies_costs_stacks_and_no_samples(hearth, recording):
    path, theirs = recording
    r = read(hearth, path, env={"HEARTH_FAILPOINT": "unwinder.answer=kill"})
    ours = stacks_of_hearth(r.stdout)
    assert sum(ours.values()) == sum(theirs.values())
    assert "[truncated: the unwinder was killed by signal" in r.stdout
    assert not any("main" in stack for stack in ours)
