/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading numbers out of memory that nobody vouches for. Beyond the end everything reads as 0 and
 * `is_bad` is set for good, so that a caller checks once, where it would act on what it has read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at, *end;
	bool is_bad;
};

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* n little-endian bytes, at most 8. */
uint64_t cursor_number(struct cursor *c, size_t n);
/* LEB128 as in DWARF 5, 7.6; bits beyond 64 are lost. Signed ones are skipped alike. */
uint64_t cursor_leb128(struct cursor *c);
void cursor_skip(struct cursor *c, uint64_t n);
/* A NUL-terminated string, "" if it has no end. */
const char *cursor_string(struct cursor *c);
/* The next n bytes as a cursor of their own; c goes on behind them. */
struct cursor cursor_part(struct cursor *c, uint64_t n);
