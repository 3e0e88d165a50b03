# SPDX-License-Identifier: Apache-2.0
"""What the perf of the backports records, Hearth reads as that perf itself does: sample by sample."""
import os
import re
import shutil
import subprocess

import pytest

from hearth import Hearth
from recording import place

# Each a way to record, and whether it goes through a pipe.
WAYS = {
    "frame-pointers": (("-g",), False),
    "pipe": (("-g",), True),
    "compressed": (("-g", "-z"), False),
    "compressed-pipe": (("-g", "-z"), True),
    "no-stacks": ((), False),
    "fixed-period": (("-g", "-c", "2000000"), False),
    "whole-machine": (("-g", "-a"), False),
}
HEAD = re.compile(r"(\S.*?) +(-?\d+)/(-?\d+) +(?:\[(\d+)\] +)?(\d+\.\d+): +(\d+) (\S+): *(.*)")
SCRIPT = 'dd if=/dev/zero of=/dev/null bs=512 count=100000 2>/dev/null; timeout 1 "$1"'


@pytest.fixture(scope="module", params=WAYS)
def pair(request, tools, build, tmp_path_factory):
    """(what perf prints of its own file, what Hearth does)"""
    path, env = tools.perf()
    hearth = Hearth(build, tmp_path_factory.mktemp(request.param))
    args, is_pipe = WAYS[request.param]
    data = os.path.join(hearth.tmp, "theirs.data")
    demo = shutil.copy(hearth.demo, os.path.join(hearth.tmp, "interop-shop"))
    command = [path, "record", "-q", "-N", "-F", "997", "-e", "cpu-clock", *args, "-o", "-" if is_pipe else data,
               "--", "sh", "-c", SCRIPT, "sh", demo]
    if "-c" in args:
        command[command.index("-F"):command.index("-F") + 2] = []
    with open(data if is_pipe else os.devnull, "wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env, timeout=60)
    assert done.returncode in (0, 124, 143), done.stderr
    folder = os.path.join(hearth.tmp, "out")
    process, folder = hearth.record("--source", "profile-reader:file=" + data, "--sink", "script-writer:directory=" + folder)
    assert process.returncode == 0, process.stderr
    done = subprocess.run([path, "script", "-i", data, "--no-inline", "--max-stack", "1024", *fields(args)], capture_output=True,
                          text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(folder, "perf-script.txt")) as f:
        return blocks(done.stdout), blocks(f.read())


def fields(args):
    return ("-F", "+pid,+period,+dsoff" if "-g" in args else "comm,pid,tid,time,period,event,ip,sym,dso,dsoff")


def blocks(text):
    """{(tid, time): [comm, pid, period, event, places]}"""
    found = {}
    for block in text.strip("\n").split("\n\n" if "\n\t" in text else "\n"):
        head, *frames = block.split("\n")
        comm, pid, tid, _, time, period, event, frame = HEAD.fullmatch(head.strip()).groups()
        pid, tid = (str(int(number) % 2**32) for number in (pid, tid)) # -1, perf says of a thread that is no more
        frames = [place(line) for line in (["\t" + frame] if frame else frames) if "[truncated: " not in line]
        found[tid, time] = [comm, pid, period, event.rstrip(":"), frames]
    return found


def is_explained(ours, theirs):
    """perf drops a whole chain for an address that it takes for a marker, such as -1; in the middle of an exec it looks in
    the files of the program before, and at the end of a process in none."""
    return not theirs or (len(ours) == len(theirs) and
                          all(mine == perfs or "[unknown]" in (mine[1], perfs[1]) for mine, perfs in zip(ours, theirs)))


def test_every_sample_is_read_as_perf_reads_it(pair):
    theirs, ours = pair
    assert len(theirs) > 100 and ours.keys() == theirs.keys()
    for key, (comm, *rest) in ours.items():
        # Of a thread that is ending perf has forgotten the name, Hearth has not.
        assert theirs[key][0] in (comm, ":" + key[0]) and theirs[key][1:4] == rest[:3]
    others = [(ours[key][4], theirs[key][4]) for key in ours if ours[key][4] != theirs[key][4]]
    assert [both for both in others if not is_explained(*both)] == []
    assert len(others) <= 0.05 * len(ours)
