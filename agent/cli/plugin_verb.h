/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that plugins declare: see cli_run_plugin_verb() in cli/cli.h. */
#pragma once

#include <hearth/plugin.h>

struct cli_call;
struct verb;

/* What the plan of a verb came to; free with plan_done(). */
struct verb_plan {
	struct hearth_run_plan plan;
	const char *verb; /* for messages */
};

/* 0, or an exit status; the plugin, or this, has said why on stderr. */
int verb_plan_make(const struct verb *verb, struct cli_call *call, struct verb_plan *ret);
void verb_plan_done(struct verb_plan *p);

/* Carries a plan out in this process: cli/record.c. Returns an exit status. */
int record_run(const struct verb_plan *plan, struct cli_call *call);
