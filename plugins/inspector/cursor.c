/* SPDX-License-Identifier: Apache-2.0 */
/* Every step is checked against the end before it is taken. */
#include "cursor.h"

#include <string.h>

uint64_t cursor_number(struct cursor *c, size_t n)
{
	uint64_t v = 0;

	if (n > sizeof(v) || n > cursor_left(c)) {
		c->is_bad = true;
		c->at = c->end;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)c->at[i] << (8 * i);
	c->at += n;
	return v;
}

uint64_t cursor_leb128(struct cursor *c)
{
	uint64_t v = 0, byte;
	unsigned int shift = 0;

	do {
		byte = cursor_number(c, 1);
		if (shift < 64)
			v |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return v;
}

void cursor_skip(struct cursor *c, uint64_t n)
{
	if (n > cursor_left(c)) {
		c->is_bad = true;
		n = cursor_left(c);
	}
	c->at += n;
}

const char *cursor_string(struct cursor *c)
{
	const char *s = (const char *)c->at;
	const uint8_t *end = cursor_left(c) > 0 ? memchr(c->at, 0, cursor_left(c)) : NULL;

	if (!end) {
		c->is_bad = true;
		c->at = c->end;
		return "";
	}
	c->at = end + 1;
	return s;
}

struct cursor cursor_part(struct cursor *c, uint64_t n)
{
	struct cursor part = { .at = c->at };

	cursor_skip(c, n);
	part.end = c->at;
	part.is_bad = c->is_bad;
	return part;
}
