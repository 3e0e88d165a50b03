/* SPDX-License-Identifier: Apache-2.0 */
/* getline(3) for an input that may have nothing yet, may be packed, and is not to be trusted. */
#include "text_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 64 << 10 };

void text_lines_done(struct text_lines *t)
{
	free(t->text);
	*t = (struct text_lines){ .input = NULL };
}

/* Room for READ_BYTES more. */
static int make_room(struct text_lines *t)
{
	size_t left = t->to - t->from, capacity = t->capacity ? t->capacity * 2 : 2 * READ_BYTES;
	char *text;

	if (left)
		memmove(t->text, t->text + t->from, left);
	t->from = 0;
	t->to = left;
	if (t->capacity - left >= READ_BYTES)
		return 0;
	text = realloc(t->text, capacity);
	if (!text)
		return -ENOMEM;
	t->text = text;
	t->capacity = capacity;
	return 0;
}

static int read_more(struct text_lines *t)
{
	int r = make_room(t);
	ssize_t n;

	if (r < 0)
		return r;
	n = input_read(t->input, t->text + t->to, t->capacity - t->to);
	if (n == -EBADMSG) { /* what there is of the last line is none */
		t->from = t->to;
		t->is_over = true;
		t->number++;
	}
	if (n < 0)
		return (int)n;
	t->is_over = n == 0;
	t->to += (size_t)n;
	return 0;
}

/* True: a line is there, or the end of one that is skipped. */
static bool take_line(struct text_lines *t, const char **ret, size_t *ret_len)
{
	size_t left = t->to - t->from;
	const char *begin, *newline = NULL;

	if (left == 0)
		return false;
	begin = t->text + t->from;
	if (t->scanned < left)
		newline = memchr(begin + t->scanned, '\n', left - t->scanned);
	t->scanned = left;
	if (!newline && !t->is_over)
		return false;
	*ret = begin;
	*ret_len = newline ? (size_t)(newline - begin) : left;
	t->from += *ret_len + (newline != NULL);
	t->scanned = 0;
	return true;
}

/* Forgets what there is of a line that has grown too long; its end is still to come. */
static int skip_line(struct text_lines *t)
{
	bool is_new = !t->is_skipping;

	t->is_skipping = true;
	t->from = t->to;
	t->scanned = 0;
	t->number += is_new;
	return is_new ? -E2BIG : 0;
}

int text_lines_next(struct text_lines *t, const char **ret, size_t *ret_len)
{
	int r;

	for (;;) {
		while (take_line(t, ret, ret_len)) {
			if (!t->is_skipping) {
				t->number++;
				return 1;
			}
			t->is_skipping = false;
		}
		if (t->is_over)
			return 0;
		r = t->to - t->from >= TEXT_MAX_LINE_BYTES ? skip_line(t) : read_more(t);
		if (r < 0)
			return r;
	}
}
