/* SPDX-License-Identifier: Apache-2.0 */
/* How people are told what an option takes: the same words in messages, --help and docs. */
#include "config/describe.h"

#include <string.h>

#include "config/units.h"
#include "util/buf.h"
#include "util/cleanup.h"

struct kind {
	const char *article, *noun, *example;
	bool is_number;
};

static const struct kind kinds[] = {
	[HEARTH_STRING] = {"", "text"},
	[HEARTH_INT] = {"an ", "integer", .is_number = true},
	[HEARTH_BOOL] = {"", "true or false"},
	[HEARTH_DURATION] = {"a ", "duration", "\"250ms\", \"10s\" or \"1h30m\"", true},
	[HEARTH_BYTES] = {"a ", "size", "\"64MiB\" or \"100MB\"", true},
	[HEARTH_CHOICE] = {"one of ", ""},
	[HEARTH_LIST] = {"a ", "list"},
	[HEARTH_MAP] = {"a ", "map"},
	[HEARTH_SECRET_FILE] = {"the ", "path of a secret file"},
	[HEARTH_PERCENT] = {"a ", "percentage", "\"1%\" or \"0.5%\"", true},
};

static const struct kind *kind_of(const struct hearth_option *row)
{
	static const struct kind unknown = {"", "of a type that this hearth does not know"};

	return row->type && row->type < ARRAY_SIZE(kinds) ? &kinds[row->type] : &unknown;
}

const char *option_article(const struct hearth_option *row)
{
	return kind_of(row)->article;
}

const char *option_example(const struct hearth_option *row)
{
	return kind_of(row)->example;
}

bool option_is_bounded(const struct hearth_option *row)
{
	return kind_of(row)->is_number && (row->min != 0 || row->max != 0);
}

static void choices_describe(const struct hearth_option *row, struct buf *out)
{
	const char *s = row->choices ? row->choices : "";

	for (const char *sep = ""; *s; sep = ", ") {
		size_t len = strcspn(s, "|");

		(void)buf_printf(out, "%s%.*s", sep, (int)len, s);
		s += len + (s[len] == '|');
	}
}

static void range_describe(const struct hearth_option *row, struct buf *out)
{
	if (row->max < row->min || row->max == INT64_MAX) {
		(void)buf_append_string(out, ", at least ");
		(void)units_format(row->type, row->min, out);
		return;
	}
	(void)buf_append_string(out, ", ");
	(void)units_format(row->type, row->min, out);
	(void)buf_append_string(out, " to ");
	(void)units_format(row->type, row->max, out);
}

int option_describe(const struct hearth_option *row, struct buf *out)
{
	bool has_range = option_is_bounded(row);

	(void)buf_append_string(out, kind_of(row)->noun);
	if (row->type == HEARTH_CHOICE)
		choices_describe(row, out);
	if (has_range)
		range_describe(row, out);
	if (row->unit)
		(void)buf_printf(out, has_range ? " %s" : " (%s)", row->unit);
	return out->error;
}
