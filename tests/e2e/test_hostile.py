# SPDX-License-Identifier: Apache-2.0
"""Processes that lie about their files or damage them: they lose their own names at worst. Nothing hangs,
nothing crashes, nobody gets a name that is not his, and the other processes are named as ever."""
import os
import random
import shutil
import struct
import subprocess
import time

import pytest

from hearth import anonymous_kb, children_of, folded


class Victim:
    """A process that has loaded a copy of a library and waits to run in it."""

    def __init__(self, hearth, *args, prefix=()):
        workloads = os.path.join(hearth.build, "tests", "workloads")
        self.path = os.path.join(hearth.tmp, "libvictim.so")
        self.other = os.path.join(workloads, "libspin-b.so")
        shutil.copy(os.path.join(workloads, "libspin-a.so"), self.path)
        self.process = subprocess.Popen([*prefix, os.path.join(workloads, "hold"), self.path, *args], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ready = self.process.stdout.readline()
        assert self.ready.startswith("ready"), self.ready

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def victim(hearth):
    made = []

    def make(*args, **kwargs):
        made.append(Victim(hearth, *args, **kwargs))
        return made[-1]

    yield make
    for v in made:
        v.stop()


def record_both(hearth, load):
    """The rows of the hostile process, after those of the demo have been found to be right."""
    load.demo()
    began = time.monotonic()
    process, folder = hearth.record("-d", "3", timeout=30)
    assert process.returncode == 0, process.stderr
    assert time.monotonic() - began < 12, "took %.1f s" % (time.monotonic() - began)
    rows = folded(folder)
    demo = [(frames, n) for frames, n in rows if frames[0] == "hearth-demo"]
    named = sum(n for frames, n in demo if frames[-1] in ("hash_block", "compare_prices", "scan_token"))
    assert named > 0.95 * sum(n for _, n in demo) > 500
    mine = [(frames, n) for frames, n in rows if frames[0] == "hold"]
    assert sum(n for _, n in mine) > 500
    return mine


def assert_never_of_the_other(rows):
    wrong = [row for row in rows if any("spin_b" in f for f in row[0])]
    assert not wrong, wrong[:3]


def swap_for_fifo(v):
    os.unlink(v.path)
    os.mkfifo(v.path)


def swap_for_link(v):
    os.unlink(v.path)
    os.symlink("/etc/shadow", v.path)


def swap_for_endless_device(v):
    os.unlink(v.path)
    os.symlink("/dev/zero", v.path)


def swap_for_folder(v):
    os.unlink(v.path)
    os.mkdir(v.path)


def swap_for_another_library(v):
    shutil.copy(v.other, v.path + ".new")
    os.rename(v.path + ".new", v.path)


def delete(v):
    os.unlink(v.path)


@pytest.mark.slow
@pytest.mark.sanitizers
@pytest.mark.parametrize("change", [swap_for_fifo, swap_for_link, swap_for_endless_device, swap_for_folder,
                                    swap_for_another_library, delete], ids=lambda f: f.__name__)
def test_file_that_is_no_longer_what_is_mapped(hearth, load, victim, change):
    v = victim()
    change(v)
    v.go()
    rows = record_both(hearth, load)
    assert_never_of_the_other(rows)
    # The kernel still has the file that is mapped, and the opener gets it from there.
    named = sum(n for frames, n in rows if "library_spin_a" in frames)
    assert named > 0.9 * sum(n for _, n in rows), rows[:5]


@pytest.mark.slow
def test_mount_namespace_that_shows_another_file(hearth, load, victim):
    v = victim(prefix=["unshare", "--mount", "--propagation", "private"])
    subprocess.run(["nsenter", "-t", str(v.process.pid), "-m", "mount", "--bind", v.other, v.path], check=True)
    v.go()
    assert_never_of_the_other(record_both(hearth, load))


def section_headers(elf):
    offset, = struct.unpack_from("<Q", elf, 0x28)
    size, count, names = struct.unpack_from("<HHH", elf, 0x3a)
    return offset, size, count


def damage_sizes(elf, rng):
    offset, size, count = section_headers(elf)
    for i in range(count):
        struct.pack_into("<QQ", elf, offset + i * size + 0x18, rng.choice([0, len(elf) - 8, 1 << 40, (1 << 64) - 64]),
                         rng.choice([0, 1, 1 << 31, 1 << 50, (1 << 64) - 1]))


def damage_header(elf, rng):
    struct.pack_into("<Q", elf, 0x28, rng.choice([1, len(elf) - 1, 1 << 62]))
    struct.pack_into("<HHH", elf, 0x3a, rng.randrange(65536), 65535, 65535)


def damage_links(elf, rng):
    offset, size, count = section_headers(elf)
    for i in range(count):  # link, info, alignment, entry size
        struct.pack_into("<IIQQ", elf, offset + i * size + 0x28, rng.randrange(1 << 32), rng.randrange(1 << 32), 0, rng.choice([0, 1, 1 << 60]))


def damage_symbols(elf, rng):
    """Symbols that cover everything, with names behind the end."""
    offset, size, count = section_headers(elf)
    for i in range(count):
        kind, = struct.unpack_from("<I", elf, offset + i * size + 4)
        at, length = struct.unpack_from("<QQ", elf, offset + i * size + 0x18)
        if kind in (2, 11):
            for s in range(at + 24, at + length, 24):
                struct.pack_into("<IBBHQQ", elf, s, rng.choice([0xffffffff, 1 << 20]), 0x12, 0, 1, 0, (1 << 64) - 1)


def damage_everything_behind_the_code(elf, rng):
    offset, size, count = section_headers(elf)
    for at in range(offset, offset + size * count):
        elf[at] = rng.randrange(256)


@pytest.mark.slow
@pytest.mark.sanitizers
@pytest.mark.parametrize("damage", [damage_sizes, damage_header, damage_links, damage_symbols, damage_everything_behind_the_code],
                         ids=lambda f: f.__name__)
def test_crafted_elf_costs_its_own_names_only(hearth, load, victim, damage):
    v = victim()
    with open(v.path, "r+b") as f:  # in place: the file that is mapped
        elf = bytearray(f.read())
        damage(elf, random.Random(damage.__name__))
        f.seek(0)
        f.write(elf)
    v.go()
    assert_never_of_the_other(record_both(hearth, load))


@pytest.mark.slow
def test_tens_of_thousands_of_mappings(hearth, load, victim):
    v = victim("50000")
    assert int(v.ready.split()[1]) == 50000
    v.go()
    load.demo()
    began = time.monotonic()
    p = hearth.start("record", "-d", "4", "-o", "out")
    peak = 0
    while p.poll() is None:
        try:
            peak = max(peak, sum(anonymous_kb(pid) for pid in (p.pid, *children_of(p.pid))))
        except (OSError, TypeError):
            pass
        time.sleep(0.1)
    assert p.returncode == 0, p.stderr.read()
    assert time.monotonic() - began < 15
    assert 0 < peak < 64 << 10, "%d KiB" % peak
    rows = folded(os.path.join(hearth.tmp, "out"))
    assert sum(n for frames, n in rows if frames[-1] == "hash_block") > 200
    assert sum(n for frames, n in rows if frames[0] == "hold") > 500
