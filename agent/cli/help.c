/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two columns, the left one as wide as most options need, the right one wrapped at the terminal.
 * Widths are counted in characters, not bytes: texts hold "…".
 */
#include "cli/help.h"

#include <string.h>
#include <sys/ioctl.h>

#include "cli/args.h"
#include "cli/exit.h"
#include "util/buf.h"
#include "util/str.h"

#define MAX_WIDTH 100
#define LEFT_WIDTH 26

unsigned int help_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 40)
		return 80;
	return size.ws_col < MAX_WIDTH ? size.ws_col : MAX_WIDTH;
}

/* Characters of the first len bytes: bytes that do not continue another. */
static size_t characters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static void blanks(struct buf *out, size_t n)
{
	while (n--)
		(void)buf_append(out, " ", 1);
}

/* Words of one paragraph, broken at width; later lines begin at `indent`. */
static void wrap(struct buf *out, const char *text, size_t column, size_t indent, size_t width)
{
	bool is_first = true;

	while (*(text += strspn(text, " "))) {
		size_t len = strcspn(text, " "), n = characters(text, len);

		if (!is_first && column + 1 + n > width) {
			(void)buf_append(out, "\n", 1);
			blanks(out, indent);
			column = indent;
			is_first = true;
		}
		if (!is_first)
			(void)buf_append(out, " ", 1);
		(void)buf_append(out, text, len);
		column += n + !is_first;
		is_first = false;
		text += len;
	}
	(void)buf_append(out, "\n", 1);
}

/* left, then right from LEFT_WIDTH on; on a line of its own if left is too long. */
static void columns(struct buf *out, const char *left, const char *right, size_t width)
{
	size_t used = characters(left, strlen(left));

	(void)buf_append_string(out, left);
	if (used + 2 > LEFT_WIDTH) {
		(void)buf_append(out, "\n", 1);
		used = 0;
	}
	blanks(out, LEFT_WIDTH - used);
	wrap(out, right, LEFT_WIDTH, LEFT_WIDTH, width);
}

static int option_write(const struct hearth_option *row, size_t width, struct buf *out)
{
	_cleanup_(buf_done) struct buf left = {}, right = {};
	const char *placeholder = page_placeholder(row);

	if (row->letter)
		(void)buf_printf(&left, "  -%c, ", (char)row->letter);
	else
		(void)buf_append_string(&left, "      ");
	(void)args_option_name(row, &left);
	if (placeholder)
		(void)buf_printf(&left, "=%s", placeholder);
	(void)buf_printf(&right, "%s ", row->help ? row->help : "");
	(void)page_option_note(row, &right);
	if (left.error || right.error)
		return left.error ? left.error : right.error;
	columns(out, buf_text(&left), buf_text(&right), width);
	return out->error;
}

/* Rows that `own` (may be NULL) has as well are left out: a verb's row takes the place of ours. */
static int options_write(const struct option_table *t, const struct option_table *own,
			 const char *title, size_t width, struct buf *out)
{
	bool has_title = false;

	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row, same;
		int r;

		option_row(t, i, &row);
		if (row.flags & HEARTH_HIDDEN || (own && option_row_find(own, row.name, &same)))
			continue;
		if (!has_title)
			(void)buf_printf(out, "\n%s:\n", title);
		has_title = true;
		r = option_write(&row, width, out);
		if (r < 0)
			return r;
	}
	return out->error;
}

/* Paragraphs are separated by newlines. */
static void description_write(const char *text, size_t width, struct buf *out)
{
	while (*(text += strspn(text, "\n"))) {
		size_t len = strcspn(text, "\n");
		_cleanup_free_ char *paragraph = str_format("%.*s", (int)len, text);

		(void)buf_append(out, "\n", 1);
		if (paragraph)
			wrap(out, paragraph, 0, 0, width);
		text += len;
	}
}

int help_verb(const struct page *p, const struct option_table *common, unsigned int width,
	      struct buf *out)
{
	int r;

	(void)buf_printf(out, "usage: hearth %s ", p->verb);
	(void)page_usage(p, out);
	(void)buf_append_string(out, "\n\n");
	wrap(out, p->summary, 0, 0, width);
	if (p->description)
		description_write(p->description, width, out);
	r = options_write(&p->options, NULL, "options", width, out);
	return r < 0 ? r : options_write(common, &p->options, "options of every verb", width, out);
}

int help_overview(const struct page_list *list, unsigned int width, struct buf *out)
{
	(void)buf_append_string(out, "usage: hearth VERB [OPTION…] [ARGUMENT…]\n\n"
				     "Continuous profiling by plugins.\n\nverbs:\n");
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_free_ char *left = str_format("  %s", list->pages[i].verb);

		if (left)
			columns(out, left, list->pages[i].summary, width);
	}
	(void)buf_append_string(out, "\nexit statuses:\n");
	for (size_t i = 0; i < exit_table_n; i++) {
		_cleanup_free_ char *left = str_format("  %d", exit_table[i].code);

		if (left)
			columns(out, left, exit_table[i].meaning, width);
	}
	(void)buf_append_string(out, "\n'hearth VERB --help' tells about one of them.\n");
	return out->error;
}
