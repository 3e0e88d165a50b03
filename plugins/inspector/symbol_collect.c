/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads both symbol tables through a small buffer: a table of 64 MiB costs the memory of what it
 * names, not of what it is.
 */
#include "symbol_collect.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "symbol_table.h"

#define CHUNK_SYMBOLS 512u

struct section_range {
	uint64_t start, end; /* end 0: not in memory */
	bool is_code;
};

struct collector {
	const struct elf_file *file;
	struct raw_symbols *out;
	struct section_range *sections;
	uint32_t n_sections;
};

static int sections_read(struct collector *c)
{
	c->sections = calloc(c->file->n_sections ? c->file->n_sections : 1, sizeof(*c->sections));
	if (!c->sections)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->file->n_sections; i++) {
		struct elf_section s;

		if (elf_section(c->file, i, &s) < 0)
			break; /* a cut table: what is left of it serves */
		c->n_sections = i + 1;
		if (!(s.flags & SHF_ALLOC) ||
		    __builtin_add_overflow(s.address, s.size, &c->sections[i].end))
			continue;
		c->sections[i].start = s.address;
		c->sections[i].is_code = s.flags & SHF_EXECINSTR;
	}
	return 0;
}

/* SHN_XINDEX: the index is elsewhere (more than 65,279 sections); the address tells as well. */
static const struct section_range *section_of(const struct collector *c,
					      const struct elf_symbol *s)
{
	if (s->section == SHN_XINDEX) {
		for (uint32_t i = 0; i < c->n_sections; i++)
			if (s->value >= c->sections[i].start && s->value < c->sections[i].end)
				return &c->sections[i];
		return NULL;
	}
	if (s->section == SHN_UNDEF || s->section >= c->n_sections)
		return NULL;
	return &c->sections[s->section];
}

/* "$x" and "$d" of ARM and RISC-V mark code and data, they name nothing. */
static bool is_mapping_symbol(const struct collector *c, const struct symbol_strings *strings,
			      uint32_t name)
{
	char first;

	if (c->file->machine != EM_AARCH64 && c->file->machine != EM_ARM &&
	    c->file->machine != EM_RISCV)
		return false;
	return reader_get(&c->file->reader, strings->offset + name, &first, 1) == 0 && first == '$';
}

static uint32_t binding_rank(uint8_t binding)
{
	switch (binding) {
	case STB_GLOBAL:
	case STB_GNU_UNIQUE:
		return 0;
	case STB_WEAK:
		return 1;
	default:
		return 2;
	}
}

static bool symbol_accept(const struct collector *c, const struct elf_symbol *s,
			  const struct symbol_strings *strings, struct raw_symbol *ret)
{
	const struct section_range *section = section_of(c, s);
	bool is_function = s->type == STT_FUNC || s->type == STT_GNU_IFUNC;
	uint64_t value, size = s->size;

	if (!section || s->value < section->start || s->value >= section->end || s->name == 0 ||
	    s->name >= strings->size)
		return false;
	if (!is_function && (s->type != STT_NOTYPE || !section->is_code ||
			     is_mapping_symbol(c, strings, s->name)))
		return false;
	if (s->value < c->out->base || s->value - c->out->base >= UINT32_MAX)
		return false;

	value = s->value - c->out->base;
	if (size == 0)
		size = section->end - s->value;
	if (size > UINT32_MAX - value)
		size = UINT32_MAX - value;
	*ret = (struct raw_symbol){
		.value = (uint32_t)value,
		.size = (uint32_t)size,
		.name = s->name,
		.flags = binding_rank(s->binding) | (is_function ? 0u : RAW_LABEL) |
			 (s->size == 0 ? RAW_OPEN : 0u),
	};
	return true;
}

