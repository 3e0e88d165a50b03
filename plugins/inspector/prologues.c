/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No disassembler: the few instructions that set up a frame are looked for in the first bytes of a
 * function, behind what may come before them (endbr64, Go's check of the stack's size).
 */
#include "prologues.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"

#define LOOK_BYTES 48u
#define MIN_FUNCTION 16u /* what is smaller has no place for a frame */

struct prologue {
	bool has_frame, has_pointer;
};

static bool contains(const uint8_t *code, size_t len, const char *bytes, size_t n)
{
	return memmem(code, len, bytes, n) != NULL;
}

/* push of any register; those above the eighth have a prefix. */
static bool is_x86_push(const uint8_t *code)
{
	return (code[0] & 0xf8) == 0x50 || (code[0] == 0x41 && (code[1] & 0xf8) == 0x50);
}

/* The compiler may have put other instructions between push %rbp and mov %rsp,%rbp. */
static struct prologue read_x86(const uint8_t *code, size_t len)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct prologue p;

	if (memcmp(code, endbr64, sizeof(endbr64)) == 0) {
		code += sizeof(endbr64);
		len -= sizeof(endbr64);
	}
	p.has_frame = is_x86_push(code) || contains(code, len, "\x48\x83\xec", 3) ||
		      contains(code, len, "\x48\x81\xec", 3); /* sub N,%rsp */
	p.has_pointer = contains(code, len, "\x48\x89\xe5", 3) || /* mov %rsp,%rbp */
			contains(code, len, "\x48\x8b\xec", 3) || /* the same */
			contains(code, len, "\x48\x8d\x6c\x24", 4); /* lea N(%rsp),%rbp: old Go */
	p.has_frame |= p.has_pointer;
	return p;
}

/* Arm ARM, C6.2. Two words are Go's: stur x29, [sp, #-8] and str x30, [sp, #-N]!. */
static struct prologue read_arm(const uint8_t *code, size_t len)
{
	struct prologue p = {};

	for (size_t at = 0; at + 4 <= len; at += 4) {
		uint32_t word;

		memcpy(&word, code + at, sizeof(word));
		p.has_pointer |= (word & 0xffc07fff) == 0xa9807bfd || /* stp x29, x30, [sp, #-N]! */
				 (word & 0xffc07fff) == 0xa9007bfd || word == 0xf81f83fd;
		p.has_frame |= (word & 0xff8003ff) == 0xd10003ff || /* sub sp, sp, #N */
			       (word & 0xffe00fff) == 0xf8000ffe;
	}
	p.has_frame |= p.has_pointer;
	return p;
}

typedef struct prologue (*read_fn)(const uint8_t *code, size_t len);

static read_fn reader_of(uint16_t machine)
{
	return machine == EM_X86_64 ? read_x86 : machine == EM_AARCH64 ? read_arm : NULL;
}

static void count_symbol(const struct elf_file *f, const struct elf_symbol *s, read_fn read,
			 struct frame_count *ret)
{
	uint8_t code[LOOK_BYTES];
	size_t len = s->size < sizeof(code) ? (size_t)s->size : sizeof(code);
	struct prologue p;
	uint64_t offset;

	if (s->type != STT_FUNC || s->section == SHN_UNDEF || s->size < MIN_FUNCTION ||
	    elf_offset(f, s->value, &offset) < 0 ||
	    reader_get(&f->reader, offset, code, len) < 0)
		return;
	p = read(code, len);
	ret->n += p.has_frame;
	ret->n_with_pointer += p.has_pointer;
}

static int find_symbols(const struct elf_file *f, struct elf_section *ret)
{
	static const char *const names[] = { ".symtab", ".dynsym" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (elf_section_find(f, names[i], ret) == 0 && ret->type != SHT_NOBITS &&
		    ret->entry_size == elf_symbol_size(f) && ret->size <= f->reader.size)
			return 0;
	return -ENODATA;
}

int prologues_count(const struct elf_file *f, struct frame_count *ret)
{
	read_fn read = reader_of(f->machine);
	struct frame_count count = {};
	struct elf_section table;
	uint64_t n, step;
	int r;

	if (!read)
		return -ENOTSUP;
	r = find_symbols(f, &table);
	if (r < 0)
		return r;
	n = table.size / table.entry_size;
	step = n / PROLOGUES_SAMPLE + 1;
	for (uint64_t i = 0; i < n; i += step) {
		uint8_t raw[sizeof(Elf64_Sym)];
		struct elf_symbol s;
		uint64_t offset;

		if (__builtin_add_overflow(table.offset, i * table.entry_size, &offset) ||
		    reader_get(&f->reader, offset, raw, elf_symbol_size(f)) < 0)
			break;
		elf_symbol_decode(f, raw, &s);
		count_symbol(f, &s, read, &count);
	}
	if (count.n == 0)
		return -ENODATA;
	*ret = count;
	return 0;
}
