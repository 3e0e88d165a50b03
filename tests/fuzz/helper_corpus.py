#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the corpora of the fuzz targets demangle, elf, kallsyms, perf_map, record and
stored_table, in which every byte is on
purpose: no file of somebody else's, nothing to be compiled. Run it after a change and commit what
it writes."""
import lzma
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
GLOBAL, WEAK, LOCAL = 1, 2, 0
NOTYPE, OBJECT, FUNC, IFUNC = 0, 1, 2, 10


def write(target, name, data):
    os.makedirs(os.path.join(HERE, target), exist_ok=True)
    with open(os.path.join(HERE, target, name), "wb") as f:
        f.write(data)


def note(name, kind, content):
    pad = lambda b: b + b"\0" * (-len(b) % 4)
    return struct.pack("<III", len(name), len(content), kind) + pad(name) + pad(content)


class Elf:
    """ELF headers, notes, .text (empty in the file), symbol tables, in 32 or 64 bits."""

    def __init__(self, is_64=True, machine=62):
        self.is_64, self.machine = is_64, machine
        self.sections = [(0, 0, 0, 0, 0, 0, 0)]  # type, flags, address, data, size, link, entsize
        self.names = [b""]
        self.notes = b""

    def symbol(self, name, value, size, info, section):
        if self.is_64:
            return struct.pack("<IBBHQQ", name, info, 0, section, value, size)
        return struct.pack("<IIIBBH", name, value, size, info, 0, section)

    def section(self, kind, flags=0, address=0, data=b"", size=None, link=0, entsize=0, name=b""):
        self.names.append(name)
        self.sections.append((kind, flags, address, data, len(data) if size is None else size, link, entsize))
        return len(self.sections) - 1

    def symbols(self, kind, rows):
        strings, table = b"\0", self.symbol(0, 0, 0, 0, 0)
        for name, value, size, binding, symtype, section in rows:
            table += self.symbol(len(strings), value, size, binding << 4 | symtype, section)
            strings += name + b"\0"
        link = self.section(3, data=strings)
        self.section(kind, data=table, link=link, entsize=24 if self.is_64 else 16)

    def pack(self, n_sections=None, n_segments=2, section_offset=None):
        ehdr, phdr, shdr = (64, 56, 64) if self.is_64 else (52, 32, 40)
        name_at, names_section = [0] * (len(self.sections) + 1), 0
        if any(self.names):
            strings = b"\0"
            for i, name in enumerate(self.names):
                name_at[i], strings = (len(strings), strings + name + b"\0") if name else (0, strings)
            names_section = self.section(3, data=strings)
        at = ehdr + 2 * phdr
        notes_at, body, headers = at, self.notes, b""
        for i, (kind, flags, address, data, size, link, entsize) in enumerate(self.sections):
            data = data or b""
            offset = at + len(body)
            body += data
            word = "QQQQ" if self.is_64 else "IIII"
            tail = "QQ" if self.is_64 else "II"
            headers += struct.pack("<II" + word + "II" + tail, name_at[i], kind, flags, address, offset, size, link, 0, 1, entsize)
        shoff = at + len(body) if section_offset is None else section_offset
        count = len(self.sections) if n_sections is None else n_sections
        ident = b"\177ELF" + bytes([2 if self.is_64 else 1, 1, 1]) + b"\0" * 9
        word = "QQQ" if self.is_64 else "III"
        header = ident + struct.pack("<HHI" + word + "IHHHHHH", 3, self.machine, 1, 0, ehdr, shoff, 0, ehdr, phdr,
                                     n_segments, shdr, count, names_section)
        if self.is_64:
            load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000)
            notes = struct.pack("<IIQQQQQQ", 4, 4, notes_at, 0, 0, len(self.notes), len(self.notes), 4)
        else:
            load = struct.pack("<IIIIIIII", 1, 0, 0x1000, 0x1000, 0x1000, 0x1000, 5, 0x1000)
            notes = struct.pack("<IIIIIIII", 4, notes_at, 0, 0, len(self.notes), len(self.notes), 4, 4)
        return header + load + notes + body + headers


def usual(is_64=True, machine=62):
    elf = Elf(is_64, machine)
    elf.notes = note(b"stapsdt\0", 3, b"abc") + note(b"GNU\0", 3, bytes(range(20)))
    text = elf.section(1, flags=6, address=0x1000, size=0x1000)
    data = elf.section(1, flags=3, address=0x2000, size=0x100)
    elf.symbols(2, [
        (b"main", 0x1000, 0x100, GLOBAL, FUNC, text),
        (b"_main_alias", 0x1000, 0x100, GLOBAL, FUNC, text),
        (b"weak", 0x1000, 0x80, WEAK, FUNC, text),
        (b"longer", 0x1000, 0x180, LOCAL, FUNC, text),
        (b"inner", 0x1040, 0x10, LOCAL, FUNC, text),
        (b"$x", 0x1050, 0, LOCAL, NOTYPE, text),
        (b"label", 0x1060, 0, LOCAL, NOTYPE, text),
        (b"open", 0x1200, 0, GLOBAL, FUNC, text),
        (b"memcpy@@GLIBC_2.14", 0x1300, 0x20, GLOBAL, IFUNC, text),
        (b"table", 0x2000, 0x10, GLOBAL, OBJECT, data),
        (b"elsewhere", 0x9000, 0x10, GLOBAL, FUNC, text),
        (b"undefined", 0, 0, GLOBAL, FUNC, 0),
        (b"absolute", 0x1400, 8, GLOBAL, FUNC, 0xfff1),
        (b"indexed", 0x1500, 8, GLOBAL, FUNC, 0xffff),
    ])
    elf.symbols(11, [(b"exported", 0x1800, 0x40, GLOBAL, FUNC, text), (b"main", 0x1000, 0x100, GLOBAL, FUNC, text)])
    return elf


def elf_corpus():
    write("elf", "usual-64", usual().pack())
    write("elf", "usual-32", usual(False, 3).pack())
    write("elf", "aarch64", usual(True, 183).pack())
    write("elf", "no-sections", usual().pack(n_sections=0, section_offset=0))
    write("elf", "sections-counted-in-the-first", usual().pack(n_sections=0))
    write("elf", "sections-outside", usual().pack(section_offset=2**63))
    write("elf", "many-segments", usual().pack(n_segments=65535))

    deep = Elf()
    text = deep.section(1, flags=6, address=0x1000, size=0x1000)
    deep.symbols(2, [(b"n%d" % i, 0x1000 + i, 0x1000 - 2 * i, LOCAL, FUNC, text) for i in range(100)])
    write("elf", "nested-deeply", deep.pack())

    huge = Elf()
    text = huge.section(1, flags=6, address=0x1000, size=2**64 - 1)
    huge.symbols(2, [(b"all", 0x1000, 2**64 - 1, GLOBAL, FUNC, text), (b"end", 0xffffffffffff, 2**63, GLOBAL, FUNC, text)])
    write("elf", "sizes-overflow", huge.pack())

    linked = usual()
    linked.section(1, data=b"app.debug\0\0\0" + struct.pack("<I", 0x12345678), name=b".gnu_debuglink")
    write("elf", "debug-link", linked.pack())
    for name, content in (("path", b"../x\0\0\0\0aaaa"), ("cut", b"app.debug\0\0\0a"), ("unterminated", b"x" * 300)):
        linked = usual()
        linked.notes = b""
        linked.section(1, data=content, name=b".gnu_debuglink")
        write("elf", "debug-link-" + name, linked.pack())

    for name, content in (("", usual().pack()), ("-large", b"\0" * (300 << 10)), ("-nonsense", b"nonsense")):
        mini = Elf()
        mini.section(1, flags=6, address=0x1000, size=0x1000)
        mini.section(1, data=lzma.compress(content), name=b".gnu_debugdata")
        write("elf", "mini-debug" + name, mini.pack())

    notes = usual()
    notes.notes = struct.pack("<III", 4, 2**32 - 4, 3) + b"GNU\0"
    write("elf", "note-too-long", notes.pack())
    write("elf", "empty", Elf().pack())


def kallsyms_corpus():
    modules = b"xfs 65536 1 - Live 0xffffffffc0a00000 (E)\nshort 4096 0 - Live 0xffffffffc0b00000\nbad x 0 - Live 0x\n"
    symbols = (b"0000000000000000 A fixed_percpu_data\nffffffff81000000 T _stext\nffffffff81000000 t alias\n"
               b"ffffffff81000100 T __pfx_do_it\nffffffff81000110 T do_it\nffffffff81000200 W weak\n"
               b"ffffffff81000300 D data\nffffffff81001000 T _etext\n"
               b"ffffffffc0a00010 t xfs_first\t[xfs]\nffffffffc0a00000 t __pfx_xfs_first\t[xfs]\n"
               b"ffffffffc0c00000 t bpf_prog_1\t[bpf]\n")
    write("kallsyms", "modules-and-symbols", modules + b"\0" + symbols)
    write("kallsyms", "symbols", symbols)
    write("kallsyms", "hidden", b"0000000000000000 T _stext\n0000000000000000 t x\t[xfs]\n")
    write("kallsyms", "odd", b"ffffffff81000000 T \nffffffff81000000\nffffffff81000000 T x\t[]\n 1 t y\n"
          b"ffffffff81000000 t __pfx_\nffffffff81000010 t __pfx_a\nffffffff81000020 t __pfx_a\n\n\n")
    write("kallsyms", "endless", b"ffffffff81000000 T " + b"x" * 1500 + b"\nffffffff81000100 t y\t[" + b"m" * 900 + b"]\n")


def record(module=b"", cause=b"", lines=()):
    data = struct.pack("<IHH", len(lines), len(module), len(cause)) + module + cause
    for function, file, number, *more in lines:
        name = more[0] if more else b""
        data += struct.pack("<QIIIIII", 0x1000, number, 0, len(function), len(file), len(name), 0) + function + file + name
    return data


def record_corpus():
    write("record", "usual", record(lines=[(b"inlined", b"a.c", 3), (b"_Z5outerv", b"", 0, b"outer")]) +
          record(cause=b"no symbol covers it") + record(module=b"xfs", lines=[(b"xfs_read", b"", 0)]))
    write("record", "many-lines", struct.pack("<IHH", 2**32 - 1, 0, 0) + b"\0" * 128)
    write("record", "long-name", struct.pack("<IHH", 1, 0, 0) + struct.pack("<QIIIIII", 0, 0, 0, 2**32 - 1, 2**32 - 1, 2**32 - 1, 0))
    write("record", "escapes", record(module=b"\033[2J", lines=[(b"a\0b\n", b"\x7f", 1)]))


def doubling_cplus(levels):
    """f<a<…>> where each argument names the one before it twice."""
    name, last = b"_Z1fI1aIiiE", 1
    digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for _ in range(levels):
        name += b"S0_IS%c_S%c_E" % (digits[last], digits[last])
        last += 1
    return name + b"Evv"


def doubling_rust(levels):
    digits = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def base_62(n):
        if n == 0:
            return b"_"
        n -= 1
        text = digits[n % 62:n % 62 + 1]
        while n >= 62:
            n //= 62
            text = digits[n % 62:n % 62 + 1] + text
        return text + b"_"

    name = b"INvC1a1f"
    at, last = len(name), b"TmmE"
    for _ in range(levels):
        name += last
        reference = b"B" + base_62(at)
        at, last = len(name), b"T" + reference * 2 + b"E"
    return b"_R" + name + last + b"E"


def demangle_corpus():
    write("demangle", "cplus", b"_ZNSt6vectorIiSaIiEE9push_backERKi.part.0")
    write("demangle", "cplus-doubling", doubling_cplus(30))
    write("demangle", "cplus-deep", b"_Z1f" + b"P" * 900 + b"i")
    write("demangle", "cplus-long", b"_Z1f" + b"P" * 4000 + b"i")
    write("demangle", "cplus-pack", b"_Z1fIJEJiiiEEvDpT_DpT0_")
    write("demangle", "rust-legacy", b"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE")
    write("demangle", "rust-v0", b"_RNvMs_NtCs1234_7mycrate3fooNtB4_3Bar3baz")
    write("demangle", "rust-punycode", b"_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y")
    write("demangle", "rust-doubling", doubling_rust(30))
    write("demangle", "rust-deep", b"_RIC1f" + b"R" * 2000 + b"mE")
    write("demangle", "lto", b"_ZL3foov.llvm.1234567890")


def perf_map_corpus():
    write("perf_map", "usual", b"1000 100 LazyCompile:*f /a b.js:1\n1100 20 Lfoo;::bar\n0x2000 0X40 _.dotnet\n")
    write("perf_map", "overlaps", b"1000 100 old\n1080 10 new\n1000 10 again\nff0 20 across\n1000 1000 all\n1500 1 last\n")
    write("perf_map", "odd", b"\n \n1000\n1000 \n1000 10\n1000 10 \n1000 0 x\nfffffffffffffff0 f top\nffffffffffffffff 1 x\n"
          b"fffffffffffffffff 1 x\n1000 ffffffff x\n1000 100000000 x\n0x 10 x\n2000 10 \033[2J<b>\0z\r\n3000 10 half")
    write("perf_map", "zeros", b"0" * 200 + b" 10 x\n1000 " + b"0" * 200 + b"10 y\n")


def stored_table(names, rows, enclosures=(), base=0x1000, blocks=1, version=2, loads=()):
    """The target mends the checksums, so they are 0 here."""
    names = names.ljust(4096 * blocks, b"\0")
    index = b"".join(struct.pack("<III", *row) for row in rows) + b"".join(struct.pack("<II", *e) for e in enclosures)
    index += b"".join(struct.pack("<QQQQII", *load) for load in loads)
    footer = struct.pack("<QQIIIIII8s", base, 0, len(rows), len(enclosures), blocks, len(loads), version, 48, b"symbols\n")
    return names + index + bytes(4 * blocks) + footer


def stored_table_corpus():
    nested = [(0, 0x100, 0), (0x10, 0x20, 6), (0x20, 8, 12), (0x200, 0x40, 18)]
    write("stored_table", "nested", stored_table(b"outer\0inner\0inmost\0last\0", nested, [(1, 0), (2, 1)]))
    write("stored_table", "empty", stored_table(b"", [], blocks=0))
    write("stored_table", "segments", stored_table(b"a\0", [(0, 8, 0)], loads=[(0, 0x5e0, 0, 0x5e0, 4, 0), (0x1000, 0x16d, 0x1000, 0x16d, 5, 0)]))
    write("stored_table", "names-without-end", stored_table(b"x" * 8192, [(0, 8, 0), (8, 8, 4096)], blocks=2))
    write("stored_table", "enclosure-in-a-loop", stored_table(b"a\0b\0", [(0, 8, 0), (4, 8, 2)], [(1, 1)]))
    write("stored_table", "around-the-end", stored_table(b"a\0", [(8, 0xfffffff8, 0)], base=2**64 - 16))


demangle_corpus()
perf_map_corpus()
elf_corpus()
kallsyms_corpus()
record_corpus()
stored_table_corpus()
