#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the corpus of the fuzz target doctor: one ELF file per kind of thing that a diagnosis
looks at, made by hand, and the texts of dpkg and the loader. Run it after a change and commit what
it writes."""
import os
import struct
import zlib

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "doctor")
TEXT, DYNAMIC, STRINGS = 0x1000, 0x3000, 0x4000
PROGBITS, SYMTAB, STRTAB, NOTE, NOBITS = 1, 2, 3, 7, 8


def write(name, data):
    os.makedirs(HERE, exist_ok=True)
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def elf(sections, kind=3, machine=62, interpreter=b"/lib64/ld.so\0", dynamic=()):
    """sections: [(name, type, address, data, link, entry size)]; dynamic: [(tag, value)]."""
    strings = b"\0libneeded.so\0$ORIGIN/lib:/opt/lib\0libself.so\0"
    table = b"".join(struct.pack("<QQ", *row) for row in ((5, STRINGS), (10, len(strings)), *dynamic, (0, 0)))
    blobs = [interpreter, table, strings]
    names, rows = b"\0", [b"\0" * 64]
    at = 64 + 5 * 56
    offsets = []
    for blob in blobs:
        offsets.append(at)
        at += len(blob)
    body = b"".join(blobs)
    for name, section, address, data, link, entry in [*sections, (b".shstrtab", STRTAB, 0, None, 0, 0)]:
        start = len(names)
        names += name + b"\0"
        data = names if data is None else data
        rows.append(struct.pack("<IIQQQQIIQQ", start, section, 6, address, at, len(data), link, 0, 1, entry))
        body += data
        at += len(data)
    segments = [(1, 0, 0, at), (1, offsets[1], DYNAMIC, len(table)), (1, offsets[2], STRINGS, len(strings)),
                (2, offsets[1], DYNAMIC, len(table)), (3, offsets[0], 0, len(interpreter))]
    if not interpreter:
        segments[4] = (0, 0, 0, 0)
    header = b"\177ELF\2\1\1" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, TEXT, 64, at, 0, 64, 56,
                                                        len(segments), 64, len(rows), len(rows) - 1)
    header += b"".join(struct.pack("<IIQQQQQQ", t, 5, offset, address, address, size, size, 1)
                       for t, offset, address, size in segments)
    return header + body + b"".join(rows)


def entry(content):
    content += b"\0" * (-len(content) % 4)
    return struct.pack("<I", len(content)) + content


def frames(*functions, section=0x2000, common=b"\x0c\x07\x08\x90\x01", augmentation=b"zR\0\x01\x78\x10\x01\x1b"):
    """.eh_frame of functions given by their rules."""
    data = entry(struct.pack("<IB", 0, 1) + augmentation + common)
    for i, rules in enumerate(functions):
        here = len(data) + 4
        start = TEXT + 16 * i - (section + here + 4)
        data += entry(struct.pack("<IiI", here, start, 16) + b"\0" + rules)
    return data + b"\0" * 4


WITH = b"\x41\x0e\x10\x86\x02\x43\x0d\x06"
WITHOUT = b"\x41\x0e\x20\x5f\x0e\x08"
PLT = b"\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22"
TEXT_SECTION = (b".text", PROGBITS, TEXT, b"\x55\x48\x89\xe5" * 256, 0, 0)


def with_frames(data, *more, **kwargs):
    return elf([TEXT_SECTION, (b".eh_frame", PROGBITS, 0x2000, data, 0, 0), *more], **kwargs)


def symbols(names):
    strings, rows = b"\0", b"\0" * 24
    for i, name in enumerate(names):
        rows += struct.pack("<IBBHQQ", len(strings), 0x12, 0, 1, TEXT + 32 * i, 32)
        strings += name + b"\0"
    return [(b".symtab", SYMTAB, 0, rows, 3, 24), (b".strtab", STRTAB, 0, strings, 0, 0)]


write("frames", with_frames(frames(WITH, WITH, WITHOUT, PLT, b"")))
write("frames-aarch64", with_frames(frames(b"\x41\x0e\x10\x9d\x02\x9e\x01", common=b"\x0c\x1f\x00"), machine=183))
write("frames-absolute", with_frames(frames(WITH, augmentation=b"\0\x01\x78\x10")))
write("frames-without-end", with_frames(frames(b"\x0f" + b"\xff" * 12, b"\x05" + b"\x80" * 30, b"\x3f")))
write("frames-common-of-itself", with_frames(struct.pack("<II", 8, 4) + b"\0" * 4 + struct.pack("<II", 8, 2**32 - 1)))
write("frames-64-bit", with_frames(struct.pack("<IQI", 2**32 - 1, 2**63, 0)))
write("prologues", elf([TEXT_SECTION, *symbols([b"main", b"_ZN3fooEv", b"_ZN3foo17h0123456789abcdefE", b"_RNvC1a1b"])]))
write("go", elf([TEXT_SECTION, (b".gopclntab", PROGBITS, 0, b"\xf1\xff\xff\xff", 0, 0)], kind=2, interpreter=b""))
write("rust", elf([TEXT_SECTION, (b".comment", PROGBITS, 0, b"GCC: 12\0rustc version 1.63.0\0", 0, 0),
                   (b".rodata", PROGBITS, 0, b"library/std/src/panicking.rs", 0, 0)]))
note = struct.pack("<III", 4, 20, 3) + b"GNU\0" + bytes(range(20))
write("build-id", elf([TEXT_SECTION, (b".note.gnu.build-id", NOTE, 0, note, 0, 0)]))
link = b"program.debug\0\0\0" + struct.pack("<I", zlib.crc32(b"other"))
write("debug-link", elf([TEXT_SECTION, (b".gnu_debuglink", PROGBITS, 0, link, 0, 0)]))
write("debug-link-without-end", elf([TEXT_SECTION, (b".gnu_debuglink", PROGBITS, 0, b"x" * 64, 0, 0)]))
write("needs", elf([TEXT_SECTION], dynamic=((1, 1), (29, 14), (0x6ffffffb, 0x08000000))))
write("needs-outside", elf([TEXT_SECTION], dynamic=((1, 2**63), (29, 2**64 - 1), (14, 34))))
write("library", elf([TEXT_SECTION], interpreter=b"", dynamic=((14, 34),)))
write("object", elf([TEXT_SECTION], kind=1, interpreter=b""))
write("core", elf([], kind=4))
write("script", b"#!/usr/bin/env -S A=1 python3 -u\nprint()\n")
write("script-of-nothing", b"#!\n")
write("os-release", b'ID=debian\nVERSION_CODENAME="bookworm"\nID_LIKE=\'a b\'\nID="\nVERSION_CODENAME=' + b"x" * 99 + b"\n")
write("dpkg", b"Package: gzip\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\n\n"
      b"Package: ../x\nStatus: install ok installed\n\nPackage: old\nStatus: deinstall ok config-files\n\n"
      b"/.\n/bin/gzip\n/usr/lib/x.so\nPackage: last\nStatus: install ok installed\n")
strings = b"x.so\0/lib/x.so\0"
base = 48 + 3 * 24
write("loader-cache", b"glibc-ld.so.cache1.1" + struct.pack("<IIII3I", 3, len(strings), 2, 0, 0, 0, 0) +
      b"".join(struct.pack("<iIIIQ", 0x303, key, value, 0, hwcap)
               for key, value, hwcap in ((base, base + 5, 0), (base, 2**32 - 1, 0), (base, base, 1))) + strings)
write("loader-cache-too-many", b"glibc-ld.so.cache1.1" + struct.pack("<IIII3I", 2**32 - 1, 0, 2, 0, 0, 0, 0))
