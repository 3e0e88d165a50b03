# SPDX-License-Identifier: Apache-2.0
"""The Firefox Profiler's own importer, in its command-line form, reads our perf-script text."""
import collections
import contextlib
import json
import os
import re
import signal
import subprocess
import time

import pytest

from tools import program


class Profiler:
    """profiler-cli, which answers from a process of its own that has the profile loaded."""

    def __init__(self, folder, sessions):
        self.script = os.path.join(folder, "dist/profiler-cli.js")
        # Names are in the text; no symbol server is to be asked.
        self.env = dict(os.environ, PROFILER_CLI_SESSION_DIR=sessions, PROFILER_CLI_NO_SYMBOLICATE="1",
                        PROFILER_CLI_LOAD_TIMEOUT_MS="60000")

    def run(self, *args):
        return subprocess.run(["nice", "-n", "-15", program("node"), self.script, *args], capture_output=True, text=True, timeout=120, env=self.env)

    def load(self, path):
        """Its process has half a second to come up in, which a busy machine does not always give: another one may."""
        end = time.monotonic() + 60
        done = None
        while not done or time.monotonic() < end:
            done = self.run("load", path)
            late = re.search(r"as pid (\d+)", done.stderr)
            if late:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(late.group(1)), signal.SIGTERM)
            elif done.returncode == 0:
                return
        raise AssertionError(done.stderr)

    def ask(self, *args):
        done = self.run(*args, "--json")
        assert done.returncode == 0, (args, done.stderr)
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def profile(tools, recorded, tmp_path_factory):
    """profile(arguments…): the JSON that it answers about the loaded text."""
    profiler = Profiler(tools.node_module("@firefox-devtools/profiler-cli"), str(tmp_path_factory.mktemp("sessions")))
    profiler.load(recorded.path("perf-script.txt"))
    yield profiler.ask
    profiler.run("stop", "--all")


@pytest.fixture(scope="module")
def threads(profile):
    """{(pid, tid): [handles]}"""
    found = collections.defaultdict(list)
    for process in profile("profile", "info", "--all")["processes"]:
        for thread in process["threads"]:
            found[int(process["pid"]), int(thread["tid"])].append(thread["threadHandle"])
    return dict(found)


def ours_by_thread(recorded):
    found = collections.defaultdict(list)
    for comm, pid, tid, frames in recorded.blocks():
        found[int(pid), int(tid)].append((comm, frames))
    return found


def test_it_finds_every_thread(threads, recorded):
    assert threads.keys() == ours_by_thread(recorded).keys()


def test_it_counts_the_samples_of_each_program(profile, threads, recorded):
    for who, blocks in ours_by_thread(recorded).items():
        if blocks[-1][0] in recorded.COMMS:
            assert sum(profile("thread", "info", "--thread", t)["sampleCount"] for t in threads[who]) == len(blocks), who


def counts_of(blocks):
    """{function: (samples of its own, samples in which it is)}, as the importer names them."""
    own, total = collections.Counter(), collections.Counter()
    for _, frames in blocks:
        names = [(re.sub(r"\+0x[0-9a-f]+$", "", symbol), file) for _, symbol, file in frames]
        own[names[0]] += 1
        for name in set(names):
            total[name] += 1
    return {name: (own[name], total[name]) for name in total}


def test_it_counts_the_samples_of_each_function(profile, threads, recorded):
    for who, blocks in ours_by_thread(recorded).items():
        if blocks[-1][0] not in recorded.COMMS:
            continue
        handle, = threads[who]
        rows = profile("thread", "functions", "--thread", handle, "--limit", "0")["functions"]
        theirs = {(row["name"], row.get("library", "")): (row["selfSamples"], row["totalSamples"]) for row in rows}
        mine = counts_of(blocks)
        assert len(mine) > 5
        assert {name: theirs.get(name) for name in mine} == mine, who
