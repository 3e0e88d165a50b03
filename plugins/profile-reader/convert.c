/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth convert FROM TO` is a run of the reader, the symbolizer and the sink that writes the other
 * format. What FROM is, its bytes say; what TO shall be, its name or an option does.
 */
#include "convert.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/yaml_text.h"
#include "formats.h"

/* How each format is called, and by which endings of a name it is known, blank-separated. */
static const struct target {
	const char *name, *sink, *endings;
	const char *options;    /* of the sink, as YAML */
	const char *to_stdout;  /* instead of a folder and a name */
	bool is_one_event;
} targets[] = {
	{ "perf", "perfdata-writer", ".data .perf", NULL, "    mode: pipe\n    output: \"-\"\n", false },
	{ "folded", "flamegraph", ".folded .collapsed", "    formats: [folded]\n", NULL, true },
	{ "pprof", "pprof-writer", ".pb.gz .pprof .pb .prof", NULL, NULL, false },
	{ "script", "script-writer", ".script .txt", NULL, NULL, false },
};

#define TARGET_CHOICES "perf|folded|pprof|script"

static const struct hearth_option options[] = {
	{ .name = "from", .type = HEARTH_CHOICE, .def = "auto", .choices = FORMAT_CHOICES,
	  .help = "format of FROM; auto: as its first bytes say" },
	{ .name = "to", .type = HEARTH_CHOICE, .choices = TARGET_CHOICES,
	  .help = "format of TO; unset: as its name ends" },
	{ .name = "event", .type = HEARTH_STRING,
	  .help = "convert only the samples of this event; unset: all, or where the format holds one "
		  "event, the first that has any" },
	{ .name = "force", .type = HEARTH_BOOL, .letter = 'f', .def = "false", .help = "overwrite TO" },
};

static bool ends_with(const char *name, const char *ending, size_t len)
{
	size_t n = strlen(name);

	return n > len && strncmp(name + n - len, ending, len) == 0;
}

static bool has_ending(const char *name, const char *endings)
{
	while (*endings) {
		size_t len = strcspn(endings, " ");

		if (ends_with(name, endings, len))
			return true;
		endings += len + (endings[len] == ' ');
	}
	return false;
}

/* NULL: cannot be told. */
static const struct target *target_of(const struct hearth_verb_call *c)
{
	const char *to = c->option_string(c, "to");

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (to ? strcmp(to, targets[i].name) == 0 : has_ending(c->arguments[1], targets[i].endings))
			return &targets[i];
	return NULL;
}

static void put_place(struct yaml_text *y, const struct target *t, const char *to)
{
	const char *slash = strrchr(to, '/');

	if (strcmp(to, "-") == 0) {
		yaml_plain(y, "%s", t->to_stdout ? t->to_stdout : "    directory: \"-\"\n");
		return;
	}
	yaml_plain(y, "    directory: ");
	if (slash)
		yaml_quoted_n(y, to, slash == to ? 1 : (size_t)(slash - to));
	else
		yaml_quoted(y, ".");
	yaml_plain(y, "\n");
	yaml_option(y, "name", slash ? slash + 1 : to);
}

static int make_overlay(const struct hearth_verb_call *c, const struct target *t, char **ret)
{
	struct yaml_text y = {};

	yaml_plain(&y, "plugins:\n  profile-reader:\n");
	yaml_option(&y, "file", c->arguments[0]);
	yaml_option(&y, "format", c->option_string(c, "from"));
	yaml_option(&y, "event", c->option_string(c, "event"));
	if (t->is_one_event && !c->option_is_set(c, "event"))
		yaml_plain(&y, "    first_event: true\n");
	yaml_plain(&y, "  symbolizer: {}\n  %s:\n", t->sink);
	put_place(&y, t, c->arguments[1]);
	if (t->options)
		yaml_plain(&y, "%s", t->options);
	if (c->option_int(c, "force"))
		yaml_plain(&y, "    overwrite: true\n");
	return yaml_text_take(&y, ret);
}

static int32_t convert_plan(const struct hearth_verb_call *c, struct hearth_run_plan *ret_plan)
{
	_cleanup_free_ char *overlay = NULL;
	const struct target *t;
	int r;

	if (c->command)
		return c->refuse(c, "", "reads a file; hearth record -- COMMAND makes one");
	if (c->n_arguments != 2)
		return c->refuse(c, "", "takes two files: hearth convert FROM TO; - is standard input or output");
	t = target_of(c);
	if (!t)
		return c->refuse(c, "to", "the name of TO does not say what it shall be: --to " TARGET_CHOICES);
	r = make_overlay(c, t, &overlay);
	if (r < 0)
		return r;
	ret_plan->end = HEARTH_END_SOURCES;
	ret_plan->flags = HEARTH_PLAN_SCREEN | (c->option_int(c, "force") ? HEARTH_PLAN_FORCE : 0);
	ret_plan->overlay = overlay;
	ret_plan->release = free;
	ret_plan->ctx = TAKE_PTR(overlay);
	return 0;
}

const struct hearth_verb convert_verb = {
	.size = sizeof(convert_verb),
	.name = "convert",
	.summary = "write a recorded profile in another format",
	.arguments = "FROM TO",
	.description =
		"Reads a profile (perf.data of perf or Hearth, folded stacks, pprof, also packed by gzip or zstd; - "
		"for standard input) and writes TO (- for standard output): perf.data, folded stacks, pprof or the "
		"text of perf script. Addresses become names on the way, where the files are found that they "
		"lie in.\n\n"
		"What a format has no place for is left out; the table is in docs/formats.md.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.plan = convert_plan,
};
