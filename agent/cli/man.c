/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roff is an odd language: a line that begins with a dot is a command, a bare hyphen may be set as
 * a dash that nobody can paste, and old formatters take bytes beyond ASCII for Latin-1.
 */
#include "cli/man.h"

#include <string.h>
#include <time.h>

#include "cli/args.h"
#include "cli/exit.h"
#include "util/buf.h"
#include "util/str.h"

/* One character of UTF-8 as \[uXXXX]. */
static size_t append_unicode(struct buf *out, const char *s)
{
	size_t n = str_utf8_length(s);
	unsigned int code = (unsigned char)s[0];

	if (n == 0)
		return 1;
	code &= n == 2 ? 0x1fu : n == 3 ? 0x0fu : 0x07u;
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3fu);
	(void)buf_printf(out, "\\[u%04X]", code);
	return n;
}

static void append_text(struct buf *out, const char *s)
{
	while (*s) {
		if ((unsigned char)*s >= 0x80) {
			s += append_unicode(out, s);
			continue;
		}
		if (*s == '\\')
			(void)buf_append_string(out, "\\e");
		else if (*s == '-')
			(void)buf_append_string(out, "\\-");
		else if (*s == '"')
			(void)buf_append_string(out, "\\(dq");
		else
			(void)buf_append(out, s, 1);
		s++;
	}
}

/* A line of text; \& keeps a leading dot or quote from being a command. */
static void line(struct buf *out, const char *text)
{
	(void)buf_append_string(out, *text == '.' || *text == '\'' ? "\\&" : "");
	append_text(out, text);
	(void)buf_append(out, "\n", 1);
}

static void macro(struct buf *out, const char *name, const char *text)
{
	(void)buf_printf(out, ".%s \"", name);
	append_text(out, text);
	(void)buf_append_string(out, "\"\n");
}

static void heading(struct buf *out, const char *title, int64_t date_s)
{
	time_t t = (time_t)date_s;
	char date[16] = "1970-01-01";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	(void)buf_append_string(out, ".TH ");
	for (const char *s = title; *s; s++)
		(void)buf_printf(out, *s == '-' ? "\\-" : "%c", *s >= 'a' && *s <= 'z' ? *s - 32 : *s);
	(void)buf_printf(out, " 1 %s \"hearth %s\" \"Hearth\"\n", date, HEARTH_VERSION);
}

static void option_write(const struct hearth_option *row, struct buf *out)
{
	_cleanup_(buf_done) struct buf name = {}, text = {};
	const char *placeholder = page_placeholder(row);

	(void)args_option_name(row, &name);
	(void)buf_append_string(out, ".TP\n");
	if (row->letter)
		(void)buf_printf(out, "\\fB\\-%c\\fR, ", (char)row->letter);
	(void)buf_append_string(out, "\\fB");
	append_text(out, buf_text(&name));
	(void)buf_append_string(out, "\\fR");
	if (placeholder) {
		(void)buf_append_string(out, "=\\fI");
		append_text(out, placeholder);
		(void)buf_append_string(out, "\\fR");
	}
	(void)buf_append(out, "\n", 1);
	(void)buf_append_string(&text, row->help ? row->help : "");
	if (page_placeholder(row) || row->def)
		(void)buf_append(&text, " ", 1);
	(void)page_option_note(row, &text);
	while (text.len && text.data[text.len - 1] == ' ')
		text.data[--text.len] = '\0';
	line(out, text.len ? buf_text(&text) : "See the description.");
}

/* Rows that `own` (may be NULL) has as well are left out: a verb's row takes the place of ours. */
static void options_write(const struct option_table *t, const struct option_table *own,
			  const char *title, struct buf *out)
{
	bool has_title = false;

	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row, same;

		option_row(t, i, &row);
		if (row.flags & HEARTH_HIDDEN || (own && option_row_find(own, row.name, &same)))
			continue;
		if (!has_title)
			macro(out, "SH", title);
		has_title = true;
		option_write(&row, out);
	}
}

