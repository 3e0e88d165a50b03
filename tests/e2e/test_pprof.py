# SPDX-License-Identifier: Apache-2.0
"""protobuf's own decoder reads what pprof-writer writes, and finds in it what Hearth's other outputs
of the same recording say; folded stacks come back from pprof as they went in."""
import collections
import gzip
import importlib
import os
import random
import re
import resource
import subprocess
import sys

import pytest

from hearth import Hearth, Load, folded, summary

ROOT = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def decode(tmp_path_factory):
    """decode(path): a Profile as protoc's code reads it."""
    folder = str(tmp_path_factory.mktemp("proto"))
    subprocess.run(["protoc", "-I", ROOT, "--python_out", folder, "profile.proto"], check=True)
    sys.path.insert(0, folder)
    messages = importlib.import_module("profile_pb2")
    sys.path.remove(folder)

    def read(path):
        with gzip.open(path) as f:
            return messages.Profile.FromString(f.read())

    return read


class Read:
    """A profile with its references resolved. That they resolve, and once each, is asserted."""

    def __init__(self, profile):
        self.profile, self.strings = profile, profile.string_table
        assert self.strings[0] == ""
        self.mappings, self.locations, self.functions = (
            {row.id: row for row in rows} for rows in (profile.mapping, profile.location, profile.function))
        assert 0 not in self.mappings and 0 not in self.locations and 0 not in self.functions
        assert len(self.mappings) == len(profile.mapping) and len(self.locations) == len(profile.location)
        assert len(self.functions) == len(profile.function)
        self.types = [(self.strings[t.type], self.strings[t.unit]) for t in profile.sample_type]
        assert all(len(s.value) == len(self.types) for s in profile.sample)

    def file(self, location):
        return self.strings[self.mappings[location.mapping_id].filename] if location.mapping_id else ""

    def frames(self, sample):
        """Root first, as folded stacks spell them; a frame without a name is its file."""
        for id in reversed(sample.location_id):
            location = self.locations[id]
            file = self.file(location)
            suffix = {"[kernel.kallsyms]": "_[k]", "[jit]": "_[j]"}.get(file, "")
            for line in reversed(location.line):
                yield self.strings[self.functions[line.function_id].name].replace(";", ":") + suffix
            if not location.line:
                yield os.path.basename(file) or "[unknown]"

    def labels(self, sample):
        labels = {self.strings[x.key]: self.strings[x.str] if x.str else x.num for x in sample.label}
        assert len(labels) == len(sample.label)
        return labels


@pytest.fixture(scope="module")
def recorded(request, tmp_path_factory, decode):
    hearth = Hearth(os.path.abspath(request.config.getoption("--build")), tmp_path_factory.mktemp("pprof"))
    load = Load(hearth)
    try:
        pids = {"hearth-demo": load.demo(), "openssl": load.openssl(), "gzip": load.gzip()}
        folder = os.path.join(hearth.tmp, "out")
        process, folder = hearth.record("-d", 3, "--sink", "pprof-writer:directory=%s" % folder)
    finally:
        load.stop()
    assert process.returncode == 0, process.stderr
    return {"hearth": hearth, "folder": folder, "pids": pids, "path": os.path.join(folder, "profile.pb.gz"),
            "read": Read(decode(os.path.join(folder, "profile.pb.gz")))}


def test_samples_and_their_time_are_those_of_the_recording(recorded):
    read, told = recorded["read"], summary(recorded["folder"])
    assert read.types == [("samples", "count"), ("cpu", "nanoseconds")]
    assert read.strings[read.profile.default_sample_type] == "cpu"
    counts, times = (sum(s.value[i] for s in read.profile.sample) for i in (0, 1))
    assert counts == told["samples"]["delivered"]
    assert times == counts * read.profile.period
    assert 2e9 < read.profile.duration_nanos < 10e9


def without_addresses(frames):
    """What has no name is called by its file and address, or by its file alone: "[libz.so.1]"."""
    return tuple(re.sub(r"^\[(.+\.so.*)\]$", r"\1", re.sub(r"^(.+)\+0x[0-9a-f]+(_\[k\])?$", r"\1\2", f)) for f in frames)


def test_stacks_equal_those_of_the_folded_file(recorded):
    """But for names of what has none: there pprof has an address and folded stacks a text."""
    read = recorded["read"]
    mine, theirs = collections.Counter(), collections.Counter()
    for sample in read.profile.sample:
        mine[without_addresses((read.labels(sample)["comm"], *read.frames(sample)))] += sample.value[0]
    for frames, n in folded(recorded["folder"]):
        theirs[without_addresses(frames)] += n
    mine, theirs = ({stack: n for stack, n in rows.items() if stack[0] in recorded["pids"]} for rows in (mine, theirs))
    assert sum(mine.values()) > 100
    assert mine == theirs


def test_labels_tell_whose_a_sample_is(recorded):
    read = recorded["read"]
    for comm, pid in recorded["pids"].items():
        found = {(x["pid"], x["thread_comm"]) for x in map(read.labels, read.profile.sample) if x["comm"] == comm}
        assert (pid, comm) in found, (comm, found)


def test_addresses_are_those_of_the_files(recorded):
    """In its mapping, and in the function that nm puts there; a caller's lies inside its call."""
    read, demo = recorded["read"], os.path.realpath(recorded["hearth"].demo)
    symbols = {}
    for line in subprocess.run(["nm", "-S", demo], capture_output=True, text=True, check=True).stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tT":
            symbols[words[3]] = range(int(words[0], 16), int(words[0], 16) + int(words[1], 16))
    checked = 0
    for location in read.profile.location:
        if read.file(location) == demo and location.line:
            name = read.strings[read.functions[location.line[-1].function_id].name]
            if name in symbols:
                assert location.address in symbols[name], name
                checked += 1
    assert checked > 3
    for location in read.profile.location:
        mapping = read.mappings.get(location.mapping_id)
        if mapping and mapping.memory_limit:
            assert mapping.memory_start <= location.address < mapping.memory_limit, read.file(location)


