#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the corpus of the fuzz target unwind: a sample, its mappings and a file with one function
per kind of rule, made by hand. Run it after a change and commit what it writes."""
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "unwind")
TEXT, FRAMES, INDEX = 0x1000, 0x2000, 0x3000  # ELF addresses, and offsets in the file
BIAS, STACK = 0x7F0000000000, 0x7FFD00000000
PLAIN, SIGNAL, TABLE, OUTERMOST, DEREF, LOOP = (TEXT + 0x100 * i for i in range(6))

DEF_CFA, DEF_CFA_EXPRESSION, UNDEFINED, REMEMBER, EXPRESSION = 0x0C, 0x0F, 0x07, 0x0A, 0x10
RSP, RIP = 7, 16


def entry(body):
    body += b"\0" * (-(len(body) + 4) % 8)
    return struct.pack("<I", len(body)) + body


def common(letters=b"zR", rules=b""):
    augmentation = b"\x1b"  # addresses: four bytes, relative to their place
    return entry(struct.pack("<IB", 0, 1) + letters + b"\0" + bytes((1, 0x78, RIP)) +
                 bytes((len(augmentation),)) + augmentation +
                 bytes((DEF_CFA, RSP, 8, 0x80 | RIP, 1)) + rules)


def block(code, operations):
    return bytes((code, len(operations))) + operations


def eh_frame():
    """One common entry, one for signals, and the functions; → bytes and where each function's is."""
    table = common()
    signal = len(table)
    table += common(b"zRS")
    places = []
    for start, owner, rules in (
            (PLAIN, 0, bytes((0x41, 0x0E, 16, 0x86, 2))),  # push %rbp after one byte
            (SIGNAL, signal, bytes((DEF_CFA, RSP, 0x30))),
            # rsp + 8 + ((rip & 15) >= 11) * 8, as linkers write it for a PLT
            (TABLE, 0, block(DEF_CFA_EXPRESSION, bytes((0x77, 8, 0x80, 0, 0x3F, 0x1A, 0x3B, 0x2A, 0x33, 0x24, 0x22)))),
            (OUTERMOST, 0, bytes((UNDEFINED, RIP))),
            (DEREF, 0, block(DEF_CFA_EXPRESSION, bytes((0x77, 16, 0x06))) +
             bytes((EXPRESSION, RIP)) + b"\x02\x77\x08" + bytes((REMEMBER,)) * 3),
            # jumps back for ever
            (LOOP, 0, block(DEF_CFA_EXPRESSION, b"\x2f\xfd\xff"))):
        at = len(table)
        places.append((start, FRAMES + at))
        table += entry(struct.pack("<IiI", at + 4 - owner, start - (FRAMES + at + 8), 0x100) + b"\0" + rules)
    return table + struct.pack("<I", 0), places


def eh_frame_hdr(places):
    head = struct.pack("<BBBBiI", 1, 0x1B, 0x03, 0x3B, FRAMES - (INDEX + 4), len(places))
    return head + b"".join(struct.pack("<ii", start - INDEX, where - INDEX) for start, where in sorted(places))


def elf(frames, index, has_sections=True, frame_name=b".eh_frame"):
    names = b"\0" + frame_name + b"\0.eh_frame_hdr\0.shstrtab\0"
    at = INDEX + len(index)
    rows = [b"\0" * 64]
    for name, address, data in ((frame_name, FRAMES, frames), (b".eh_frame_hdr", INDEX, index)):
        rows.append(struct.pack("<IIQQQQIIQQ", names.index(name + b"\0"), 1, 2, address, address, len(data), 0, 0, 8, 0))
    rows.append(struct.pack("<IIQQQQIIQQ", names.index(b".shstrtab"), 3, 0, 0, at, len(names), 0, 0, 1, 0))
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, at, at, 0x1000)
    segments += struct.pack("<IIQQQQQQ", 0x6474E550, 4, INDEX, INDEX, INDEX, len(index), len(index), 4)
    head = b"\x7fELF\2\1\1" + b"\0" * 9
    head += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, PLAIN, 64, at + len(names) if has_sections else 0, 0,
                        64, 56, 2, 64, len(rows) if has_sections else 0, 3 if has_sections else 0)
    body = (head + segments).ljust(FRAMES, b"\xcc") + frames.ljust(INDEX - FRAMES, b"\0") + index
    return body + (names + b"".join(rows) if has_sections else b"")


def sample(start, stack, file, mappings=None, max_frames=63):
    registers = [STACK] * 24
    registers[8] = BIAS + start  # rip
    registers[7] = STACK
    words = b"".join(struct.pack("<Q", word) for word in stack)
    if mappings is None:
        mappings = [(BIAS + TEXT, BIAS + FRAMES, TEXT, 1)]
    return struct.pack("<HHIQ", len(mappings), max_frames, len(words), STACK) + \
        b"".join(struct.pack("<4Q", *m) for m in mappings) + struct.pack("<24Q", *registers) + words + file


def write(name, data):
    os.makedirs(HERE, exist_ok=True)
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def main():
    frames, places = eh_frame()
    index = eh_frame_hdr(places)
    file = elf(frames, index)
    # as PLAIN has it behind its push, then a signal's, a PLT's and the outermost frame
    to_signal = [0, BIAS + SIGNAL + 2, 0, 0, 0, 0, 0, BIAS + TABLE + 12, 0, BIAS + OUTERMOST + 1]
    write("every-rule", sample(PLAIN + 5, to_signal, file))
    write("memory-in-a-rule", sample(DEREF, [0, BIAS + PLAIN + 5, STACK + 32, 0, 0, BIAS + OUTERMOST + 1], file))
    write("expression-without-end", sample(LOOP, to_signal, file))
    write("stack-into-itself", sample(DEREF, [STACK, BIAS + DEREF + 1, STACK] * 8, file))
    write("no-sections", sample(PLAIN + 5, to_signal, elf(frames, index, has_sections=False)))
    write("no-index", sample(PLAIN + 5, to_signal, elf(frames, b"\0" * 12)))
    write("index-outside", sample(PLAIN + 5, to_signal, elf(frames, index[:8] + b"\xff\xff\xff\x7f" + index[12:])))
    write("frames-cut", sample(SIGNAL, to_signal, elf(frames[:90], index)))
    write("debug-frame", sample(PLAIN + 5, to_signal, elf(frames, index, frame_name=b".debug_frame")))
    write("entry-of-no-end", sample(PLAIN + 5, to_signal, elf(b"\xf0\xff\xff\xff" + frames[4:], index)))
    write("no-stack", sample(PLAIN, [], file))
    write("no-file", sample(PLAIN + 5, to_signal, b""))
    write("mappings-overlap", sample(PLAIN + 5, to_signal, file, [
        (BIAS + TEXT, BIAS + FRAMES, TEXT, 1), (BIAS + TEXT, BIAS + FRAMES, TEXT, 3),
        (BIAS, 1 << 63, 0, 5), (0, 2**64 - 1, 2**64 - 4096, 7), (BIAS + FRAMES, BIAS, TEXT, 2)]))
    write("mappings-at-the-end", sample(2**64 - 0x800 - BIAS, to_signal, file, [
        (2**64 - 0x1000, 2**64 - 1, TEXT, 1)]))


if __name__ == "__main__":
    main()
