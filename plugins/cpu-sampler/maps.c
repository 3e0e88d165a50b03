/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process decides how many mappings it has and, through file names, what their lines look
 * like. So the file is read in pieces, with a cap on all of it and on each line, and a line is
 * either well-formed or skipped.
 */
#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

enum { MAPS_BUFFER_BYTES = 32 * 1024 }; /* paths are at most 4 × PATH_MAX: newlines become \012 */

struct text {
	const char *at, *end;
};

/* The value of a digit; 99 if it is none. */
static unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

static bool take_number(struct text *t, unsigned base, char terminator, uint64_t *ret)
{
	uint64_t v = 0;
	const char *begin = t->at;

	for (; t->at < t->end && *t->at != terminator; t->at++) {
		unsigned digit = hex_digit(*t->at);

		if (digit >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	if (t->at == t->end || t->at == begin)
		return false;
	t->at++;
	*ret = v;
	return true;
}

static bool take_permissions(struct text *t, bool *ret_is_executable)
{
	if (t->end - t->at < 5 || t->at[4] != ' ')
		return false;
	*ret_is_executable = t->at[2] == 'x';
	t->at += 5;
	return true;
}

static void strip_deleted(struct maps_line *l)
{
	static const char mark[] = " (deleted)";
	const size_t n = sizeof(mark) - 1;

	if (l->inode && l->path_len > n && memcmp(l->path + l->path_len - n, mark, n) == 0)
		l->path_len -= n;
}

int maps_line_parse(const char *line, size_t len, struct maps_line *ret)
{
	struct text t = { line, line + len };
	struct maps_line l = {};
	uint64_t major, minor;
	const char *space;

	if (!take_number(&t, 16, '-', &l.start) || !take_number(&t, 16, ' ', &l.end) ||
	    !take_permissions(&t, &l.is_executable) ||
	    !take_number(&t, 16, ' ', &l.file_offset) ||
	    !take_number(&t, 16, ':', &major) || !take_number(&t, 16, ' ', &minor))
		return -EBADMSG;
	if (l.start >= l.end || major > UINT32_MAX || minor > UINT32_MAX)
		return -EBADMSG;
	l.device_major = (uint32_t)major;
	l.device_minor = (uint32_t)minor;
	space = memchr(t.at, ' ', (size_t)(t.end - t.at));
	if (!space) { /* no path and no blank behind the inode */
		for (; t.at < t.end; t.at++)
			if (*t.at < '0' || *t.at > '9')
				return -EBADMSG;
		*ret = l;
		return 0;
	}
	if (!take_number(&t, 10, ' ', &l.inode))
		return -EBADMSG;
	while (t.at < t.end && *t.at == ' ')
		t.at++;
	l.path = t.at;
	l.path_len = (size_t)(t.end - t.at);
	strip_deleted(&l);
	*ret = l;
	return 0;
}

/* Delivers the whole lines in text[0..len); answers how many bytes they took, or fn's error. */
static ssize_t deliver_lines(const char *text, size_t len, maps_line_fn fn, void *ctx)
{
	const char *at = text, *newline;
	struct maps_line line;

	while ((newline = memchr(at, '\n', len - (size_t)(at - text)))) {
		if (maps_line_parse(at, (size_t)(newline - at), &line) == 0 && line.is_executable) {
			int r = fn(ctx, &line);

			if (r < 0)
				return r;
		}
		at = newline + 1;
	}
	return at - text;
}

int maps_read(int fd, maps_line_fn fn, void *ctx)
{
	_cleanup_free_ char *buffer = malloc(MAPS_BUFFER_BYTES);
	size_t have = 0, total = 0;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, buffer + have, MAPS_BUFFER_BYTES - have), used;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		have += (size_t)n;
		total += (size_t)n;
		used = deliver_lines(buffer, have, fn, ctx);
		if (used < 0)
			return (int)used;
		have -= (size_t)used;
		memmove(buffer, buffer + used, have);
		if (have == MAPS_BUFFER_BYTES || total > MAPS_MAX_BYTES)
			return -E2BIG;
	}
}
