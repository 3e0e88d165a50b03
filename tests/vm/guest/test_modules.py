# SPDX-License-Identifier: Apache-2.0
"""Code of kernel modules: whose name an address gets, when modules come, go and take each other's
place. Judged by /proc/kallsyms and /proc/modules as this file reads them."""
import bisect
import collections
import json
import os
import subprocess
import sys
import time

import pytest

from hearth import folded, summary, wait_for, whole_lines
from recordings import LATE, record_named

CIPHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cipher.py")
HELPERS = ("algif_skcipher", "ecb")  # what a program reaches ciphers by
# A cipher and the module that brings it. Of some there are faster modules as well, which stay out.
CIPHERS = {"camellia-generic": "camellia_generic", "serpent-generic": "serpent_generic"}


def modprobe(*argv):
    subprocess.run(["modprobe", *argv], check=True)


def modules():
    """{name: (address, size)} of what is loaded."""
    with open("/proc/modules") as f:
        rows = [line.split() for line in f]
    return {row[0]: (int(row[5], 16), int(row[1])) for row in rows}


class Kallsyms:
    """The kernel's symbols as text, looked up in the plainest way."""

    def __init__(self):
        self.addresses, self.names = [], collections.defaultdict(set)
        with open("/proc/kallsyms") as f:
            for line in f:
                address, kind, name, *module = line.split()
                if kind in "tTwW":
                    self.names[int(address, 16)].add(" ".join([name, *module]))
        self.addresses = sorted(self.names)

    def names_of(self, address):
        i = bisect.bisect_right(self.addresses, address)
        return self.names[self.addresses[i - 1]] if i else set()


@pytest.fixture
def ciphers(load):
    """No module of a cipher is loaded; starts a program that keeps one busy."""
    for name in HELPERS:
        modprobe(name)
    unload(load)

    def start(name):
        load.start(sys.executable, CIPHER, name)

    yield start
    unload(load)


def unload(load):
    """Ends the load, and takes out the modules that it used."""
    load.stop()
    for name in CIPHERS.values():
        if name in modules():
            wait_for("%s to be free" % name, lambda: subprocess.run(["rmmod", name]).returncode == 0)


def frames_of(path, comm):
    """[(frame, samples)] of a program, of all windows that debug-json wrote."""
    found = []
    for batch in map(json.loads, whole_lines(path)):
        if "samples" not in batch:
            continue
        counts = collections.Counter(s["stack"] for s in batch["samples"] if s["comm"] == comm[:15])
        for stack, n in counts.items():
            found += [(batch["frames"][i], n) for i in batch["stacks"][stack]["frames"]]
    return found


def names_of(path, comm):
    """{name of a kernel function: samples}; None: those that were looked up and have none."""
    found = collections.Counter()
    for frame, n in frames_of(path, comm):
        if frame["kind"] == "kernel" and not LATE.search(frame["cause"] or ""):
            found[frame["lines"][0]["function"] if frame["lines"] else None] += n
    return found


def of_module(names, module):
    return sum(n for name, n in names.items() if name and name.endswith(" [%s]" % module))


def test_functions_of_a_module_read_as_kallsyms_has_them(hearth, ciphers):
    modprobe("camellia_generic")
    ciphers("camellia-generic")
    output = os.path.join(hearth.tmp, "lines.json")
    _, folder = record_named(hearth, "-d", 3, "--sink", "debug-json:output=%s,samples=true" % output, appends_to=output)
    symbols, wrong, names = Kallsyms(), [], collections.Counter()
    for frame, n in frames_of(output, "camellia-generic"):
        if frame["kind"] == "kernel":
            address = int(frame["address"], 16) - frame["is_return"]
            name = frame["lines"][0]["function"] if frame["lines"] else None
            names[name] += n
            if name not in symbols.names_of(address):
                wrong.append((hex(address), name, symbols.names_of(address)))
    assert not wrong, wrong[:5]
    assert of_module(names, "camellia_generic") > 50, names.most_common(10)
    assert of_module(names, "algif_skcipher") > 0, names.most_common(40)
    leaves = collections.Counter()
    for frames, n in folded(folder):
        if frames[0] == "camellia-generi":
            leaves[frames[-1]] += n
    top = leaves.most_common(1)[0][0]
    assert top.startswith("camellia_") and top.endswith(" [camellia_generic]_[k]"), leaves.most_common(5)


@pytest.fixture
def watched(agent, hearth):
    """An agent with windows of a second whose samples go to a file."""
    output = os.path.join(hearth.tmp, "lines.json")
    a = agent({"plugins": {"cpu-sampler": {"frequency": 199, "window": "1s"}, "symbolizer": {},
                           "debug-json": {"output": output, "samples": True}}})
    wait_for("the sampler", lambda: a.instance("cpu-sampler")["state"] == "running", 30)
    wait_for("a window", lambda: os.path.exists(output) and os.path.getsize(output), 30)
    return output


def test_module_that_is_loaded_meanwhile_has_names_at_once(watched, ciphers, load):
    load.system_calls()
    wait_for("names of the kernel", lambda: names_of(watched, "dd").total() > 20, 30)
    modprobe("serpent_generic")
    ciphers("serpent-generic")
    wait_for("names of the module", lambda: of_module(names_of(watched, "serpent-generic"), "serpent_generic") > 50, 60)
    names = names_of(watched, "serpent-generic")
    assert names[None] <= 0.01 * names.total(), names.most_common(10)


def test_module_in_the_place_of_another_is_told_apart(watched, ciphers, load):
    modprobe("camellia_generic")
    before = modules()["camellia_generic"]
    ciphers("camellia-generic")
    wait_for("names of the first", lambda: of_module(names_of(watched, "camellia-generic"), "camellia_generic") > 50, 60)
    unload(load)
    time.sleep(3)  # names are looked up at the end of a window: the first one's samples come to theirs
    modprobe("serpent_generic")
    after = modules()["serpent_generic"]
    assert after[0] < before[0] + before[1] and before[0] < after[0] + after[1], "it is not in the other's place: %s" % modules()
    ciphers("serpent-generic")
    wait_for("names of the second", lambda: of_module(names_of(watched, "serpent-generic"), "serpent_generic") > 50, 60)
    names = names_of(watched, "serpent-generic")
    assert of_module(names, "camellia_generic") == 0, names.most_common(10)


def test_module_that_is_gone_leaves_its_samples_and_no_harm(hearth, ciphers, load):
    modprobe("camellia_generic")
    ciphers("camellia-generic")
    recording = hearth.start("record", "-d", 6, "-o", "out")
    assert "recording" in recording.stderr.readline()
    time.sleep(2)
    unload(load)
    assert "camellia_generic" not in modules()
    _, err = recording.communicate(timeout=60)
    assert recording.returncode == 0, err
    folder = os.path.join(hearth.tmp, "out")
    assert not summary(folder)["samples"]["lost"]
    mine = [(frames, n) for frames, n in folded(folder) if frames[0] == "camellia-generi"]
    assert sum(n for _, n in mine) > 10
    strange = {f for frames, _ in mine for f in frames if "[" in f and f.endswith("]_[k]")
               and not f.endswith(tuple(" [%s]_[k]" % m for m in ("camellia_generic", *modules())))}
    assert not strange, strange
