/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of .symtab and .dynsym that name code, as a growing array in file order. They may be
 * in two files: what a distribution strips, it ships apart.
 */
#pragma once

#include <stdint.h>

#include "elf_file.h"

/* raw_symbol.flags, besides the binding */
enum {
	RAW_BINDING = 3u,       /* 0 global, 1 weak, 2 local: the order in which they are preferred */
	RAW_LABEL = 1u << 2,    /* NOTYPE */
	RAW_OPEN = 1u << 3,     /* had size 0: size reaches to the section's end */
};

#define RAW_NAME_DYNAMIC (1u << 31) /* raw_symbol.name: in the string table of .dynsym */

struct raw_symbol {
	uint32_t value; /* from `base`; first, for radix_sort */
	uint32_t size;  /* value + size does not overflow */
	uint32_t name, flags;
};

/* The same file twice, unless .symtab was taken out of it. */
struct symbol_files {
	const struct elf_file *symtab, *dynsym;
};

struct symbol_strings {
	uint64_t offset;
	uint32_t size;
};

struct raw_symbols {
	struct raw_symbol *rows;
	size_t n, capacity;
	uint64_t base; /* lowest address of the mapped file */
	struct symbol_strings strings[2]; /* of .symtab and .dynsym */
};

/* 0, -ENOMEM or an error of reading; then nothing is to be freed. Caller frees ret->rows. */
int symbols_collect(const struct symbol_files *files, struct raw_symbols *ret);
