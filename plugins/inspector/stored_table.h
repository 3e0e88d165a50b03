/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbols as they are kept on disk: rows that need no sorting, and names that are checked a block
 * at a time, so that opening a table costs what its index costs and not what its names do.
 *
 * All numbers are little endian, as on every machine that Hearth runs on. From the first byte:
 *
 *   names        n_blocks of 4,096 bytes: names with their NULs, none across two blocks
 *   rows         n_rows struct symbol_row, by value; .name is an offset into the names
 *   enclosures   n_enclosures struct symbol_enclosure, by row
 *   loads        n_loads struct hearth_elf_load, the segments of the file: with them a table can
 *                stand for a file that is gone
 *   sums         the CRC-32 of each block
 *   footer       struct stored_footer; its checksum, the CRC-64 of all from the rows on, the footer
 *                itself with checksum 0 included, covers the names by way of the sums
 *
 * The footer comes last so that a table can be written in one pass and a cut one is never whole.
 * What a table is of, and who vouches for that, is the business of who keeps it. Reading one trusts
 * nothing: the file that it was made from may have been hostile.
 */
#pragma once

#include <hearth/helper.h>

#include "common/cleanup.h"
#include "symbol_table.h"

#define STORED_BLOCK_BYTES 4096u
#define STORED_MAX_BLOCKS (32u << 10) /* 128 MiB of names; a table with more is not written */
#define STORED_VERSION 2u

_Static_assert(SYMBOL_MAX_NAME <= STORED_BLOCK_BYTES, "a name must fit in a block");

struct stored_footer {
	uint64_t base, checksum;
	uint32_t n_rows, n_enclosures, n_blocks, n_loads;
	uint32_t version, size; /* of the footer */
	uint8_t magic[8];       /* STORED_MAGIC */
};

#define STORED_MAGIC "symbols\n"

struct stored_table;

/* The segments of a file; at most ELF_MAX_LOADS. */
struct stored_loads {
	struct hearth_elf_load *loads;
	uint32_t n;
};

/* 0, -EFBIG (too many names), -ENOMEM, an error of reading, or what the sink answered. */
int stored_table_write(const struct symbol_table *t, const struct symbol_files *files,
		       const struct stored_loads *loads, const struct hearth_table_sink *sink);

/*
 * `offset`: where in the file it begins; it ends with it. -EBADMSG: damaged, cut, or of another
 * version; -ENOMEM, or an error of reading.
 */
int stored_table_open(const struct reader *r, uint64_t offset, struct stored_table **ret);
struct stored_table *stored_table_free(struct stored_table *t); /* NULL */
DEFINE_CLEANUP(struct stored_table *, stored_table_free)

const struct symbol_rows *stored_table_rows(const struct stored_table *t);
const struct stored_loads *stored_table_loads(const struct stored_table *t);
size_t stored_table_bytes(const struct stored_table *t); /* in memory */

/* As symbol_table_name, from the file that it was opened from; -EBADMSG: damaged. */
int stored_table_name(struct stored_table *t, const struct reader *r, uint32_t name,
		      char ret[static SYMBOL_MAX_NAME]);
