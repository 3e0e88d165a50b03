/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an agent, for agent.c (start and stop) and reload.c (change) alone. */
#pragma once

#include "agent.h"

enum { MAX_RUNS = 32 };

struct waiter {
	struct waiter *next;
	agent_reload_fn fn;
	void *ctx;
};

struct agent {
	const struct config_sources *sources;
	struct core *core;
	struct pipeline *pipeline;
	struct notify *notify;
	struct server *server;
	struct loop_timer *watchdog, *deadline;
	struct run *runs[MAX_RUNS];
	size_t n_runs;
	unsigned int run_number;
	char *overlay;          /* of a controller; NULL: none */
	struct waiter *waiting; /* for the change under way */
	struct waiter *next;    /* for the one after it */
	enum agent_state state;
	struct agent_reload_stats reloads;
	char *last_error;
	uint64_t start_ns;
	int status; /* that the process ends with */
};

/* What is wanted now. On failure *ret_why is allocated. */
int agent_make_blueprint(struct agent *a, struct blueprint **ret, char **ret_why);
/* Goes to what is wanted now; a->waiting is answered when that is done or refused. */
void agent_apply(struct agent *a);
/* error: NULL, or why everything is as before. Frees the list. */
void agent_answer_waiters(struct waiter *w, const char *error);
