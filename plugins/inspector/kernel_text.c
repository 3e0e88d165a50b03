/* SPDX-License-Identifier: Apache-2.0 */
/* By hand: sscanf on 120,000 lines costs more than the rest of the inspector together. */
#include "kernel_text.h"

#include <stdlib.h>
#include <string.h>

int lines_split(struct line_splitter *s, const char *text, size_t len,
		int (*fn)(void *ctx, char *line), void *ctx)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		if (n > sizeof(s->line) - 1 - s->len)
			s->is_too_long = true;
		if (!s->is_too_long) {
			memcpy(s->line + s->len, text, n);
			s->len += n;
		}
		if (!end)
			return 0;
		s->line[s->len] = '\0';
		if (!s->is_too_long) {
			int k = fn(ctx, s->line);

			if (k < 0)
				return k;
		}
		s->len = 0;
		s->is_too_long = false;
		text += n + 1;
		len -= n + 1;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* At most 16 digits. */
static bool hex_parse(const char **p, uint64_t *ret)
{
	const char *start = *p;
	uint64_t value = 0;

	while (hex_digit(**p) >= 0 && *p - start < 16) {
		value = value << 4 | (uint64_t)hex_digit(**p);
		(*p)++;
	}
	*ret = value;
	return *p != start;
}

/* "ffffffffc0201000 t name\t[module]" */
bool kallsyms_line_parse(char *line, struct kallsyms_line *ret)
{
	const char *p = line;
	struct kallsyms_line l = {};
	char *tab;

	if (!hex_parse(&p, &l.address) || p[0] != ' ' || p[1] == '\0' || p[2] != ' ' ||
	    p[3] == '\0')
		return false;
	l.type = p[1];
	l.name = p + 3;
	tab = strchr(line + (l.name - line), '\t');
	if (tab) {
		size_t len;

		*tab++ = '\0';
		len = strlen(tab);
		if (len < 3 || tab[0] != '[' || tab[len - 1] != ']')
			return false;
		tab[len - 1] = '\0';
		l.module = tab + 1;
	}
	if (l.name[0] == '\0')
		return false;
	*ret = l;
	return true;
}

/* "xfs 2023424 1 - Live 0xffffffffc0a00000 (E)" */
bool modules_line_parse(char *line, struct modules_line *ret)
{
	char *fields[6], *next = line, *end;
	struct modules_line l = {};
	const char *address;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		fields[i] = strsep(&next, " ");
		if (!fields[i] || fields[i][0] == '\0')
			return false;
	}
	l.name = fields[0];
	if (fields[1][0] < '0' || fields[1][0] > '9')
		return false;
	l.size = strtoull(fields[1], &end, 10);
	address = fields[5];
	if (*end != '\0' || strncmp(address, "0x", 2) != 0)
		return false;
	address += 2;
	if (!hex_parse(&address, &l.address) || *address != '\0')
		return false;
	*ret = l;
	return true;
}
