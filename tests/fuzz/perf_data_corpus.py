#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the corpus of fuzz-perf_data: small recordings as perf lays them out, with everything in
them that the reader looks at. plugins/profile-reader/test_perf.c reads two of them too."""
import os
import struct
import subprocess
import sys

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus/perf_data")
IP, TID, TIME, CALLCHAIN, CPU, PERIOD, IDENTIFIER = 1, 2, 4, 32, 128, 256, 1 << 16
REGS_USER, STACK_USER, READ, RAW, BRANCH_STACK = 1 << 12, 1 << 13, 16, 1 << 10, 1 << 11
BASE = IP | TID | TIME | CALLCHAIN | CPU | PERIOD | IDENTIFIER
KERNEL, USER = 1, 2
CONTEXT_KERNEL, CONTEXT_USER = 2**64 - 128, 2**64 - 512
KERNEL_TEXT = 0xffffffff81000000


def attr(kind, config, sample_type=BASE, size=128, flags=0, regs=0):
    # freq, mmap, comm, task, sample_id_all, mmap2, use_clockid
    bits = 1 << 8 | 1 << 9 | 1 << 10 | 1 << 13 | 1 << 18 | 1 << 23 | 1 << 25 | flags
    head = struct.pack("<IIQQQQQIIQQQQIiQ", kind, size, config, 1000, sample_type, 4, bits, 0, 0, 0, 0, 0, regs, 1024, 1, 0)
    return head.ljust(size, b"\0")[:size]


def record(kind, misc, body):
    return struct.pack("<IHH", kind, misc, 8 + len(body)) + body


def text(s):
    return s.encode() + b"\0" * (8 - len(s) % 8)


def told(kind, misc, body, time, pid=7, tid=7, ident=11):
    return record(kind, misc, body + struct.pack("<IIQIIQ", pid, tid, time, 0, 0, ident))


def comm(pid, tid, name, time, is_exec=False):
    return told(3, 0x2000 if is_exec else 0, struct.pack("<II", pid, tid) + text(name), time)


def fork(pid, ppid, tid, ptid, time):
    return told(7, 0, struct.pack("<IIIIQ", pid, ppid, tid, ptid, time), time)


def leave(pid, tid, time):
    return told(4, 0, struct.pack("<IIIIQ", pid, 1, tid, 1, time), time)


def mmap(pid, start, length, offset, name, time, misc=USER, build_id=b""):
    ident = struct.pack("<BBH20s", len(build_id), 0, 0, build_id) if build_id else bytes(24)
    body = struct.pack("<IIQQQ", pid, pid, start, length, offset) + ident + struct.pack("<II", 5, 2)
    return told(10, misc | (0x4000 if build_id else 0), body + text(name), time)


def sample(time, chain, pid=7, tid=7, ident=11, misc=USER, extra=b""):
    ip = next((a for a in chain if a < 2**64 - 4095), 0x400100)
    body = struct.pack("<QQIIQIIQ", ident, ip, pid, tid, time, 1, 0, 1000000)
    return record(9, misc, body + struct.pack("<Q%dQ" % len(chain), len(chain), *chain) + extra)


def story():
    user = [CONTEXT_USER, 0x400100, 0x400200, 0x7f0000001234]
    mixed = [CONTEXT_KERNEL, KERNEL_TEXT + 0x100, KERNEL_TEXT + 0x200] + user
    kernel_map = struct.pack("<IIQQQ", 2**32 - 1, 0, KERNEL_TEXT, 0x1000000, KERNEL_TEXT) + text("[kernel.kallsyms]_text")
    return [
        told(1, KERNEL, kernel_map, 0), comm(7, 7, "shop", 0), mmap(7, 0x400000, 0x1000, 0, "/bin/shop", 0),
        mmap(7, 0x7f0000000000, 0x4000, 0x1000, "/lib/libc.so.6", 0, build_id=bytes(range(20))),
        mmap(7, 0x7f0000010000, 0x1000, 0, "//anon", 0),
        sample(100, user), sample(110, mixed, misc=KERNEL), sample(120, [], ident=12), record(68, 0, b""),
        sample(105, user), fork(8, 7, 8, 7, 130), comm(8, 8, "child", 140), sample(150, user, pid=8, tid=8, ident=12),
        fork(7, 7, 9, 7, 151), comm(7, 9, "worker", 152), sample(153, [CONTEXT_USER, 0x7f0000010010], tid=9),
        told(2, 0, struct.pack("<QQ", 11, 5), 154), told(13, 0, struct.pack("<Q", 3), 155),
        comm(8, 8, "other", 160, is_exec=True), mmap(8, 0x500000, 0x1000, 0, "/bin/other", 161),
        sample(170, [CONTEXT_USER, 0x500010, 0x400100], pid=8, tid=8, ident=12), leave(8, 8, 180), record(68, 0, b""),
        sample(190, mixed, misc=KERNEL, ident=12), record(200, 0, b"?" * 16), record(68, 0, b""),
    ]


def sized(s):
    return struct.pack("<I", 64) + s.encode().ljust(64, b"\0")


def features(attrs, ids):
    build_id = struct.pack("<i20sBBH", -1, bytes(range(20)), 20, 0, 0) + b"/bin/shop".ljust(64, b"\0")
    names = struct.pack("<II", len(attrs), len(attrs[0]))
    for a, i, name in zip(attrs, ids, ("cpu-clock:u", "page-faults")):
        names += a + struct.pack("<I", 1) + sized(name) + struct.pack("<Q", i)
    return {2: record(67, USER | 0x8000, build_id), 3: sized("host"), 12: names, 29: struct.pack("<IIQQ", 1, 1, 10**18, 50)}


def file_mode(records, attrs, ids=(11, 12)):
    at_ids, at_attrs = 104, 104 + 8 * len(ids)
    at_data = at_attrs + sum(len(a) + 16 for a in attrs)
    data, told_features = b"".join(records), features(attrs, ids)
    out = struct.pack("<8sQQ6Q", b"PERFILE2", 104, len(attrs[0]) + 16, at_attrs, at_data - at_attrs, at_data, len(data), 0, 0)
    out += struct.pack("<4Q", sum(1 << n for n in told_features), 0, 0, 0)
    out += struct.pack("<%dQ" % len(ids), *ids)
    for i, a in enumerate(attrs):
        out += a + struct.pack("<QQ", at_ids + 8 * i, 8)
    out += data
    at = len(out) + 16 * len(told_features)
    for payload in told_features.values():
        out += struct.pack("<QQ", at, len(payload))
        at += len(payload)
    return out + b"".join(told_features.values())


def pipe_mode(records, attrs, ids=(11, 12)):
    out = struct.pack("<8sQ", b"PERFILE2", 16)
    for a, i in zip(attrs, ids):
        out += record(64, 0, a + struct.pack("<Q", i))
    for n, payload in features(attrs, ids).items():
        out += record(80, 0, struct.pack("<Q", n) + payload)
    out += record(78, 0, struct.pack("<QQ", 2, ids[0]) + text("renamed"))
    out += record(66, 0, struct.pack("<I", 12)) + b"tracing data" + bytes(4)
    return out + b"".join(records)


def packed(records):
    def squeeze(piece):
        return subprocess.run(["zstd", "-q", "-c"], input=piece, stdout=subprocess.PIPE, check=True).stdout

    whole = b"".join(records[:-1])
    half = squeeze(whole[:len(whole) // 2 + 3]), squeeze(whole[len(whole) // 2 + 3:])
    second = struct.pack("<Q", len(half[1])) + half[1]
    return [record(81, 0, half[0]), record(83, 0, second.ljust(len(second) + -len(second) % 8, b"\0")), records[-1]]


def everything(time):
    """A sample with each field of variable length."""
    read = struct.pack("<QQ", 5, 11)
    raw = struct.pack("<I4s", 4, b"raw!")
    branches = struct.pack("<QQQQ", 1, 0x400100, 0x400200, 0)
    regs = struct.pack("<QQQ", 2, 0x400100, 0x7ffc0000)
    stack = struct.pack("<Q16sQ", 16, b"0123456789abcdef", 8)
    body = struct.pack("<QQIIQIIQ", 11, 0x400100, 7, 7, time, 1, 0, 1000000) + read
    return record(9, USER, body + struct.pack("<QQQ", 2, CONTEXT_USER, 0x400100) + raw + branches + regs + stack)


def main():
    os.makedirs(CORPUS, exist_ok=True)
    two = [attr(1, 0), attr(1, 2)]
    full = [attr(1, 0, BASE | READ | RAW | BRANCH_STACK | REGS_USER | STACK_USER, regs=0x180)]
    files = {
        "file": file_mode(story(), two), "pipe": pipe_mode(story(), two),
        "packed": file_mode(packed(story()), two), "packed-pipe": pipe_mode(packed(story()), two),
        "unclosed": file_mode([], two)[:104 + 16 + 2 * 144] + b"".join(story()),
        "old-attr": file_mode(story(), [attr(1, 0, size=72), attr(1, 2, size=72)]),
        "new-attr": pipe_mode(story(), [attr(1, 0, size=168), attr(1, 2, size=168)]),
        "everything": file_mode(story()[:5] + [everything(100), everything(90)], full, ids=(11,)),
    }
    for name, content in files.items():
        with open(os.path.join(CORPUS, name + ".data"), "wb") as f:
            f.write(content)


if __name__ == "__main__":
    sys.exit(main())
