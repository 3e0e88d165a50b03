/* SPDX-License-Identifier: Apache-2.0 */
/* A stored table in memory, made of an ELF file. */
#pragma once

#include "test_support.h"

#include "stored_table.h"

struct stored_bytes {
	uint8_t *data;
	size_t len, max; /* max: -ENOSPC beyond */
};

static inline int32_t stored_bytes_write(void *ctx, const void *data, uint64_t len)
{
	struct stored_bytes *b = ctx;

	if (b->len + len > b->max)
		return -ENOSPC;
	b->data = realloc(b->data, b->len + len);
	assert_non_null(b->data);
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

static inline int stored_of(const struct elf_file *f, struct stored_bytes *ret)
{
	const struct hearth_table_sink sink = { .size = sizeof(sink), .ctx = ret,
						.write = stored_bytes_write };
	struct symbol_files files = { .symtab = f, .dynsym = f };
	_cleanup_(symbol_table_freep) struct symbol_table *t = NULL;
	struct hearth_elf_load data[ELF_MAX_LOADS];
	struct stored_loads loads = { .loads = data };

	assert_int_equal(table_build(f, &t), 0);
	assert_int_equal(elf_loads(f, data, &loads.n), 0);
	return stored_table_write(t, &files, &loads, &sink);
}
