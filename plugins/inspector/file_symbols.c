/* SPDX-License-Identifier: Apache-2.0 */
/* Names stay in the files; mini debug info is the one that has to stay in memory for that. */
#include "file_symbols.h"

#include <errno.h>
#include <stdlib.h>

#include "mini_debug.h"

enum symtab_place { SYMTAB_MAPPED, SYMTAB_DEBUG, SYMTAB_MINI };

struct file_symbols {
	struct symbol_table *table;
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

static struct symbol_files files_of(const struct file_symbols *s, const struct elf_file *mapped,
				    const struct elf_file *debug)
{
	switch (s->place) {
	case SYMTAB_DEBUG:
		return (struct symbol_files){ .symtab = debug, .dynsym = mapped };
	case SYMTAB_MINI:
		return (struct symbol_files){ .symtab = &s->mini, .dynsym = mapped };
	default:
		return (struct symbol_files){ .symtab = mapped, .dynsym = mapped };
	}
}

int file_symbols_new(const struct elf_file *mapped, const struct elf_file *debug,
		     struct file_symbols **ret)
{
	_cleanup_(file_symbols_freep) struct file_symbols *s = calloc(1, sizeof(*s));
	struct symbol_files files;
	int r;

	if (!s)
		return -ENOMEM;
	r = symtab_place(s, mapped, debug);
	if (r < 0)
		return r;
	s->place = (enum symtab_place)r;
	s->had_debug = debug;
	files = files_of(s, mapped, debug);
	r = symbol_table_build(&files, &s->table);
	if (r < 0 && r != -ENOMEM && s->place == SYMTAB_DEBUG) {
		s->place = SYMTAB_MAPPED;
		files = files_of(s, mapped, NULL);
		r = symbol_table_build(&files, &s->table);
	}
	if (r < 0)
		return r;

	*ret = TAKE_PTR(s);
	return 0;
}

bool file_symbols_fit(const struct file_symbols *s, const struct elf_file *debug)
{
	return s->had_debug == !!debug;
}

size_t file_symbols_bytes(const struct file_symbols *s)
{
	return sizeof(*s) + symbol_table_bytes(s->table) + s->mini_len;
}

bool file_symbols_is_empty(const struct file_symbols *s)
{
	return symbol_table_length(s->table) == 0;
}

bool file_symbols_find(const struct file_symbols *s, uint64_t address, struct symbol *ret)
{
	return symbol_table_find(s->table, address, ret);
}

int file_symbols_name(const struct file_symbols *s, const struct elf_file *mapped,
		      const struct elf_file *debug, uint32_t name, char ret[static SYMBOL_MAX_NAME])
{
	struct symbol_files files = files_of(s, mapped, debug);

	return symbol_table_name(s->table, &files, name, ret);
}
