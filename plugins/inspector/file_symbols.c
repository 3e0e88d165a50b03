/* SPDX-License-Identifier: Apache-2.0 */
/* Names stay in the files; mini debug info is the one that has to stay in memory for that. */
#include "file_symbols.h"

#include <errno.h>
#include <stdlib.h>

#include "debug_loads.h"
#include "mini_debug.h"

/*
 * From how many symbols on storing them pays within a few starts (tests/bench/symbols.py). In mini
 * debug info that is early, since unpacking is what costs. In a debug file it is not before 16,384,
 * but that file may be gone the next time, and its names with it.
 */
#define WORTH_OF_MAPPED 16384u
#define WORTH_OF_OTHERS 1024u

enum symtab_place { SYMTAB_MAPPED, SYMTAB_DEBUG, SYMTAB_MINI };

struct file_symbols {
	struct symbol_table *table;
	struct stored_table *stored; /* in place of all that follows */
	enum symtab_place place;
	bool had_debug;
	uint8_t *mini_data; /* SYMTAB_MINI */
	size_t mini_len;
	struct elf_file mini;
};

struct file_symbols *file_symbols_free(struct file_symbols *s)
{
	if (!s)
		return NULL;
	symbol_table_free(s->table);
	stored_table_free(s->stored);
	free(s->mini_data);
	free(s);
	return NULL;
}

static bool has_symtab(const struct elf_file *f)
{
	return f && (elf_flags(f) & HEARTH_ELF_SYMTAB);
}

/* -ENOENT: there is none that can be read. */
static int mini_open(struct file_symbols *s, const struct elf_file *mapped)
{
	struct reader reader;
	int r;

	r = mini_debug_read(mapped, &s->mini_data, &s->mini_len);
	if (r < 0)
		return r;
	reader_open_memory(&reader, s->mini_data, s->mini_len);
	if (elf_open(&s->mini, &reader) == 0)
		return 0;
	free(TAKE_PTR(s->mini_data));
	s->mini_len = 0;
	return -ENOENT;
}

static int symtab_place(struct file_symbols *s, const struct elf_file *mapped,
			const struct elf_file *debug)
{
	int r;

	if (has_symtab(debug))
		return SYMTAB_DEBUG;
	if (has_symtab(mapped))
		return SYMTAB_MAPPED;
	r = mini_open(s, mapped);
	if (r == 0)
		return SYMTAB_MINI;
	return r == -ENOENT ? SYMTAB_MAPPED : r;
}

static struct symbol_files files_of(const struct file_symbols *s, const struct symbol_sources *from)
{
	switch (s->place) {
	case SYMTAB_DEBUG:
		return (struct symbol_files){ .symtab = from->debug, .dynsym = from->mapped };
	case SYMTAB_MINI:
		return (struct symbol_files){ .symtab = &s->mini, .dynsym = from->mapped };
	default:
		return (struct symbol_files){ .symtab = from->mapped, .dynsym = from->mapped };
	}
}

int file_symbols_new(const struct symbol_sources *from, struct file_symbols **ret)
{
	_cleanup_(file_symbols_freep) struct file_symbols *s = calloc(1, sizeof(*s));
	struct symbol_files files;
	int r;

	if (!s)
		return -ENOMEM;
	r = symtab_place(s, from->mapped, from->debug);
	if (r < 0)
		return r;
	s->place = (enum symtab_place)r;
	s->had_debug = from->debug;
	files = files_of(s, from);
	r = symbol_table_build(&files, &s->table);
	if (r < 0 && r != -ENOMEM && s->place == SYMTAB_DEBUG) {
		s->place = SYMTAB_MAPPED; /* of a debug file that cannot be read */
		files = files_of(s, from);
		r = symbol_table_build(&files, &s->table);
	}
	if (r < 0)
		return r;

	*ret = TAKE_PTR(s);
	return 0;
}

int file_symbols_open(const struct symbol_sources *from, struct file_symbols **ret)
{
	_cleanup_(file_symbols_freep) struct file_symbols *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	r = stored_table_open(from->stored, from->stored_offset, &s->stored);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(s);
	return 0;
}

bool file_symbols_fit(const struct file_symbols *s, const struct symbol_sources *from)
{
	return s->stored ? from->stored != NULL : s->had_debug == !!from->debug;
}

bool file_symbols_are_stored(const struct file_symbols *s)
{
	return s->stored;
}

static const struct symbol_rows *rows_of(const struct file_symbols *s)
{
	return s->stored ? stored_table_rows(s->stored) : symbol_table_rows(s->table);
}

size_t file_symbols_bytes(const struct file_symbols *s)
{
	return sizeof(*s) + s->mini_len +
	       (s->stored ? stored_table_bytes(s->stored) : symbol_table_bytes(s->table));
}

size_t file_symbols_length(const struct file_symbols *s)
{
	return rows_of(s)->n_rows;
}

bool file_symbols_find(const struct file_symbols *s, uint64_t address, struct symbol *ret)
{
	return symbol_rows_find(rows_of(s), address, ret);
}

int file_symbols_name(const struct file_symbols *s, const struct symbol_sources *from, uint32_t name,
		      char ret[static SYMBOL_MAX_NAME])
{
	struct symbol_files files;

	if (s->stored)
		return stored_table_name(s->stored, from->stored, name, ret);
	files = files_of(s, from);
	return symbol_table_name(s->table, &files, name, ret);
}

bool file_symbols_are_worth_storing(const struct file_symbols *s)
{
	return !s->stored && file_symbols_length(s) >= (s->place == SYMTAB_MAPPED ? WORTH_OF_MAPPED
										 : WORTH_OF_OTHERS);
}

int file_symbols_store(const struct file_symbols *s, const struct symbol_sources *from,
		       const struct hearth_table_sink *sink)
{
	struct symbol_files files = files_of(s, from);
	struct hearth_elf_load data[ELF_MAX_LOADS];
	struct stored_loads loads = { .loads = data };
	int r;

	r = debug_loads(from->mapped, data, &loads.n);
	return r < 0 ? r : stored_table_write(s->table, &files, &loads, sink);
}
