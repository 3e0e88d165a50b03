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

static bool has_x86_frame(const uint8_t *code, size_t len)
{
	static const struct {
		uint8_t bytes[4];
		size_t len;
	} patterns[] = {
		{ { 0x55, 0x48, 0x89, 0xe5 }, 4 }, /* push %rbp; mov %rsp,%rbp */
		{ { 0x55, 0x48, 0x8b, 0xec }, 4 }, /* the same, encoded otherwise */
		{ { 0x48, 0x8d, 0x6c, 0x24 }, 4 }, /* lea N(%rsp),%rbp: Go before 1.21 */
	};

	for (size_t at = 0; at + sizeof(patterns[0].bytes) <= len; at++)
		for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
			if (memcmp(code + at, patterns[i].bytes, patterns[i].len) == 0)
				return true;
	return false;
}

/* Arm ARM, C6.2: stp x29, x30, [sp, #…] with or without write-back; stur x29, [sp, #-8] is Go's. */
static bool has_arm_frame(const uint8_t *code, size_t len)
{
	for (size_t at = 0; at + 4 <= len; at += 4) {
		uint32_t word;

		memcpy(&word, code + at, sizeof(word));
		if ((word & 0xffc07fff) == 0xa9807bfd || (word & 0xffc07fff) == 0xa9007bfd ||
		    word == 0xf81f83fd)
			return true;
	}
	return false;
}

typedef bool (*has_frame_fn)(const uint8_t *code, size_t len);

static has_frame_fn has_frame_of(uint16_t machine)
{
	return machine == EM_X86_64 ? has_x86_frame : machine == EM_AARCH64 ? has_arm_frame : NULL;
}

static void count_symbol(const struct elf_file *f, const struct elf_symbol *s,
			 has_frame_fn has_frame, struct frame_count *ret)
{
	uint8_t code[LOOK_BYTES];
	size_t len = s->size < sizeof(code) ? (size_t)s->size : sizeof(code);
	uint64_t offset;

	if (s->type != STT_FUNC || s->section == SHN_UNDEF || s->size < MIN_FUNCTION ||
	    elf_offset(f, s->value, &offset) < 0 ||
	    reader_get(&f->reader, offset, code, len) < 0)
		return;
	ret->n++;
	ret->n_with_pointer += has_frame(code, len);
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
	has_frame_fn has_frame = has_frame_of(f->machine);
	struct frame_count count = {};
	struct elf_section table;
	uint64_t n, step;
	int r;

	if (!has_frame)
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
		count_symbol(f, &s, has_frame, &count);
	}
	if (count.n == 0)
		return -ENODATA;
	*ret = count;
	return 0;
}
