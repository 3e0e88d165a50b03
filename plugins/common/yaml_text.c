/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder may be called `"; }` and a title may hold a newline: whatever a user types reaches
 * the overlay through yaml_quoted() and comes out of the YAML reader as it went in.
 */
#include "common/yaml_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Bytes of the well-formed UTF-8 sequence at s, 0 if there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char first, last, min, max;
		size_t n;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },	{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last || forms[i].n > len)
			continue;
		if (forms[i].n > 1 && (s[1] < forms[i].min || s[1] > forms[i].max))
			continue;
		for (size_t k = 2; k < forms[i].n; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].n;
	}
	return 0;
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

void yaml_quoted_n(struct yaml_text *y, const char *value, size_t len)
{
	const unsigned char *s = (const unsigned char *)value;
	size_t n;

	yaml_append(y, "\"", 1);
	for (; len > 0; s += n, len -= n) {
		n = utf8_length(s, len);
		if (n == 1) {
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
