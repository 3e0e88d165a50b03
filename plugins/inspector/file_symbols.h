/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of one mapped file, wherever they are kept: in its .symtab, in the separate debug
 * file, or in its mini debug info; and always in its .dynsym.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "symbol_table.h"

struct file_symbols;

/*
 * debug is NULL, or a file that matches `mapped` (debug_link.h); one that cannot be read is as
 * good as none. -ENOMEM, or an error of reading `mapped`.
 */
int file_symbols_new(const struct elf_file *mapped, const struct elf_file *debug,
		     struct file_symbols **ret);
struct file_symbols *file_symbols_free(struct file_symbols *s); /* NULL */
DEFINE_CLEANUP(struct file_symbols *, file_symbols_free)

/* False: they were made with a debug file and there is none now, or the other way round. */
bool file_symbols_fit(const struct file_symbols *s, const struct elf_file *debug);

size_t file_symbols_bytes(const struct file_symbols *s);
bool file_symbols_is_empty(const struct file_symbols *s);
bool file_symbols_find(const struct file_symbols *s, uint64_t address, struct symbol *ret);

/* As symbol_table_name; the files must fit. */
int file_symbols_name(const struct file_symbols *s, const struct elf_file *mapped,
		      const struct elf_file *debug, uint32_t name, char ret[static SYMBOL_MAX_NAME]);
