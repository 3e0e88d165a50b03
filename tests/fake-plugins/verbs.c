/* SPDX-License-Identifier: Apache-2.0 */
/* Two words for the command line: one is called, one plans a run. */
#include <stdio.h>

#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "times", .type = HEARTH_INT, .def = "1", .min = 1, .max = 9, .letter = 'n',
	  .help = "How often to greet" },
};

static int32_t greet(const struct hearth_verb_call *c)
{
	for (int64_t i = 0; i < c->option_int(c, "times"); i++)
		printf("hello %s\n", c->n_arguments ? c->arguments[0] : "world");
	return 0;
}

static int32_t plan(const struct hearth_verb_call *c, struct hearth_run_plan *ret)
{
	(void)c;
	ret->end = HEARTH_END_SOURCES;
	ret->overlay = "plugins: { fake-finite: { samples: 500 }, fake-slow-sink: { delay: 1ms } }";
	ret->title = "500 made-up samples";
	return 0;
}

static const struct hearth_verb greeter = {
	.size = sizeof(greeter), .name = "fake-greet", .summary = "Greets", .arguments = "[NAME]",
	FAKE_OPTIONS(options), .call = greet,
};
static const struct hearth_verb planner = {
	.size = sizeof(planner), .name = "fake-run", .summary = "Plans a run", .plan = plan,
};
static const struct hearth_verb *const verbs[] = { &greeter, &planner, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "fake-verbs",
	.version = "1.0",
	.license = "Apache-2.0",
	.verbs = verbs,
};
