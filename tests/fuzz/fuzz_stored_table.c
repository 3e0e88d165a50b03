/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stored table, whoever wrote it: symbols cover what they name, and names lie inside it. Its
 * checksums are mended first, or nothing but them would be tested.
 */
#include <lzma.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stored_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void mend(uint8_t *data, size_t len)
{
	struct stored_footer f;
	size_t names, index;
	uint64_t sum;

	if (len < sizeof(f))
		return;
	memcpy(&f, data + len - sizeof(f), sizeof(f));
	names = (size_t)f.n_blocks * STORED_BLOCK_BYTES;
	if (f.n_blocks > STORED_MAX_BLOCKS ||
	    names + f.n_blocks * sizeof(uint32_t) > len - sizeof(f))
		return;
	for (uint32_t i = 0; i < f.n_blocks; i++) {
		uint32_t block = lzma_crc32(data + (size_t)i * STORED_BLOCK_BYTES, STORED_BLOCK_BYTES, 0);

		memcpy(data + len - sizeof(f) - (f.n_blocks - i) * sizeof(block), &block, sizeof(block));
	}
	f.checksum = 0;
	index = len - sizeof(f) - names;
	sum = lzma_crc64(data + names, index, 0);
	f.checksum = lzma_crc64((const uint8_t *)&f, sizeof(f), sum);
	memcpy(data + len - sizeof(f), &f, sizeof(f));
}

static void look_up(struct stored_table *t, const struct reader *r, uint64_t address)
{
	static char name[SYMBOL_MAX_NAME];
	struct symbol s;

	if (!symbol_rows_find(stored_table_rows(t), address, &s))
		return;
	if (s.start > address)
		abort();
	if (stored_table_name(t, r, s.name, name) == 0 && (!*name || strlen(name) >= sizeof(name)))
		abort();
}

static void look_around(const uint8_t *data, size_t len)
{
	struct stored_table *t;
	struct reader r;
	uint64_t base;

	reader_open_memory(&r, data, len);
	if (stored_table_open(&r, 0, &t) < 0)
		return;
	base = stored_table_rows(t)->base;
	for (uint64_t offset = 0; offset < 0x2000; offset += 24)
		look_up(t, &r, base + offset);
	look_up(t, &r, 0);
	look_up(t, &r, UINT64_MAX);
	stored_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *mended = malloc(len ? len : 1);

	if (!mended)
		return 0;
	look_around(data, len);
	if (len > 0)
		memcpy(mended, data, len);
	mend(mended, len);
	look_around(mended, len);
	free(mended);
	return 0;
}