def test_mappings_tell_file_offset_and_build_id(recorded):
    read, demo = recorded["read"], os.path.realpath(recorded["hearth"].demo)
    mapping, = {m.id: m for m in read.profile.mapping if read.strings[m.filename] == demo}.values()
    notes = subprocess.run(["readelf", "-n", demo], capture_output=True, text=True, check=True).stdout
    assert read.strings[mapping.build_id] == re.search("Build ID: ([0-9a-f]+)", notes).group(1)
    headers = subprocess.run(["readelf", "-lW", demo], capture_output=True, text=True, check=True).stdout
    offset, vaddr = (int(x, 16) for x in re.search(r"LOAD +(0x\w+) (0x\w+) \S+ \S+ \S+ R E", headers).groups())
    assert mapping.memory_start - mapping.file_offset == vaddr - offset
    assert mapping.has_functions


def test_a_program_that_has_most_samples_is_the_first_mapping(hearth, decode):
    folder = os.path.join(hearth.tmp, "out")
    process, _ = hearth.record("--sink", "pprof-writer:directory=%s" % folder, "--", "openssl", "speed", "-seconds", "1", "-evp", "sha256")
    assert process.returncode == 0, process.stderr
    read = Read(decode(os.path.join(folder, "profile.pb.gz")))
    assert os.path.basename(read.strings[read.profile.mapping[0].filename]) == "openssl"


# ---- and back ----

def convert(hearth, source, target, *args):
    done = hearth.run("convert", source, target, *args)
    assert done.returncode == 0, done.stderr
    return done


def merged(path):
    rows = collections.Counter()
    with open(path, encoding="utf-8") as f:
        for line in f:
            stack, count = line.rstrip("\n").rsplit(" ", 1)
            rows[stack] += int(count)
    return rows


NAMES = ["main", "operator new(unsigned long)", "core::<T as U>::get", "naïve", "名前", "f 12", "12", "a:b", "x_[k", " lead", "trail ",
         "[unknown]", "quote\"s", "back\\slash", "100%", "inl_[i]", "vfs_read_[k]", "Main::run_[j]", "[unknown]_[k]", "<lambda>", "#hash"]


def random_stacks(seed):
    r = random.Random(seed)
    yield "sh;plain 1"  # a file all of whose lines seem to have two counts is a comparison
    for _ in range(400):
        comm = r.choice(["sh", "my shell", "7", "naïve", "[unknown]", "kworker/0:1_[k]"])
        cut = ["[truncated: no frame pointers]"] * (r.random() < 0.1)
        frames = [r.choice(NAMES) for _ in range(r.randrange(12))]
        yield "%s %d" % (";".join([comm] + cut + frames), r.choice([1, 2, 99, 10**6, 2**40]))


@pytest.mark.parametrize("seed", range(3))
def test_folded_stacks_come_back_from_pprof_as_they_were(hearth, seed):
    hearth.write("in.folded", "\n".join(random_stacks(seed)) + "\n")
    convert(hearth, "in.folded", "between.pb.gz")
    convert(hearth, "between.pb.gz", "out.folded")
    mine, theirs = (merged(os.path.join(hearth.tmp, name)) for name in ("out.folded", "in.folded"))
    assert mine == theirs


def test_an_empty_name_comes_back_as_unknown(hearth):
    hearth.write("in.folded", "sh;a;;b 3\n;x 4\n")
    convert(hearth, "in.folded", "between.pb.gz")
    convert(hearth, "between.pb.gz", "out.folded")
    assert merged(os.path.join(hearth.tmp, "out.folded")) == {"sh;a;[unknown];b": 3, "[unknown];x": 4}


def test_a_recording_comes_back_from_pprof(recorded):
    hearth = recorded["hearth"]
    convert(hearth, recorded["path"], "again.folded")
    # A caller without a name is called by its address, which is that of the call now. Of other programs,
    # which come and go, names may be found now that were not then.
    plain = [collections.Counter(), collections.Counter()]
    for rows, path in zip(plain, ("again.folded", os.path.join(recorded["folder"], "stacks.folded"))):
        for stack, n in merged(os.path.join(hearth.tmp, path)).items():
            if stack.split(";")[0] in recorded["pids"]:
                rows[without_addresses(stack.split(";"))] += n
    assert sum(plain[0].values()) > 100
    assert plain[0] == plain[1]


def test_a_bomb_is_refused_in_bounded_memory(hearth):
    """A field of 300 MiB that no version knows, in 300 KiB."""
    head = bytes([0x0a, 0x04, 0x08, 0x01, 0x10, 0x02])
    field = bytes([0xfa, 0x01, 0x80, 0x80, 0x80, 0x96, 0x01])  # 31, 300 MiB long
    path = os.path.join(hearth.tmp, "bomb.pb.gz")
    with gzip.open(path, "wb", compresslevel=6) as f:
        f.write(head + field)
        for _ in range(300):
            f.write(bytes(1 << 20))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = hearth.run("convert", path, "out.folded")
    assert done.returncode == 1 and "unpacks to more than 256 MiB" in done.stderr, done.stderr
    assert max(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, before) < 700 << 10


def test_a_comparison_says_what_it_is(hearth):
    hearth.write("diff.folded", "sh;a 3 4\nsh;b 1 0\n")
    done = hearth.run("convert", "diff.folded", "out.pb.gz")
    assert done.returncode == 1 and "two counts, as difffolded.pl writes them" in done.stderr, done.stderr
