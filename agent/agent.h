/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth agent`: the configured pipeline, its reloads, the runs that controllers start, the
 * status socket and the service manager. Main thread only, unless tagged.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "core.h"

struct agent;
struct json_t;
struct run;

/* Borrowed for the agent's life. */
struct agent_options {
	const struct config_sources *sources;
	const char *log_target_override; /* NULL */
};

/* Runs until a signal ends it; returns an exit status (cli/exit.h). */
int agent_main(const struct agent_options *options);

/* error: NULL, or why everything is as before. Requests that come meanwhile are answered with
   the next one. */
typedef void (*agent_reload_fn)(void *ctx, const char *error);
void agent_reload(struct agent *a, agent_reload_fn fn, void *ctx);
/* Replaces the control overlay, then reloads; goes back to the old one if that is refused. */
void agent_set_overlay(struct agent *a, const char *yaml, agent_reload_fn fn, void *ctx);

/* ---- for status.c, control.c ---- */

enum agent_state {
	AGENT_STARTING = 1,
	AGENT_RUNNING,
	AGENT_RELOADING,
	AGENT_OFF,
	AGENT_STOPPING,
};

struct agent_reload_stats {
	uint64_t succeeded, failed;
	const char *last_error; /* NULL: the last one was fine */
};

enum agent_state agent_state(const struct agent *a);
struct core *agent_core(const struct agent *a);
struct pipeline *agent_pipeline(const struct agent *a);
const struct config_sources *agent_sources(const struct agent *a);
uint64_t agent_start_ns(const struct agent *a);
void agent_reload_stats(const struct agent *a, struct agent_reload_stats *ret);
struct run **agent_runs(const struct agent *a, size_t *ret_n);
unsigned int agent_next_run_number(struct agent *a);
/* The agent looks after a run until it has ended; it does not free it. -ENOSPC beyond 32. */
int agent_add_run(struct agent *a, struct run *r);
void agent_remove_run(struct agent *a, struct run *r);

/* The answer to {"request":"status"}: docs/schemas/status.schema.json. status.c */
struct json_t *agent_status_json(const struct agent *a);