static void description_write(const char *text, struct buf *out)
{
	for (const char *sep = ""; *(text += strspn(text, "\n")); sep = ".PP\n") {
		size_t len = strcspn(text, "\n");
		_cleanup_free_ char *paragraph = str_format("%.*s", (int)len, text);

		(void)buf_append_string(out, sep);
		if (paragraph)
			line(out, paragraph);
		text += len;
	}
}

static void exits_write(struct buf *out)
{
	macro(out, "SH", "EXIT STATUS");
	for (size_t i = 0; i < exit_table_n; i++) {
		(void)buf_printf(out, ".TP\n%d\n", exit_table[i].code);
		line(out, exit_table[i].meaning);
	}
}

int man_verb(const struct page *p, const struct option_table *common, int64_t date_s,
	     struct buf *out)
{
	_cleanup_free_ char *title = str_format("hearth-%s", p->verb);
	_cleanup_(buf_done) struct buf usage = {};

	if (!title)
		return buf_append(out, "", 0);
	heading(out, title, date_s);
	macro(out, "SH", "NAME");
	append_text(out, title);
	(void)buf_append_string(out, " \\- ");
	line(out, p->summary);
	macro(out, "SH", "SYNOPSIS");
	(void)page_usage(p, &usage);
	(void)buf_append_string(out, "\\fBhearth ");
	append_text(out, p->verb);
	(void)buf_append_string(out, "\\fR ");
	line(out, buf_text(&usage));
	macro(out, "SH", "DESCRIPTION");
	description_write(p->description ? p->description : p->summary, out);
	options_write(&p->options, NULL, "OPTIONS", out);
	options_write(common, &p->options, "OPTIONS OF EVERY VERB", out);
	exits_write(out);
	macro(out, "SH", "SEE ALSO");
	(void)buf_append_string(out, ".BR hearth (1)\n");
	return out->error;
}

static void files_write(struct buf *out)
{
	static const char *const rows[][2] = {
		{HEARTH_CONFIG_DIR "/hearth.yaml", "the configuration"},
		{HEARTH_CONFIG_DIR "/environments/NAME.yaml", "laid over it in that environment"},
		{HEARTH_CONFIG_DIR "/conf.d/*.yaml", "laid over both, in the order of their names"},
		{HEARTH_PLUGIN_DIR, "plugins"},
		{"/run/hearth/off", "while this file exists, no process of Hearth samples"},
	};

	macro(out, "SH", "FILES");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)buf_append_string(out, ".TP\n");
		line(out, rows[i][0]);
		line(out, rows[i][1]);
	}
}

static void environment_write(struct buf *out)
{
	static const char *const rows[][2] = {
		{"HEARTH_CONFIG", "path of the configuration, where --config is not given"},
		{"HEARTH_ENVIRONMENT", "name of the environment, where --environment is not given"},
		{"HEARTH_SERVICE", "name of the service"},
		{"HEARTH_SERVER", "URL of the studio, for a heartbeat plugin that is configured"},
	};

	macro(out, "SH", "ENVIRONMENT");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)buf_append_string(out, ".TP\n");
		line(out, rows[i][0]);
		line(out, rows[i][1]);
	}
}

int man_overview(const struct page_list *list, int64_t date_s, struct buf *out)
{
	heading(out, "hearth", date_s);
	macro(out, "SH", "NAME");
	(void)buf_append_string(out, "hearth \\- continuous profiling by plugins\n");
	macro(out, "SH", "SYNOPSIS");
	(void)buf_append_string(out, "\\fBhearth\\fR ");
	line(out, "VERB [OPTION…] [ARGUMENT…]");
	macro(out, "SH", "DESCRIPTION");
	line(out, "One small process reads a configuration and loads plugins; everything that has to do "
		  "with profiling is a plugin. Each verb has a page of its own, hearth-VERB(1).");
	macro(out, "SH", "VERBS");
	for (size_t i = 0; i < list->n; i++) {
		(void)buf_append_string(out, ".TP\n\\fB");
		append_text(out, list->pages[i].verb);
		(void)buf_append_string(out, "\\fR\n");
		line(out, list->pages[i].summary);
	}
	files_write(out);
	environment_write(out);
	exits_write(out);
	return out->error;
}
