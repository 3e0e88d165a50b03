/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of this text are regular expressions, and its names are chosen by whoever is sampled. */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/utf8.h"

enum { FIRST_BYTES = 4096 };

static bool text_reserve(struct text *t, size_t n)
{
	size_t capacity = t->capacity ? t->capacity * 2 : FIRST_BYTES;
	char *bytes;

	if (t->error)
		return false;
	if (n <= t->capacity - t->len)
		return true;
	if (capacity < t->len + n)
		capacity = t->len + n;
	bytes = realloc(t->bytes, capacity);
	if (!bytes) {
		t->error = -ENOMEM;
		return false;
	}
	t->bytes = bytes;
	t->capacity = capacity;
	return true;
}

void text_put(struct text *t, const void *bytes, size_t n)
{
	if (!n || !text_reserve(t, n))
		return;
	memcpy(t->bytes + t->len, bytes, n);
	t->len += n;
}

void text_format(struct text *t, const char *format, ...)
{
	char line[256]; /* numbers and short words; names go another way */
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0)
		text_put(t, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* What \s of a regular expression matches as well as a space. */
static bool is_other_blank(const unsigned char *s, size_t n)
{
	static const char blanks[][4] = { "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
					  "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u2028",
					  "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff" };

	for (size_t i = 0; n > 1 && i < ARRAY_SIZE(blanks); i++)
		if (strlen(blanks[i]) == n && memcmp(s, blanks[i], n) == 0)
			return true;
	return false;
}

static bool is_replaced(const unsigned char *s, size_t left, bool is_first, enum text_name kind)
{
	bool is_blank = *s == ' ';

	switch (kind) {
	case TEXT_COMM:
		return (is_first && *s == '#') ||
		       (is_blank && (is_first || left == 1 || (s[1] >= '0' && s[1] <= '9')));
	case TEXT_WORD:
		return is_blank;
	default:
		return false;
	}
}

void text_put_name(struct text *t, const char *name, size_t left, enum text_name kind)
{
	const unsigned char *s = (const unsigned char *)name;

	for (size_t n; left; s += n, left -= n) {
		n = utf8_sequence(s, left);
		if (n == 0 || utf8_is_control(s, n) || is_other_blank(s, n)) {
			text_put(t, "?", 1);
			n = n ? n : 1;
		} else if (is_replaced(s, left, s == (const unsigned char *)name, kind)) {
			text_put(t, "_", 1);
		} else {
			text_put(t, s, n);
		}
	}
}

void text_done(struct text *t)
{
	free(t->bytes);
	*t = (struct text){ .len = 0 };
}
