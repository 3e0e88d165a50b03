#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a stored table of symbols saves, and from which size on: an inspector that has just been started names one
address of a file, once from the file itself and once from its table. Round trips over the inspector's own socket,
CPU time from schedstat, files in the page cache; medians. `store` is the whole life of the archivist that makes a
table, spawning and plugin included: so many starts of an agent does it take to earn it back."""
import contextlib
import lzma
import os
import re
import socket
import statistics
import struct
import subprocess
import sys
import tempfile

import bench

HEADER = struct.Struct("<IIQiI")  # struct message_header of agent/helper/protocol.h
KEY_BYTES = 192                   # struct stored_key of agent/helper/stored_key.h
FIRST = 0x1000                    # address of the first function; each is 16 bytes
REAL = ("/usr/lib/x86_64-linux-gnu/libLLVM-15.so.1", "/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
        "/lib/x86_64-linux-gnu/libc.so.6")


def protocol():
    """{name: value} of the messages and flags, as the header has them."""
    with open(os.path.join(bench.ROOT, "agent/helper/protocol.h")) as f:
        text = f.read()
    types = re.findall(r"^\t(MESSAGE_\w+)(?: = 1)?,", text, re.M)
    flags = re.findall(r"^\t(MESSAGE_\w+) = 1u << (\d+),", text, re.M)
    return {**{name: i + 1 for i, name in enumerate(types)}, **{name: 1 << int(n) for name, n in flags}}


M = protocol()


class Inspector:
    def __init__(self, build):
        self.began = bench.now_ns()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket = ours
        command = 'exec 3<&%d; exec "$@"' % theirs.fileno()
        self.process = subprocess.Popen(["bash", "-c", command, "bash", build + "/hearth", "helper", "inspector", build + "/plugins"],
                                        pass_fds=[theirs.fileno()], env={})
        theirs.close()

    def ask(self, kind, flags, payload, n, fds):
        """The payloads of all answers; (payload, flags of the last one)."""
        socket.send_fds(self.socket, [HEADER.pack(M[kind], flags, 1, 0, n) + payload], fds)
        data = b""
        while True:
            answer = self.socket.recv(1 << 17)
            assert answer, "the inspector has died"
            _, flags, _, status, _ = HEADER.unpack_from(answer)
            assert status == 0, answer[HEADER.size:]
            data += answer[HEADER.size:]
            if flags & M["MESSAGE_LAST"]:
                return data, flags

    def names(self, fds, flags, address):
        return self.ask("MESSAGE_NAMES", flags, struct.pack("<QQ", 1, address), 1, fds)

    def cpu_ns(self):
        return bench.cpu_ns([self.process.pid])

    def end(self):
        self.socket.close()
        self.process.wait()



def name_once(build, paths, flags, address):
    """(ms by the clock, ms of CPU, answer) of the first question to a new inspector."""
    inspector = Inspector(build)
    fds = [os.open(path, os.O_RDONLY) for path in paths]
    inspector.ask("MESSAGE_IDENTIFY", 0, b"", 0, fds[:1])  # it has started, and the file is known
    cpu, began = inspector.cpu_ns(), bench.now_ns()
    answer, _ = inspector.names(fds, flags, address)
    took = bench.now_ns() - began, inspector.cpu_ns() - cpu
    inspector.end()
    for fd in fds:
        os.close(fd)
    return took[0] / 1e6, took[1] / 1e6, answer


def store_once(build, paths, flags):
    """(ms of CPU from exec on, table)."""
    inspector = Inspector(build)
    fds = [os.open(path, os.O_RDONLY) for path in paths]
    table, _ = inspector.ask("MESSAGE_STORE", flags, b"", 0, fds)
    cpu = inspector.cpu_ns()
    inspector.end()
    for fd in fds:
        os.close(fd)
    return cpu / 1e6, table


def medians(runs):
    return tuple(statistics.median(column) for column in zip(*runs))


def measure(build, folder, paths, address, runs):
    flags = M["MESSAGE_HAS_DEBUG"] if len(paths) > 1 else 0
    stores = [store_once(build, paths, flags) for _ in range(runs)]
    table = os.path.join(folder, "table")
    with open(table, "wb") as f:
        f.write(bytes(KEY_BYTES) + stores[0][1])
    cold = [name_once(build, paths, flags, address) for _ in range(runs)]
    warm = [name_once(build, paths + [table], flags | M["MESSAGE_HAS_TABLE"], address) for _ in range(runs)]
    assert cold[0][2] == warm[0][2], "%r from the file, %r from the table" % (cold[0][2], warm[0][2])
    return (*medians([c[:2] for c in cold]), *medians([w[:2] for w in warm]), os.path.getsize(table) / 1024,
            statistics.median(s[0] for s in stores))


def sh(*argv):
    subprocess.run(argv, check=True)


def made(folder, n, place):
    """A library with n functions named as C++ names them: (paths, address of one)."""
    source, whole, stripped, debug = (os.path.join(folder, x) for x in ("x.s", "whole.so", "stripped.so", "x.debug"))
    name = "_ZN4shop9warehouse17inventory_counterIiE12total_number_\\@Ei"
    with open(source, "w") as f:
        f.write(".macro one\n.type %s,@function\n%s: .skip 16\n.size %s,16\n.endm\n.rept %d\none\n.endr\n" % (name, name, name, n))
    sh("gcc", "-shared", "-nostdlib", "-Wl,-Ttext=%#x" % FIRST, "-Wl,--build-id", "-o", whole, source)
    address = FIRST + n // 2 * 16
    if place == ".symtab":
        return [whole], address
    sh("objcopy", "--only-keep-debug", whole, debug)
    sh("objcopy", "--strip-all", whole, stripped)
    if place == "debug file":
        return [stripped, debug], address
    with open(debug, "rb") as f, open(debug + ".xz", "wb") as packed:
        packed.write(lzma.compress(f.read()))
    sh("objcopy", "--add-section", ".gnu_debugdata=" + debug + ".xz", stripped)
    return [stripped], address


def real():
    for path in REAL:
        if not os.path.exists(path):
            continue
        text = subprocess.run(["readelf", "-n", path], capture_output=True, text=True).stdout
        build_id = re.search(r"Build ID: (\w+)", text)
        debug = "/usr/lib/debug/.build-id/%s/%s.debug" % (build_id[1][:2], build_id[1][2:]) if build_id else ""
        yield os.path.basename(path), [path] + ([debug] if os.path.exists(debug) else [])


def some_function(path):
    for line in subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True).stdout.splitlines():
        address, kind, _ = line.split(maxsplit=2)
        if kind == "T":
            return int(address, 16)
    return 0


def report(what, row):
    print("%-30s %8.2f %8.2f %8.2f %8.2f %8.0f %8.2f %8.1f" % (what, *row, row[5] / max(row[1] - row[3], 0.001)), flush=True)


def main():
    args = bench.arguments(__doc__, runs=7, largest=262144)
    print("%-30s %8s %8s %8s %8s %8s %8s %8s\n%-30s %8s %8s %8s %8s %8s %8s %8s" %
          ("", "file", "CPU", "table", "CPU", "table", "store", "starts", "functions, where", "ms", "ms", "ms", "ms", "KiB", "CPU ms", "to earn"))
    results = {}
    for place in (".symtab", "debug file", "mini debug info"):
        n = 1024
        while n <= (65536 if place == "mini debug info" else args.largest):
            with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
                paths, address = made(folder, n, place)
                results[place, n] = measure(args.build, folder, paths, address, args.runs)
            report("%d, %s" % (n, place), results[place, n])
            n *= 4
    for name, paths in real():
        with tempfile.TemporaryDirectory(prefix="hearth-bench-") as folder:
            report(name + (" and debug file" if len(paths) > 1 else ""), measure(args.build, folder, paths, some_function(paths[0]), args.runs))
    # What is kept has to be worth it. From these sizes on it is kept (file_symbols.c); a debug file's names are
    # kept from 1,024 on although that takes long to earn: the file may be gone the next time.
    share = {key: row[3] / row[1] for key, row in results.items()}
    earn = {key: row[5] / (row[1] - row[3]) for key, row in results.items()}
    print("\nwhat is kept: CPU of the table in parts of the file's, and starts of an agent until it has paid")
    return bench.judge([("16,384 in .symtab", share[".symtab", 16384], "", 0.5), ("16,384 in .symtab", earn[".symtab", 16384], "runs", 15),
                        ("1,024 in mini debug info", share["mini debug info", 1024], "", 0.5),
                        ("1,024 in mini debug info", earn["mini debug info", 1024], "runs", 15)])


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
