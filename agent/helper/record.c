/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written by a process that reads hostile files, read by the host: so the reader trusts
 * nothing, measures in one pass and fills in a second that cannot fail.
 */
#include "helper/record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "helper/protocol.h"
#include "util/str.h"

struct record_head {
	uint32_t n_lines;
	uint16_t module_len, cause_len;
};

struct record_line {
	uint64_t start;
	uint32_t line, column;
	uint32_t function_len, file_len;
	uint32_t name_len, reserved;
};

static size_t string_len(const char *s)
{
	return s ? strnlen(s, RECORD_MAX_STRING) : 0;
}

static uint8_t *put(uint8_t *p, const void *data, size_t len)
{
	if (len > 0)
		memcpy(p, data, len);
	return p + len;
}

static size_t line_len(const struct hearth_symbol_line *line)
{
	return sizeof(struct record_line) + string_len(line->function) + string_len(line->file) +
	       string_len(line->name);
}

static uint8_t *line_write(uint8_t *p, const struct hearth_symbol_line *line)
{
	struct record_line l = {
		.start = line->start,
		.line = line->line,
		.column = line->column,
		.function_len = (uint32_t)string_len(line->function),
		.file_len = (uint32_t)string_len(line->file),
		.name_len = (uint32_t)string_len(line->name),
	};

	p = put(p, &l, sizeof(l));
	p = put(p, line->function, l.function_len);
	p = put(p, line->file, l.file_len);
	return put(p, line->name, l.name_len);
}

int record_write(uint8_t *to, size_t space, const char *module, const char *cause,
		 const struct hearth_symbol_line *lines, uint32_t n_lines)
{
	struct record_head head = {
		.module_len = (uint16_t)string_len(module),
		.cause_len = (uint16_t)string_len(cause),
	};
	size_t len = sizeof(head) + head.module_len + head.cause_len;
	uint8_t *p = to;

	/* From the physical function inwards: it is the one that must not be lost. */
	while (head.n_lines < n_lines &&
	       len + line_len(&lines[n_lines - head.n_lines - 1]) <= HELPER_MAX_PAYLOAD) {
		len += line_len(&lines[n_lines - head.n_lines - 1]);
		head.n_lines++;
	}
	if (len > space)
		return -ENOSPC;

	p = put(p, &head, sizeof(head));
	p = put(p, module, head.module_len);
	p = put(p, cause, head.cause_len);
	for (uint32_t i = n_lines - head.n_lines; i < n_lines; i++)
		p = line_write(p, &lines[i]);
	return (int)(p - to);
}

struct cursor {
	const uint8_t *data;
	size_t left;
};

static bool take(struct cursor *c, void *to, size_t len)
{
	if (len > c->left)
		return false;
	if (to)
		memcpy(to, c->data, len);
	c->data += len;
	c->left -= len;
	return true;
}

static size_t stored_len(size_t len)
{
	return len ? len + 1 : 0;
}

static bool measure_line(struct cursor *c, struct record_totals *t)
{
	struct record_line l;

	if (!take(c, &l, sizeof(l)))
		return false;
	if (l.function_len > RECORD_MAX_STRING || l.file_len > RECORD_MAX_STRING ||
	    l.name_len > RECORD_MAX_STRING)
		return false;
	t->n_lines++;
	t->string_bytes += l.function_len + 1 + stored_len(l.file_len) + stored_len(l.name_len);
	return take(c, NULL, (size_t)l.function_len + l.file_len + l.name_len);
}

int records_measure(const uint8_t *data, size_t len, struct record_totals *ret)
{
	struct cursor c = { data, len };
	struct record_totals t = {};

	while (c.left > 0) {
		struct record_head head;

		if (!take(&c, &head, sizeof(head)))
			return -EBADMSG;
		if (head.module_len > RECORD_MAX_STRING || head.cause_len > RECORD_MAX_STRING)
			return -EBADMSG;
		t.string_bytes += stored_len(head.module_len) + stored_len(head.cause_len);
		if (!take(&c, NULL, (size_t)head.module_len + head.cause_len))
			return -EBADMSG;
		for (uint32_t i = 0; i < head.n_lines; i++)
			if (!measure_line(&c, &t))
				return -EBADMSG;
		t.n_records++;
	}

	*ret = t;
	return 0;
}

static char *unpack_string(struct cursor *c, size_t len, char **strings)
{
	char *s = *strings;

	(void)take(c, s, len);
	s[len] = '\0';
	str_sanitize(s);
	*strings += len + 1;
	return s;
}

static char *unpack_optional(struct cursor *c, size_t len, char **strings)
{
	return len ? unpack_string(c, len, strings) : NULL;
}

static void unpack_line(struct cursor *c, struct hearth_symbol_line *ret, char **strings)
{
	struct record_line l = {};

	(void)take(c, &l, sizeof(l));
	*ret = (struct hearth_symbol_line){
		.start = l.start,
		.line = l.line,
		.column = l.column,
		.function = unpack_string(c, l.function_len, strings),
	};
	ret->file = unpack_optional(c, l.file_len, strings);
	ret->name = unpack_optional(c, l.name_len, strings);
}

void records_unpack(const uint8_t *data, size_t len, struct hearth_symbol *symbols,
		    struct hearth_symbol_line *lines, char *strings)
{
	struct cursor c = { data, len };
	uint32_t n_lines = 0;

	for (; c.left > 0; symbols++) {
		struct record_head head = {};

		(void)take(&c, &head, sizeof(head));
		*symbols = (struct hearth_symbol){
			.first_line = n_lines,
			.n_lines = head.n_lines,
			.module = unpack_optional(&c, head.module_len, &strings),
		};
		symbols->cause = unpack_optional(&c, head.cause_len, &strings);
		for (uint32_t i = 0; i < head.n_lines; i++)
			unpack_line(&c, &lines[n_lines++], &strings);
	}
}
