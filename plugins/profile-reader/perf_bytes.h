/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking numbers from a piece of a file whose length is known and whose content is not to be
 * trusted. A take beyond the end gives 0 and marks the piece as short: look at is_short once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct perf_bytes {
	const uint8_t *at, *end;
	bool is_short;
};

static inline struct perf_bytes perf_bytes_of(const void *data, uint64_t len)
{
	return (struct perf_bytes){ .at = data, .end = (const uint8_t *)data + len };
}

static inline uint64_t perf_bytes_left(const struct perf_bytes *b)
{
	return (uint64_t)(b->end - b->at);
}

/* n bytes, borrowed; NULL if there are fewer. */
static inline const uint8_t *perf_take(struct perf_bytes *b, uint64_t n)
{
	const uint8_t *p = b->at;

	if (n > perf_bytes_left(b)) {
		b->at = b->end;
		b->is_short = true;
		return NULL;
	}
	b->at += n;
	return p;
}

static inline uint64_t perf_take_u64(struct perf_bytes *b)
{
	const uint8_t *p = perf_take(b, 8);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t perf_take_u32(struct perf_bytes *b)
{
	const uint8_t *p = perf_take(b, 4);
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

/* A NUL-terminated string, borrowed; the piece is short if it has no end. */
static inline const char *perf_take_string(struct perf_bytes *b)
{
	const char *s = (const char *)b->at;
	uint64_t len = strnlen(s, perf_bytes_left(b));

	return perf_take(b, len + 1) ? s : "";
}

/* A string of a feature: its room as u32, then the string. */
static inline const char *perf_take_sized_string(struct perf_bytes *b)
{
	uint32_t room = perf_take_u32(b);
	const uint8_t *p = perf_take(b, room);

	if (!p || strnlen((const char *)p, room) == room) {
		b->is_short = true;
		return "";
	}
	return (const char *)p;
}
