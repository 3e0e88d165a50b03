/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text is put together in many small steps, each of which may run out of memory. The error is
 * sticky, so that a caller checks once, at the end.
 */
#include "util/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/str.h"
#include "util/sys.h"

#define BUF_MIN_CAPACITY 64

/* Room for len more bytes and the NUL. */
static int buf_reserve(struct buf *b, size_t len)
{
	size_t need, capacity = b->capacity ? b->capacity : BUF_MIN_CAPACITY;
	char *data;

	if (b->error)
		return b->error;
	if (__builtin_add_overflow(b->len, len, &need) || need >= SIZE_MAX / 2)
		return b->error = -ENOMEM;
	if (need < b->capacity)
		return 0;
	while (capacity <= need)
		capacity *= 2;
	data = sys_realloc(b->data, capacity, 1);
	if (!data)
		return b->error = -ENOMEM;
	b->data = data;
	b->capacity = capacity;
	return 0;
}

int buf_append(struct buf *b, const void *data, size_t len)
{
	int r = buf_reserve(b, len);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int buf_append_string(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int n, r;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	r = n < 0 ? (b->error = -ENOMEM) : buf_reserve(b, (size_t)n);
	if (r < 0)
		return r;
	vsnprintf(b->data + b->len, (size_t)n + 1, format, args);
	b->len += (size_t)n;
	return 0;
}

int buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = buf_vprintf(b, format, args);
	va_end(args);
	return r;
}

/* RFC 8259, section 7: what must be escaped; everything else stays UTF-8. */
static void append_json_ascii(struct buf *b, char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *at = c ? strchr(plain, c) : NULL;

	if (at)
		buf_printf(b, "\\%c", letters[at - plain]);
	else if ((unsigned char)c < 0x20)
		buf_printf(b, "\\u%04x", (unsigned char)c);
	else
		buf_append(b, &c, 1);
}

int buf_append_json(struct buf *b, const char *s)
{
	buf_append(b, "\"", 1);
	while (*s) {
		size_t n = str_utf8_length(s);

		if (n == 1)
			append_json_ascii(b, *s);
		else if (n > 1)
			buf_append(b, s, n);
		else
			buf_append_string(b, "\xef\xbf\xbd");
		s += n ? n : 1;
	}
	return buf_append(b, "\"", 1);
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *text = NULL;

	if (buf_reserve(b, 0) == 0) {
		b->data[b->len] = '\0';
		text = TAKE_PTR(b->data);
	}
	buf_done(b);
	return text;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){};
}
