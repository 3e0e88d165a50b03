# SPDX-License-Identifier: Apache-2.0
"""What a perf.data holds, in numbers: read here because perf itself takes longer to tell than to
record. Layout: tools/perf/Documentation/perf.data-file-format.txt and perf_event_open(2)."""
import struct

RECORD_LOST, RECORD_SAMPLE, RECORD_LOST_SAMPLES = 2, 9, 13
BEFORE_PID = ("IDENTIFIER", "IP")
BEFORE_CHAIN = (*BEFORE_PID, "TID", "TIME", "ADDR", "ID", "STREAM_ID", "CPU", "PERIOD")
BITS = {"IP": 0, "TID": 1, "TIME": 2, "ADDR": 3, "ID": 6, "CPU": 7, "PERIOD": 8, "STREAM_ID": 9, "IDENTIFIER": 16}
CONTEXT_MARKS = (1 << 64) - 4096  # PERF_CONTEXT_*: in the chain, but no frames


def words(fields, sample_type):
    return sum(sample_type >> BITS[field] & 1 for field in fields)


def summary(path, pids):
    """{samples, lost, frames: a sample of these processes has in the mean}"""
    with open(path, "rb") as f:
        data = f.read()
    attrs, _, at, size = struct.unpack_from("<4Q", data, 24)
    sample_type = struct.unpack_from("<Q", data, attrs + 24)[0]
    to_pid, to_chain = 8 + 8 * words(BEFORE_PID, sample_type), 8 + 8 * words(BEFORE_CHAIN, sample_type)
    samples = lost = ours = frames = 0
    end = at + size
    while at < end:
        kind, _, length = struct.unpack_from("<IHH", data, at)
        if kind == RECORD_SAMPLE:
            samples += 1
            if struct.unpack_from("<I", data, at + to_pid)[0] in pids:
                n = struct.unpack_from("<Q", data, at + to_chain)[0]
                chain = struct.unpack_from("<%dQ" % n, data, at + to_chain + 8)
                ours += 1
                frames += sum(ip < CONTEXT_MARKS for ip in chain)
        elif kind in (RECORD_LOST, RECORD_LOST_SAMPLES):
            lost += struct.unpack_from("<Q", data, at + (16 if kind == RECORD_LOST else 8))[0]
        if length == 0:
            raise ValueError("%s: a record without a length at %d" % (path, at))
        at += length
    return {"samples": samples, "lost": lost, "frames": frames / max(1, ours)}
