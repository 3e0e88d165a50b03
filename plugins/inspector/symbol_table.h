/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of one ELF file, sorted and compact: 12 bytes each. Names stay in the file and
 * are read when one is asked for.
 *
 * A symbol names an address only inside [value, value + size); size 0 extends to the next symbol
 * or to the end of its section, and a label (no type, no size) inside a function names nothing.
 * Where several cover an address the one that starts last wins. Of aliases: functions before
 * labels, global before weak before local, then fewest leading underscores, then the first in
 * the file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "elf_file.h"
#include "symbol_collect.h"
#include "symbol_rows.h"

#define SYMBOL_MAX_COUNT (4u << 20) /* further ones are ignored */
#define SYMBOL_MAX_NAME 4096u       /* with its NUL; longer names are cut */

struct symbol_table;

/* 0 also for a file without symbols. -ENOMEM, or an error of reading. */
int symbol_table_build(const struct symbol_files *files, struct symbol_table **ret);
struct symbol_table *symbol_table_free(struct symbol_table *t); /* NULL */
DEFINE_CLEANUP(struct symbol_table *, symbol_table_free)

size_t symbol_table_bytes(const struct symbol_table *t);
/* Where names are: in .strtab, and with RAW_NAME_DYNAMIC in .dynstr. */
const struct symbol_strings *symbol_table_strings(const struct symbol_table *t);
const struct symbol_rows *symbol_table_rows(const struct symbol_table *t); /* names: symbol_table_name */

/*
 * The linker's name without its "@VERSION", from the files that the table was built of. -ENODATA:
 * empty, -ERANGE: not inside the string table, or an error of reading.
 */
int symbol_table_name(const struct symbol_table *t, const struct symbol_files *files, uint32_t name,
		      char ret[static SYMBOL_MAX_NAME]);
