# SPDX-License-Identifier: Apache-2.0
"""`go tool pprof` and speedscope's reader of its format find in profile.pb.gz what is in the folded stacks."""
import collections
import os
import re
import subprocess

import pytest

from recording import functions

SAMPLE = re.compile(r" +(\d+) +(\d+): ([\d ]+)")
LOCATION = re.compile(r" +(\d+): 0x[0-9a-f]+ (?:M=(\d+) )?(?:\[F\] )?(.*)")
LINE = re.compile(r"(.*?) \S*:\d+:\d+ s=\d+(?:\(.*\))?")
MAPPING = re.compile(r"(\d+): \S+ (\S+).*")


@pytest.fixture(scope="module")
def pprof(tools, recorded):
    """pprof(arguments…): what `go tool pprof` prints about the file."""
    go, env = tools.go()

    def run(*args):
        done = subprocess.run([go, "tool", "pprof", "-symbolize=none", *args, recorded.path("profile.pb.gz")], capture_output=True,
                              text=True, timeout=120, env=dict(env, PPROF_TMPDIR=recorded.folder))
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


@pytest.fixture(scope="module")
def raw(pprof):
    """{comm: Counter of stacks}, root first, of what -raw prints; unnamed frames are "[file]"."""
    head, rest = pprof("-raw").split("\nSamples:\n")
    samples, rest = rest.split("\nLocations\n")
    locations, mappings = rest.split("\nMappings\n")
    files = {m.group(1): m.group(2) for m in map(MAPPING.fullmatch, mappings.splitlines()) if m}
    names = names_of(locations, files)
    found = collections.defaultdict(collections.Counter)
    assert samples.splitlines()[0].split() == ["samples/count", "cpu/nanoseconds[dflt]"], head
    stack = None
    for line in samples.splitlines()[1:]:
        sample = SAMPLE.fullmatch(line.rstrip())
        if sample:
            n, stack = int(sample.group(1)), [name for i in sample.group(3).split() for name in names[i]]
        elif stack is not None and "comm:[" in line:
            comm = re.search(r"(?:^| )comm:\[(.*?)\](?: |$)", line).group(1)
            found[comm][tuple(name for name in reversed(stack) if not name.startswith("[truncated: "))] += n
            stack = None
    return found


def names_of(locations, files):
    """{number: [names]}, innermost first."""
    names = {}
    for line in locations.splitlines():
        location = LOCATION.fullmatch(line)
        text = location.group(3) if location else line.strip()
        if location:
            current = names[location.group(1)] = []
        named = LINE.fullmatch(text)
        current.append(named.group(1) if named else "[%s]" % os.path.basename(files.get(location.group(2), "unknown")))
    return names


def test_its_stacks_are_those_of_the_folded_file(raw, recorded):
    for comm in recorded.COMMS:
        mine = recorded.stacks(comm)
        assert sum(mine.values()) > 100 and mine == raw[comm], comm


def test_it_counts_every_sample(raw, recorded):
    assert sum(sum(stacks.values()) for stacks in raw.values()) == recorded.delivered


def test_its_table_has_our_figures(pprof, recorded):
    shop = recorded.COMMS[0]
    text = pprof("-top", "-sample_index=samples", "-tagfocus=comm=%s" % shop, "-nodecount=100000", "-nodefraction=0", "-edgefraction=0")
    rows = (re.fullmatch(r" *(\d+) +[\d.]+% +[\d.]+% +(\d+) +[\d.]+%  (\S+)", line) for line in text.splitlines())
    theirs = {row.group(3): (int(row.group(1)), int(row.group(2))) for row in rows if row}
    total, own = functions(recorded.stacks(shop))
    named = {name: (own[name], n) for name, n in total.items() if re.fullmatch(r"\w+", name)}
    assert len(named) > 10
    assert {name: theirs.get(name) for name in named} == named
