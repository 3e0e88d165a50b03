/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth top` is a run of sampler, symbolizer and this plugin's sink, and writes no file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/yaml_text.h"
#include "top.h"

static const struct hearth_option options[] = {
	{ .name = "frequency", .type = HEARTH_INT, .letter = 'F', .def = "199", .unit = "Hz",
	  .min = 1, .max = 100000, .help = "samples per second and CPU" },
	{ .name = "pids", .type = HEARTH_LIST, .letter = 'p', .flags = HEARTH_REPEAT,
	  .help = "processes to watch, with their children; all when not given" },
	{ .name = "interval", .type = HEARTH_DURATION, .letter = 'i', .def = "2s",
	  .min = 100000000, .max = 3600000000000, .help = "time between two pictures" },
	{ .name = "over", .type = HEARTH_DURATION, .def = "10s", .min = 100000000,
	  .max = 3600000000000, .help = "how far back the shares reach" },
	{ .name = "iterations", .type = HEARTH_INT, .letter = 'n', .min = 1, .max = INT32_MAX,
	  .help = "end after so many pictures" },
	{ .name = "duration", .type = HEARTH_DURATION, .letter = 'd', .min = 1000000,
	  .max = INT64_MAX, .help = "end after this time" },
	{ .name = "sort", .type = HEARTH_CHOICE, .letter = 's', .def = "self",
	  .choices = "self|total", .help = "which share orders the functions" },
	{ .name = "rows", .type = HEARTH_INT, .def = "0", .min = 0, .max = 500,
	  .help = "functions to show; 0: as many as fit" },
};

static void put_sampler(struct yaml_text *y, const struct hearth_verb_call *c)
{
	size_t n;
	const char *const *pids = c->option_list(c, "pids", &n);

	yaml_plain(y, "  cpu-sampler:\n    frequency: %" PRId64 "\n    window: \"%" PRId64 "ms\"\n",
		   c->option_int(c, "frequency"), c->option_int(c, "interval") / 1000000);
	if (n == 0)
		return;
	yaml_plain(y, "    pids: [");
	for (size_t i = 0; i < n; i++) {
		yaml_plain(y, i ? ", " : "");
		yaml_quoted(y, pids[i]);
	}
	yaml_plain(y, "]\n");
}

static int make_overlay(const struct hearth_verb_call *c, char **ret)
{
	struct yaml_text y = {};

	yaml_plain(&y, "plugins:\n");
	put_sampler(&y, c);
	yaml_plain(&y, "  symbolizer: {}\n  top:\n");
	yaml_plain(&y, "    over: \"%" PRId64 "ms\"\n    first: \"%" PRId64 "ms\"\n",
		   c->option_int(c, "over") / 1000000, c->option_int(c, "interval") / 1000000);
	yaml_plain(&y, "    rows: %" PRId64 "\n    sort: %s\n", c->option_int(c, "rows"),
		   c->option_string(c, "sort"));
	if (c->option_is_set(c, "iterations"))
		yaml_plain(&y, "    iterations: %" PRId64 "\n", c->option_int(c, "iterations"));
	return yaml_text_take(&y, ret);
}

static int32_t top_plan(const struct hearth_verb_call *c, struct hearth_run_plan *ret_plan)
{
	_cleanup_free_ char *overlay = NULL;
	int r;

	if (c->n_arguments)
		return c->refuse(c, "", "a command goes behind \"--\": hearth top -- COMMAND");
	if (c->command && !c->command[0])
		return c->refuse(c, "", "\"--\" without a command");
	r = make_overlay(c, &overlay);
	if (r < 0)
		return r;
	if (c->option_is_set(c, "duration")) {
		ret_plan->end |= HEARTH_END_DURATION;
		ret_plan->duration_ns = (uint64_t)c->option_int(c, "duration");
	}
	if (c->command) {
		ret_plan->end |= HEARTH_END_COMMAND;
		ret_plan->command = c->command;
		ret_plan->pid_option = "cpu-sampler.pids";
	}
	ret_plan->flags = HEARTH_PLAN_SCREEN;
	ret_plan->overlay = overlay;
	ret_plan->release = free;
	ret_plan->ctx = TAKE_PTR(overlay);
	return 0;
}

const struct hearth_verb top_verb = {
	.size = sizeof(top_verb),
	.name = "top",
	.summary = "show the hottest functions and processes, live",
	.arguments = "[-- COMMAND…]",
	.description =
		"Samples every CPU, or the given processes, or a command and its children, and shows "
		"which functions have the most of the last seconds: \"self\" is the time spent in a "
		"function itself, \"total\" includes what it calls.\n\n"
		"On a terminal it draws in place: q ends it, s sorts by the other column. Elsewhere it "
		"writes one picture after the other; -n 1 makes one.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.plan = top_plan,
};
