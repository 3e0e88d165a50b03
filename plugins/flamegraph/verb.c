/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth flamegraph FILE` is a run of reader, symbolizer and this plugin's sink. Where it writes
 * says what it writes: a folder gets everything, a file what its name ends with.
 */
#include "verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/yaml_text.h"
#include "palette.h"

#define DEFAULT_OUTPUT "flamegraph.html"
#define FORMATS "html|svg|folded"

static const struct hearth_option options[] = {
	{ .name = "output", .type = HEARTH_STRING, .letter = 'o', .def = DEFAULT_OUTPUT,
	  .help = "what to write: a folder, which gets every format, a file, or - for folded stacks to "
		  "standard output" },
	{ .name = "format", .type = HEARTH_CHOICE, .choices = FORMATS,
	  .help = "format of the file; unset: as its name ends" },
	{ .name = "force", .type = HEARTH_BOOL, .def = "false", .help = "overwrite what is there" },
	{ .name = "event", .type = HEARTH_STRING,
	  .help = "event to show; unset: the first that has samples" },
	{ .name = "title", .type = HEARTH_STRING, .help = "title; unset: the name of the file" },
	{ .name = "width", .type = HEARTH_INT, .unit = "pixels", .min = 200, .max = 20000,
	  .help = "width of the picture; unset: the window's in the page, 1200 in the SVG" },
	{ .name = "frame_height", .type = HEARTH_INT, .unit = "pixels", .min = 12, .max = 64,
	  .def = "20", .help = "height of a box" },
	{ .name = "min_width", .type = HEARTH_STRING, .unit = "pixels", .def = "0.5",
	  .help = "narrower boxes are not drawn one by one, 0.1 to 100" },
	{ .name = "palette", .type = HEARTH_CHOICE, .def = "kind", .choices = PALETTE_NAMES,
	  .help = "colours: by kind of code, or one hue" },
	{ .name = "inverted", .type = HEARTH_BOOL, .def = "false",
	  .help = "begin with the functions that ran, their callers below" },
	{ .name = "count_unit", .type = HEARTH_STRING,
	  .help = "what the numbers count; unset: what the event measures" },
	{ .name = "from", .type = HEARTH_STRING, .def = "auto",
	  .help = "format of FILE: perf, pprof, folded; auto: as its first bytes say" },
};

struct flamegraph_plan {
	char *overlay, *title, *folder; /* folder NULL: one file */
};

static void plan_free(void *ctx)
{
	struct flamegraph_plan *p = ctx;

	free(p->overlay);
	free(p->title);
	free(p->folder);
	free(p);
}

static void plan_freep(struct flamegraph_plan **p)
{
	if (*p)
		plan_free(*p);
}

/* ---- where to ---- */

static bool is_stream(const char *output)
{
	return strcmp(output, "-") == 0;
}

/* The format that a name ends with; NULL: none of them. */
static const char *format_of_name(const char *name)
{
	static const char *const formats[] = { "html", "svg", "folded" };
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(formats); i++)
		if (strcmp(dot + 1, formats[i]) == 0)
			return formats[i];
	return NULL;
}

static const char *format_of(const struct hearth_verb_call *c, const char *output)
{
	const char *format = c->option_string(c, "format");

	return format ? format : is_stream(output) ? "folded" : format_of_name(output);
}

static bool is_folder(const struct hearth_verb_call *c, const char *output)
{
	size_t len = strlen(output);
	struct stat st;

	if (is_stream(output))
		return false;
	return (len && output[len - 1] == '/') || (stat(output, &st) == 0 && S_ISDIR(st.st_mode)) ||
	       !format_of(c, output);
}

static void put_file(struct yaml_text *y, const struct hearth_verb_call *c, const char *output)
{
	const char *slash = strrchr(output, '/');

	yaml_plain(y, "    directory: ");
	if (is_stream(output))
		yaml_quoted(y, output);
	else if (slash)
		yaml_quoted_n(y, output, slash == output ? 1 : (size_t)(slash - output));
	else
		yaml_quoted(y, ".");
	yaml_plain(y, "\n    formats: [%s]\n", format_of(c, output));
	if (!is_stream(output))
		yaml_option(y, "name", slash ? slash + 1 : output);
}

/* ---- what ---- */

static void put_reader(struct yaml_text *y, const struct hearth_verb_call *c)
{
	yaml_plain(y, "  profile-reader:\n");
	yaml_option(y, "file", c->arguments[0]);
	yaml_option(y, "format", c->option_string(c, "from"));
	yaml_option(y, "event", c->option_string(c, "event"));
	if (!c->option_is_set(c, "event"))
		yaml_plain(y, "    first_event: true\n");
}

static void put_sink(struct yaml_text *y, const struct hearth_verb_call *c, const struct flamegraph_plan *p)
{
	yaml_plain(y, "  flamegraph:\n");
	if (p->folder)
		yaml_option(y, "directory", p->folder);
	else
		put_file(y, c, c->option_string(c, "output"));
	yaml_option(y, "title", p->title);
	yaml_option(y, "min_width", c->option_string(c, "min_width"));
	yaml_option(y, "palette", c->option_string(c, "palette"));
	yaml_option(y, "count_unit", c->option_string(c, "count_unit"));
	yaml_plain(y, "    frame_height: %" PRId64 "\n", c->option_int(c, "frame_height"));
	if (c->option_is_set(c, "width"))
		yaml_plain(y, "    width: %" PRId64 "\n", c->option_int(c, "width"));
	yaml_plain(y, "    inverted: %s\n    overwrite: %s\n", c->option_int(c, "inverted") ? "true" : "false",
		   c->option_int(c, "force") ? "true" : "false");
}

static int make_overlay(const struct hearth_verb_call *c, struct flamegraph_plan *p)
{
	struct yaml_text y = {};

	yaml_plain(&y, "plugins:\n");
	put_reader(&y, c);
	yaml_plain(&y, "  symbolizer: {}\n");
	put_sink(&y, c, p);
	return yaml_text_take(&y, &p->overlay);
}

static int check(const struct hearth_verb_call *c)
{
	const char *output = c->option_string(c, "output"), *format = c->option_string(c, "format");

	if (c->command)
		return c->refuse(c, "", "reads a file; hearth record -- COMMAND makes one");
	if (c->n_arguments != 1)
		return c->refuse(c, "", "takes one file: hearth flamegraph FILE, or - for standard input");
	if (!output[0])
		return c->refuse(c, "output", "the name of a file or folder is missing");
	if (format && is_folder(c, output))
		return c->refuse(c, "format", "is that of one file, and --output is a folder");
	if (is_stream(output) && format && strcmp(format, "folded") != 0)
		return c->refuse(c, "format", "standard output gets folded stacks only");
	return 0;
}

static int make_names(const struct hearth_verb_call *c, struct flamegraph_plan *p)
{
	const char *output = c->option_string(c, "output"), *title = c->option_string(c, "title");
	const char *slash = strrchr(c->arguments[0], '/');

	if (!title)
		title = slash && slash[1] ? slash + 1 : c->arguments[0];
	p->title = strdup(title);
	if (is_folder(c, output))
		p->folder = strdup(output);
	return p->title && (p->folder || !is_folder(c, output)) ? 0 : -ENOMEM;
}

static int32_t flamegraph_plan(const struct hearth_verb_call *c, struct hearth_run_plan *ret_plan)
{
	_cleanup_(plan_freep) struct flamegraph_plan *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	r = check(c);
	if (r == 0)
		r = make_names(c, p);
	if (r == 0)
		r = make_overlay(c, p);
	if (r < 0)
		return r;
	ret_plan->end = HEARTH_END_SOURCES;
	ret_plan->flags = HEARTH_PLAN_SCREEN | (c->option_int(c, "force") ? HEARTH_PLAN_FORCE : 0);
	ret_plan->overlay = p->overlay;
	ret_plan->output = p->folder;
	ret_plan->title = p->title;
	ret_plan->release = plan_free;
	ret_plan->ctx = TAKE_PTR(p);
	return 0;
}

const struct hearth_verb flamegraph_verb = {
	.size = sizeof(flamegraph_verb),
	.name = "flamegraph",
	.summary = "draw a flame graph of a recorded profile",
	.arguments = "FILE",
	.description =
		"Reads a profile that `hearth record`, perf or another tool has written (perf.data, folded "
		"stacks, pprof; - for standard input) and draws flamegraph.html, or what --output names: a file "
		"that ends with .html, .svg or .folded, or a folder, which gets all three and summary.json.\n\n"
		"One flame graph shows one event: the first that has samples, or that of --event.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.plan = flamegraph_plan,
};
