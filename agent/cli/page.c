/* SPDX-License-Identifier: Apache-2.0 */
/* The words about options that help, man pages and docs have in common. */
#include "cli/page.h"

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/str.h"

const char *page_placeholder(const struct hearth_option *row)
{
	static const char *const words[] = {
		[HEARTH_STRING] = "TEXT", [HEARTH_INT] = "N", [HEARTH_DURATION] = "TIME",
		[HEARTH_BYTES] = "SIZE", [HEARTH_CHOICE] = "WORD", [HEARTH_LIST] = "A,B,…",
		[HEARTH_MAP] = "KEY=VALUE,…", [HEARTH_SECRET_FILE] = "FILE", [HEARTH_PERCENT] = "N%",
	};

	return row->type < ARRAY_SIZE(words) ? words[row->type] : NULL;
}

/* A flag and a text explain themselves. */
static bool is_described(const struct hearth_option *row)
{
	return row->type != HEARTH_BOOL && row->type != HEARTH_STRING && row->type != HEARTH_LIST &&
	       row->type != HEARTH_MAP && row->type != HEARTH_SECRET_FILE;
}

static bool has_default(const struct hearth_option *row)
{
	return row->def && !(row->type == HEARTH_BOOL && str_equal(row->def, "false"));
}

int page_option_note(const struct hearth_option *row, struct buf *out)
{
	_cleanup_(buf_done) struct buf note = {};

	if (is_described(row))
		(void)option_describe(row, &note);
	if (has_default(row))
		(void)buf_printf(&note, "%sdefault %s", note.len ? "; " : "", row->def);
	if (row->flags & HEARTH_REQUIRED)
		(void)buf_printf(&note, "%srequired", note.len ? "; " : "");
	if (row->flags & HEARTH_REPEAT)
		(void)buf_printf(&note, "%smay be given several times", note.len ? "; " : "");
	if (note.error)
		return note.error;
	return note.len ? buf_printf(out, "(%s)", buf_text(&note)) : 0;
}

int page_usage(const struct page *p, struct buf *out)
{
	(void)buf_append_string(out, "[OPTION…]");
	return p->arguments && *p->arguments ? buf_printf(out, " %s", p->arguments) : out->error;
}
