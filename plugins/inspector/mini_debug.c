/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few bytes of xz can ask for gigabytes of output and of dictionary: both have a cap, and room
 * for the output grows with what has really come.
 */
#include "mini_debug.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define FIRST_BYTES (256u << 10)

struct unpacked {
	uint8_t *data;
	size_t len, capacity;
};

static int reserve(struct unpacked *u)
{
	size_t capacity = u->capacity ? u->capacity * 2 : FIRST_BYTES;
	uint8_t *data;

	if (u->len < u->capacity)
		return 0;
	if (capacity > MINI_DEBUG_MAX_BYTES)
		return -ENOENT;
	data = realloc(u->data, capacity);
	if (!data)
		return -ENOMEM;
	u->data = data;
	u->capacity = capacity;
	return 0;
}

/* 1: all is there. */
static int unpack_some(lzma_stream *xz, lzma_action action, struct unpacked *u)
{
	lzma_ret result = LZMA_OK;

	while (result == LZMA_OK && (xz->avail_in > 0 || action == LZMA_FINISH)) {
		int k = reserve(u);

		if (k < 0)
			return k;
		xz->next_out = u->data + u->len;
		xz->avail_out = u->capacity - u->len;
		result = lzma_code(xz, action);
		u->len = u->capacity - xz->avail_out;
	}
	if (result == LZMA_STREAM_END)
		return 1;
	if (result == LZMA_MEM_ERROR)
		return -ENOMEM;
	return result == LZMA_OK ? 0 : -ENOENT;
}

static int unpack(const struct elf_file *f, const struct elf_section *s, lzma_stream *xz,
		  struct unpacked *u)
{
	uint8_t chunk[16 << 10];
	uint64_t done = 0;
	int k = 0;

	while (k == 0 && done < s->size) {
		size_t want = s->size - done < sizeof(chunk) ? (size_t)(s->size - done)
							      : sizeof(chunk);

		if (reader_get(&f->reader, s->offset + done, chunk, want) < 0)
			return -ENOENT;
		done += want;
		xz->next_in = chunk;
		xz->avail_in = want;
		k = unpack_some(xz, done < s->size ? LZMA_RUN : LZMA_FINISH, u);
	}
	return k == 0 ? -ENOENT : k;
}

int mini_debug_read(const struct elf_file *f, uint8_t **ret, size_t *ret_len)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	struct unpacked u = {};
	struct elf_section s;
	int k;

	if (elf_section_find(f, ".gnu_debugdata", &s) < 0 || s.size > ELF_MAX_SECTION_BYTES ||
	    s.offset > f->reader.size)
		return -ENOENT;
	if (lzma_stream_decoder(&xz, MINI_DEBUG_MAX_MEMORY, 0) != LZMA_OK)
		return -ENOMEM;
	k = unpack(f, &s, &xz, &u);
	lzma_end(&xz);
	if (k < 0) {
		free(u.data);
		return k;
	}
	*ret = u.data;
	*ret_len = u.len;
	return 0;
}
