/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ELF file says about itself: segments, sections, build id. 32 and 64 bit, little
 * endian. Every number is checked against the size of the file and against a cap before it is
 * used; formats as in elf(5) and System V gABI, "ELF Header" to "Note Section".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/inspect.h>

#include "reader.h"

#define ELF_MAX_LOADS 256u
#define ELF_MAX_SECTIONS 16384u
#define ELF_MAX_SECTION_BYTES (64ull << 20)
#define ELF_MAX_BUILD_ID 64u

struct elf_section {
	uint64_t address, offset, size, flags, entry_size;
	uint32_t type, link;
	uint32_t name; /* in the string table of section names */
};

struct elf_segment {
	uint64_t offset, vaddr, file_size, align;
	uint32_t type;
};

struct elf_file {
	struct reader reader;
	bool is_64;
	uint16_t machine, type; /* EM_*, ET_* */
	uint64_t section_offset, segment_offset;
	uint32_t n_sections, n_segments;
	uint32_t names_section; /* index of the section that holds their names; 0: none */
};

/* -ENOEXEC: no ELF file that we read; -ERANGE: cut or damaged. */
int elf_open(struct elf_file *ret, const struct reader *r);

/* PT_LOADs in file order, at most ELF_MAX_LOADS. */
int elf_loads(const struct elf_file *f, struct hearth_elf_load *ret, uint32_t *ret_n);

/* NT_GNU_BUILD_ID of a PT_NOTE or of an SHT_NOTE section; -ENODATA: none. */
int elf_build_id(const struct elf_file *f, uint8_t ret[static ELF_MAX_BUILD_ID], uint32_t *ret_len);

/* -ERANGE: not in the file. */
int elf_section(const struct elf_file *f, uint32_t index, struct elf_section *ret);

/* The first one of this name; -ENOENT: there is none. */
int elf_section_find(const struct elf_file *f, const char *name, struct elf_section *ret);

/* -ERANGE: not in the file. */
int elf_segment(const struct elf_file *f, uint32_t index, struct elf_segment *ret);

/* Where an address of a PT_LOAD is in the file; -ERANGE: in none. */
int elf_offset(const struct elf_file *f, uint64_t vaddr, uint64_t *ret);

/* HEARTH_ELF_*. A damaged section table reads as "no symbols". */
uint32_t elf_flags(const struct elf_file *f);

/* One symbol of the table `s`, wherever the file has 32 or 64 bits. */
struct elf_symbol {
	uint64_t value, size;
	uint32_t name;
	uint16_t section;
	uint8_t type, binding;
};

size_t elf_symbol_size(const struct elf_file *f);
void elf_symbol_decode(const struct elf_file *f, const uint8_t *raw, struct elf_symbol *ret);
