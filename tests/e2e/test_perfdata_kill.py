# SPDX-License-Identifier: Apache-2.0
"""The writer is killed at one of its system calls: perf reads what is there up to the last window that
was committed, the next writer completes what was begun, and no sample is lost or there twice.

The source is fake-stacks, so that every run makes the same calls; strace says which were made."""
import os
import re
import subprocess

import pytest

import fake_stacks

WINDOWS, SAMPLES = 6, 40  # of each window; three windows fill a file
LONG = bool(os.environ.get("HEARTH_LONG"))

# (call, which of them): one of each kind of moment; HEARTH_LONG tries every one there is.
PLAIN = {"openat": (3, 5), "flock": (1,), "pwrite64": (1, 2, 5, 6, 8, 11, 12, 15, 20), "fdatasync": (1, 2), "linkat": (1, 2), "unlinkat": (1, 2), "fsync": (1,)}
ZSTD = {"openat": (6,), "write": (1,), "fdatasync": (2,), "linkat": (1,), "unlinkat": (1, 2, 3), "fsync": (1,)}


def moments(calls, compress):
    return [(compress, call, n) for call, some in calls.items() for n in (range(1, 45) if LONG else some)]


def record(hearth, folder, path, compress, prefix=()):
    sink = "perfdata-writer:rotate_size=10KiB,directory=%s,compress=%s" % (folder, compress)
    r = hearth.run("record", "-o", os.path.join(hearth.tmp, "out"), "--force", "--source", "fake-stacks:batch=1,seconds=1,path=" + path,
                   "--sink", sink, "--set", "plugin_dirs=%s,%s" % (os.path.join(hearth.build, "plugins"), hearth.fakes), prefix=prefix)
    return r.returncode


def samples(path):
    """What perf finds in a file; a compressed one is unpacked by zstd."""
    if path.endswith(".zst"):
        subprocess.run(["zstd", "-q", "-d", "-f", path, "-o", path + ".plain"], check=True)
        n = samples(path + ".plain")
        os.unlink(path + ".plain")
        return n
    r = subprocess.run(["perf", "script", "-i", path, "-G", "-F", "comm,event"], capture_output=True, text=True)
    assert r.returncode == 0 and not r.stderr.strip(), (path, r.stderr)
    return len([line for line in r.stdout.splitlines() if line.strip()])


def committed(trace):
    """(windows that the header of a file has been told of, and one more if the last call was about that)."""
    commits = re.findall(r'pwrite64\(\d+<[^>]*\.perf\.data\.part>, .*, 8, 48(?:\) += (8|\?))?', trace)
    sure = len([result for result in commits if result == "8"])
    return min(sure, WINDOWS), min(len(commits), WINDOWS)  # the last batch of the source is empty


def what_is_left(folder):
    """Samples of all files, each once: a file may have both of its names, or its compressed copy beside it."""
    found, seen = 0, set()
    for name in sorted(os.listdir(folder), key=lambda name: name.endswith(".part")):
        path = os.path.join(folder, name)
        inode = os.stat(path).st_ino
        is_copied = name.endswith(".part") and os.path.exists(os.path.join(folder, name[1:-len(".part")] + ".zst"))
        if inode in seen or is_copied or name.endswith(".zst.part"):
            continue
        seen.add(inode)
        with open(path, "rb") as f:
            header = f.read(104)
        is_empty = name.endswith(".part") and header[48:56].strip(b"\0") == b""  # no window was committed
        found += 0 if is_empty else samples(path)
    return found


@pytest.mark.parametrize("compress,call,n", moments(PLAIN, "none") + moments(ZSTD, "zstd"), ids=lambda x: str(x))
def test_killed_at_a_system_call(hearth, compress, call, n):
    folder = os.path.join(hearth.tmp, "series")
    rows = [fake_stacks.Stack(100 + i, 100 + i, "prog%d" % i, "prog%d" % i, "", SAMPLES, ("outer_[k]", "inner_[k]")) for i in range(WINDOWS)]
    path = fake_stacks.write(os.path.join(hearth.tmp, "stacks.txt"), rows)
    nothing = fake_stacks.write(os.path.join(hearth.tmp, "none.txt"), [])
    trace = os.path.join(hearth.tmp, "trace")
    names = ["hearth-%s-20260921T141320Z%s" % (os.uname().nodename, again) for again in ("", "-2", "-3")]
    paths = [folder] + [os.path.join(folder, "." + name + end) for name in names for end in (".perf.data.part", ".perf.data.zst.part")]
    status = record(hearth, folder, path, compress, prefix=(
        "strace", "-f", "-qq", "-y", "-o", trace, "-e", "trace=pwrite64," + call, "-e", "signal=none",
        *(word for p in paths for word in ("-P", p)), "-e", "inject=%s:signal=KILL:when=%d" % (call, n)))
    with open(trace) as f:
        least, most = committed(f.read())
    if not LONG:
        assert status != 0, "there is no such call"
    before = what_is_left(folder)
    assert record(hearth, folder, nothing, compress) == 0
    after = sorted(os.listdir(folder))
    assert all(re.fullmatch(r"[^.].*Z(-\d)?\.perf\.data" + (r"\.zst" if compress == "zstd" else ""), name) for name in after), after
    found = sum(samples(os.path.join(folder, name)) for name in after)
    assert found == before and found % SAMPLES == 0 and least <= found // SAMPLES <= most, (least, most, found, before)
