/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder may be called `"; }` and a title may hold a newline: whatever a user types reaches
 * the overlay through yaml_quoted() and comes out of the YAML reader as it went in.
 */
#include "common/yaml_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

static char *yaml_reserve(struct yaml_text *y, size_t n)
{
	size_t capacity = y->capacity ? y->capacity : 256;
	char *p;

	if (y->error)
		return NULL;
	while (capacity - y->len <= n)
		capacity *= 2;
	if (capacity != y->capacity) {
		p = realloc(y->text, capacity);
		if (!p) {
			y->error = -ENOMEM;
			return NULL;
		}
		y->text = p;
		y->capacity = capacity;
	}
	return y->text + y->len;
}

static void yaml_append(struct yaml_text *y, const char *s, size_t n)
{
	char *p = yaml_reserve(y, n);

	if (!p)
		return;
	memcpy(p, s, n);
	p[n] = 0;
	y->len += n;
}

void yaml_plain(struct yaml_text *y, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text))
		y->error = -EOVERFLOW;
	else
		yaml_append(y, text, (size_t)n);
}

static void yaml_append_quoted_byte(struct yaml_text *y, unsigned char c)
{
	char escape[8];

	if (c == '"' || c == '\\')
		snprintf(escape, sizeof(escape), "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		snprintf(escape, sizeof(escape), "\\x%02x", c);
	else
		snprintf(escape, sizeof(escape), "%c", c);
	yaml_append(y, escape, strlen(escape));
}

/* The escape of a character that YAML takes for a line break, or does not take; NULL: plain. */
static const char *escape_of(const unsigned char *s, size_t n)
{
	static const struct {
		const char *bytes, *escape;
	} escapes[] = {
		{ "\xe2\x80\xa8", "\\L" }, { "\xe2\x80\xa9", "\\P" },
		{ "\xef\xbf\xbe", "\\uFFFE" }, { "\xef\xbf\xbf", "\\uFFFF" },
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (n == 3 && memcmp(s, escapes[i].bytes, n) == 0)
			return escapes[i].escape;
	return NULL;
}

void yaml_quoted_n(struct yaml_text *y, const char *value, size_t len)
{
	const unsigned char *s = (const unsigned char *)value;
	size_t n;

	yaml_append(y, "\"", 1);
	for (; len > 0; s += n, len -= n) {
		const char *escape;

		n = utf8_sequence(s, len);
		escape = escape_of(s, n);
		if (escape) {
			yaml_append(y, escape, strlen(escape));
		} else if (n == 1) {
			yaml_append_quoted_byte(y, *s);
		} else if (n == 2 && s[0] == 0xc2 && s[1] < 0xa0) {
			yaml_plain(y, "\\x%02x", s[1]); /* C1 controls are not printable YAML */
		} else if (n > 1) {
			yaml_append(y, (const char *)s, n);
		} else {
			yaml_append(y, "\\uFFFD", 6);
			n = 1;
		}
	}
	yaml_append(y, "\"", 1);
}

void yaml_quoted(struct yaml_text *y, const char *value)
{
	yaml_quoted_n(y, value, strlen(value));
}

void yaml_option(struct yaml_text *y, const char *key, const char *value)
{
	if (!value)
		return;
	yaml_plain(y, "    %s: ", key);
	yaml_quoted(y, value);
	yaml_plain(y, "\n");
}

int yaml_text_take(struct yaml_text *y, char **ret_text)
{
	int r = y->error;

	yaml_append(y, "", 0);
	if (r == 0)
		r = y->error;
	if (r < 0) {
		yaml_text_done(y);
		return r;
	}
	*ret_text = y->text;
	memset(y, 0, sizeof(*y));
	return 0;
}

void yaml_text_done(struct yaml_text *y)
{
	free(y->text);
	memset(y, 0, sizeof(*y));
}
