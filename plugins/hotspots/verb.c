/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth report FILE` is a run of reader, symbolizer and this plugin's sink. */
#include "hotspots.h"

#include <errno.h>
#include <stdbool.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/yaml_text.h"
#include "settings.h"

static const struct hearth_option options[] = {
	{ .name = "sort", .type = HEARTH_LIST, .letter = 's', .def = SETTINGS_SORT_DEFAULT,
	  .help = "what rows are told apart by: comm, pid, tid, cpu, dso, symbol" },
	{ .name = "no_children", .type = HEARTH_BOOL, .def = "false",
	  .help = "rank by samples that were taken in a function itself" },
	{ .name = "percent_limit", .type = HEARTH_STRING,
	  .help = "leave out rows with a smaller share; unset: none, in call graphs 0.5 %" },
	{ .name = "show_nr_samples", .type = HEARTH_BOOL, .letter = 'n', .def = "false",
	  .help = "a column with each row's own samples" },
	{ .name = "callers", .type = HEARTH_BOOL, .def = "false",
	  .help = "below each function, who called it" },
	{ .name = "callees", .type = HEARTH_BOOL, .def = "false",
	  .help = "below each function, what it called" },
	{ .name = "symbols", .type = HEARTH_LIST, .letter = 'S', .flags = HEARTH_REPEAT,
	  .help = "only these functions" },
	{ .name = "limit", .type = HEARTH_INT, .def = "0", .min = 0, .max = INT32_MAX, .unit = "rows",
	  .help = "at most so many rows of an event; 0: all" },
	{ .name = "event", .type = HEARTH_LIST, .letter = 'e', .flags = HEARTH_REPEAT,
	  .help = "only these events; all when not given" },
	{ .name = "inline", .type = HEARTH_BOOL, .def = "false",
	  .help = "count inlined functions as functions of their own" },
	{ .name = "json", .type = HEARTH_BOOL, .def = "false", .help = "write JSON" },
	{ .name = "output", .type = HEARTH_STRING, .letter = 'o',
	  .help = "file to write to; standard output when not given" },
	{ .name = "force", .type = HEARTH_BOOL, .def = "false", .help = "replace that file" },
	{ .name = "from", .type = HEARTH_STRING, .def = "auto",
	  .help = "format of FILE: perf, pprof, folded; auto: as its first bytes say" },
};

static void put_bool(struct yaml_text *y, const char *key, bool value)
{
	yaml_plain(y, "    %s: %s\n", key, value ? "true" : "false");
}

static void put_list(struct yaml_text *y, const struct hearth_verb_call *c, const char *option,
		     const char *key)
{
	size_t n;
	const char *const *list = c->option_list(c, option, &n);

	if (n == 0)
		return;
	yaml_plain(y, "    %s: [", key);
	for (size_t i = 0; i < n; i++) {
		yaml_plain(y, i ? ", " : "");
		yaml_quoted(y, list[i]);
	}
	yaml_plain(y, "]\n");
}

/* "hot/spots.txt" → folder "hot" and file "spots.txt" */
static void put_output(struct yaml_text *y, const char *path, bool is_json)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (slash) {
		yaml_plain(y, "    directory: ");
		yaml_quoted_n(y, path, slash == path ? 1 : (size_t)(slash - path));
		yaml_plain(y, "\n");
	}
	yaml_option(y, is_json ? "json" : "output", slash ? slash + 1 : path ? path : "-");
	yaml_option(y, is_json ? "output" : "json", "");
}

static void put_hotspots(struct yaml_text *y, const struct hearth_verb_call *c, const char *file)
{
	const char *limit = c->option_string(c, "percent_limit");

	yaml_plain(y, "  hotspots:\n");
	put_output(y, c->option_string(c, "output"), c->option_int(c, "json"));
	put_bool(y, "overwrite", c->option_int(c, "force"));
	yaml_option(y, "title", file);
	put_list(y, c, "sort", "sort");
	put_list(y, c, "symbols", "symbols");
	put_list(y, c, "event", "events");
	put_bool(y, "children", !c->option_int(c, "no_children"));
	put_bool(y, "inline", c->option_int(c, "inline"));
	put_bool(y, "show_nr_samples", c->option_int(c, "show_nr_samples"));
	put_bool(y, "callers", c->option_int(c, "callers"));
	put_bool(y, "callees", c->option_int(c, "callees"));
	yaml_plain(y, "    limit: %" PRId64 "\n", c->option_int(c, "limit"));
	if (limit)
		yaml_plain(y, "    percent_limit: \"%.*s%%\"\n", (int)strcspn(limit, "%"), limit);
}

static int make_overlay(const struct hearth_verb_call *c, const char *file, char **ret)
{
	struct yaml_text y = {};

	yaml_plain(&y, "plugins:\n  profile-reader:\n");
	yaml_option(&y, "file", file);
	yaml_option(&y, "format", c->option_string(c, "from"));
	yaml_plain(&y, "  symbolizer: {}\n");
	put_hotspots(&y, c, file);
	return yaml_text_take(&y, ret);
}

/* "1", as perf takes it, or "1%", as options of Hearth are written. */
static bool is_percentage(const char *text)
{
	size_t digits = strspn(text, "0123456789"), rest = digits;

	if (text[rest] == '.')
		rest += 1 + strspn(text + rest + 1, "0123456789");
	rest += text[rest] == '%';
	return digits && digits < 4 && !text[rest] && strtod(text, NULL) <= 100;
}

static int check_sort(const struct hearth_verb_call *c)
{
	bool has_symbol = false;
	size_t n, n_symbols;
	const char *const *sort = c->option_list(c, "sort", &n), *option;
	enum sort_key key;

	(void)c->option_list(c, "symbols", &n_symbols);
	option = c->option_int(c, "callers") ? "callers" : c->option_int(c, "callees") ? "callees" :
		 n_symbols ? "symbols" : NULL;
	for (size_t i = 0; i < n; i++) {
		if (!sort_key_parse(sort[i], &key))
			return c->refuse(c, "sort", "takes comm, pid, tid, cpu, dso and symbol");
		has_symbol |= key == SORT_SYMBOL;
	}
	return option && !has_symbol ? c->refuse(c, option, "needs symbol in --sort") : 0;
}

/* What the sink would refuse in terms of its own options is refused here in those of the verb. */
static int check(const struct hearth_verb_call *c)
{
	const char *output = c->option_string(c, "output");
	const char *limit = c->option_string(c, "percent_limit");

	if (c->n_arguments > 1)
		return c->refuse(c, "", "one file at a time: hearth report FILE");
	if (c->command)
		return c->refuse(c, "", "reads a file; hearth record -- COMMAND makes one");
	if (output && (!*output || output[strlen(output) - 1] == '/'))
		return c->refuse(c, "output", "the name of a file is missing");
	if (limit && !is_percentage(limit))
		return c->refuse(c, "percent_limit", "takes a percentage, 0 to 100: --percent-limit 0.5");
	return check_sort(c);
}

static int32_t report_plan(const struct hearth_verb_call *c, struct hearth_run_plan *ret_plan)
{
	_cleanup_free_ char *overlay = NULL;
	int r;

	r = check(c);
	if (r == 0)
		r = make_overlay(c, c->n_arguments ? c->arguments[0] : "perf.data", &overlay);
	if (r < 0)
		return r;
	ret_plan->end = HEARTH_END_SOURCES;
	ret_plan->flags = HEARTH_PLAN_SCREEN;
	ret_plan->overlay = overlay;
	ret_plan->release = free;
	ret_plan->ctx = TAKE_PTR(overlay);
	return 0;
}

const struct hearth_verb report_verb = {
	.size = sizeof(report_verb),
	.name = "report",
	.summary = "rank the functions of a recorded profile",
	.arguments = "[FILE]",
	.description =
		"Reads a profile that `hearth record`, perf or another tool has written, perf.data here when "
		"none is named, and prints which functions have its samples: \"Self\" is what was taken in a "
		"function itself, \"Children\" includes what it called.\n\n"
		"Rows, order and options are those of `perf report --stdio`, and so are the counts. Call "
		"graphs are drawn on request: --callers for who called a function, --callees for what it "
		"called, --symbols to choose functions.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.plan = report_plan,
};
