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


def records(path):
    """(type, payload offset, length) of each record of a file that ends where its header says: (data, iterator)."""
    with open(path, "rb") as f:
        data = f.read()
    at, size = struct.unpack_from("<2Q", data, 40)

    def each(at, end):
        while at < end:
            kind, _, length = struct.unpack_from("<IHH", data, at)
            if length == 0:
                raise ValueError("%s: a record without a length at %d" % (path, at))
            yield kind, at, length
            at += length

    return data, each(at, at + size)


def sample_records(path):
    """(pid, chain with its marks, bytes of the record) of each sample."""
    data, found = records(path)
    sample_type = struct.unpack_from("<Q", data, struct.unpack_from("<Q", data, 24)[0] + 24)[0]
    to_pid, to_chain = 8 + 8 * words(BEFORE_PID, sample_type), 8 + 8 * words(BEFORE_CHAIN, sample_type)
    for kind, at, length in found:
        if kind == RECORD_SAMPLE:
            n = struct.unpack_from("<Q", data, at + to_chain)[0]
            yield struct.unpack_from("<I", data, at + to_pid)[0], data[at + to_chain + 8:at + to_chain + 8 + 8 * n], length


def summary(path, pids):
    """{samples, lost, frames: a sample of these processes has in the mean}"""
    data, found = records(path)
    samples = lost = ours = frames = 0
    for pid, chain, _ in sample_records(path):
        samples += 1
        if pid in pids:
            ours += 1
            frames += sum(ip < CONTEXT_MARKS for ip in struct.unpack("<%dQ" % (len(chain) // 8), chain))
    for kind, at, _ in found:
        if kind in (RECORD_LOST, RECORD_LOST_SAMPLES):
            lost += struct.unpack_from("<Q", data, at + (16 if kind == RECORD_LOST else 8))[0]
    return {"samples": samples, "lost": lost, "frames": frames / max(1, ours)}
