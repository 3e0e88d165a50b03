/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of a mapped file, from wherever they are kept: in its own .symtab, in a separate debug
 * file, or in its mini debug info; and always in its .dynsym. Or all of that from a table that was
 * stored when the file was read before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "stored_table.h"
#include "symbol_table.h"

struct file_symbols;

/* Where the symbols of one file are; the same from call to call as far as file_symbols_fit says. */
struct symbol_sources {
	const struct elf_file *mapped;
	const struct elf_file *debug; /* NULL, or a file that matches `mapped` (debug_link.h) */
	const struct reader *stored;  /* NULL, or a file that ends with a table of both of them, */
	uint64_t stored_offset;       /* which begins here */
};

/*
 * From mapped and debug; a debug file that cannot be read is as good as none. -ENOMEM, or an error of
 * reading `mapped`.
 */
int file_symbols_new(const struct symbol_sources *from, struct file_symbols **ret);
/* From `stored`; as stored_table_open. */
int file_symbols_open(const struct symbol_sources *from, struct file_symbols **ret);
struct file_symbols *file_symbols_free(struct file_symbols *s); /* NULL */
DEFINE_CLEANUP(struct file_symbols *, file_symbols_free)

/* False: they need a stored table or a debug file, or were made without one that is there now. */
bool file_symbols_fit(const struct file_symbols *s, const struct symbol_sources *from);

bool file_symbols_are_stored(const struct file_symbols *s); /* made by file_symbols_open */
size_t file_symbols_bytes(const struct file_symbols *s);
size_t file_symbols_length(const struct file_symbols *s);
bool file_symbols_find(const struct file_symbols *s, uint64_t address, struct symbol *ret);

/* As symbol_table_name; the sources must fit. -EBADMSG: the stored table is damaged. */
int file_symbols_name(const struct file_symbols *s, const struct symbol_sources *from, uint32_t name,
		      char ret[static SYMBOL_MAX_NAME]);

/* True if reading them again would cost more than keeping them does. */
bool file_symbols_are_worth_storing(const struct file_symbols *s);
/* As stored_table_write; only of those that file_symbols_new made. */
int file_symbols_store(const struct file_symbols *s, const struct symbol_sources *from,
		       const struct hearth_table_sink *sink);