static int raw_append(struct raw_symbols *out, const struct raw_symbol *s)
{
	if (out->n == out->capacity) {
		size_t capacity = out->capacity ? out->capacity * 2 : CHUNK_SYMBOLS;
		struct raw_symbol *rows = reallocarray(out->rows, capacity, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		out->rows = rows;
		out->capacity = capacity;
	}
	out->rows[out->n++] = *s;
	return 0;
}

static int chunk_collect(struct collector *c, const uint8_t *raw, size_t n,
			 const struct symbol_strings *strings, uint32_t name_flag)
{
	for (size_t i = 0; i < n; i++) {
		struct elf_symbol s;
		struct raw_symbol row;
		int k;

		elf_symbol_decode(c->file, raw + i * elf_symbol_size(c->file), &s);
		if (!symbol_accept(c, &s, strings, &row))
			continue;
		row.name |= name_flag;
		k = raw_append(c->out, &row);
		if (k < 0)
			return k;
	}
	return 0;
}

/* Damage ends the table early: what came before it still names. */
static int table_collect(struct collector *c, const struct elf_section *table,
			 const struct symbol_strings *strings, uint32_t name_flag)
{
	uint8_t raw[CHUNK_SYMBOLS * sizeof(Elf64_Sym)];
	size_t row_size = elf_symbol_size(c->file), got;
	uint64_t offset = table->offset, left = table->size;

	while (left >= row_size && c->out->n < SYMBOL_MAX_COUNT) {
		size_t want = CHUNK_SYMBOLS * row_size;
		int k;

		if (want > left)
			want = (size_t)(left - left % row_size);
		k = reader_get_some(&c->file->reader, offset, raw, want, &got);
		if (k < 0)
			return k;
		k = chunk_collect(c, raw, got / row_size, strings, name_flag);
		if (k < 0)
			return k;
		if (got < want)
			break;
		offset += got;
		left -= got;
	}
	return 0;
}

/* False for a string table that is not in the file or beyond the cap: it could name nothing. */
static bool strings_of(const struct elf_file *f, const struct elf_section *table,
		       struct symbol_strings *ret)
{
	struct elf_section s;

	if (elf_section(f, table->link, &s) < 0 || s.type != SHT_STRTAB || s.size == 0 ||
	    s.size > ELF_MAX_SECTION_BYTES)
		return false;
	if (s.offset > f->reader.size || s.size > f->reader.size - s.offset)
		return false;
	*ret = (struct symbol_strings){ .offset = s.offset, .size = (uint32_t)s.size };
	return true;
}

static int kind_collect(struct collector *c, uint32_t type, unsigned int which)
{
	for (uint32_t i = 0; i < c->n_sections; i++) {
		struct elf_section table;

		if (elf_section(c->file, i, &table) < 0)
			break;
		if (table.type != type || table.entry_size != elf_symbol_size(c->file) ||
		    table.size > ELF_MAX_SECTION_BYTES)
			continue;
		if (!strings_of(c->file, &table, &c->out->strings[which]))
			continue;
		return table_collect(c, &table, &c->out->strings[which],
				     which ? RAW_NAME_DYNAMIC : 0);
	}
	return 0;
}

/*
 * What 32 bits reach from here is kept. Where that is not all, it is the code: kernels have a segment
 * at address 0 (x86-64, variables of each CPU, until 6.14) and their code at the top.
 */
static uint64_t lowest_address(const struct elf_file *f)
{
	struct hearth_elf_load loads[ELF_MAX_LOADS];
	uint64_t lowest = UINT64_MAX, lowest_code = UINT64_MAX, highest = 0;
	uint32_t n = 0;

	if (elf_loads(f, loads, &n) < 0 || n == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t start = loads[i].vaddr;

		lowest = start < lowest ? start : lowest;
		highest = start > highest ? start : highest;
		if ((loads[i].flags & PF_X) && start < lowest_code)
			lowest_code = start;
	}
	return highest - lowest > UINT32_MAX && lowest_code != UINT64_MAX ? lowest_code : lowest;
}

static int file_collect(const struct elf_file *f, uint32_t type, unsigned int which,
			struct raw_symbols *out)
{
	struct collector c = { .file = f, .out = out };
	int k;

	k = sections_read(&c);
	if (k == 0)
		k = kind_collect(&c, type, which);
	free(c.sections);
	return k;
}

int symbols_collect(const struct symbol_files *files, struct raw_symbols *ret)
{
	struct raw_symbols out = { .base = lowest_address(files->dynsym) };
	int k;

	k = file_collect(files->symtab, SHT_SYMTAB, 0, &out);
	if (k == 0)
		k = file_collect(files->dynsym, SHT_DYNSYM, 1, &out);
	if (k < 0) {
		free(out.rows);
		return k;
	}
	*ret = out;
	return 0;
}
