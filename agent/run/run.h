/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Do this for 60 s and tell me what came out": a pipeline of its own, an end condition and a
 * result. `hearth record`, a remote one-shot and a remote continuous command are all runs. Main
 * thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "run/pipeline.h"

struct json_t;
struct run;

enum run_state {
	RUN_STARTED = 1, /* every source has attached */
	RUN_ENDED,       /* every output is complete; run_free() may follow */
};

/* error: NULL, or why the run failed; what came out all the same is in result (borrowed). */
typedef void (*run_event_fn)(void *ctx, struct run *r, enum run_state state, const char *error,
			     struct json_t *result);

struct run_options {
	struct loop *loop;
	struct queue *main;
	const char *id; /* NULL: one is made */
	const struct hearth_label *labels; /* service, host and configured ones */
	size_t n_labels;
	const char *state_dir;
	struct helpers *helpers;
	struct agent *agent;
	const void *(*service)(void *ctx, const char *id); /* [any thread] */
	void *service_ctx;
	uint32_t end;            /* HEARTH_END_* */
	uint64_t duration_ns, samples;
	uint64_t drain_ns;
	run_event_fn fn;
	void *ctx;
};

enum { RUN_ID_LEN = 36 };

/* A random UUID, NUL-terminated. */
int run_id_make(char ret[static RUN_ID_LEN + 1]);

int run_new(const struct run_options *options, struct run **ret);
/* Ended, or never started. NULL */
struct run *run_free(struct run *r);
DEFINE_CLEANUP(struct run *, run_free)

/* Takes the blueprint. Failure to start is told by fn: RUN_ENDED with an error. */
int run_start(struct run *r, struct blueprint *b);
/*
 * Ends it early, output completed; why: "signal", "command", "kill-switch", "controller". Again:
 * stops at once.
 */
void run_finish(struct run *r, const char *why);

/* True once something has ended it; outputs may still be under way. */
bool run_is_ending(const struct run *r);
/* 0, or the -errno with which it could not start: what RUN_ENDED tells about in words. */
int run_start_result(const struct run *r);
const char *run_id(const struct run *r);
const struct pipeline *run_pipeline(const struct run *r);
struct pipeline *run_pipeline_mutable(struct run *r);
/* Samples that sources have emitted, and nanoseconds since it started (0: not yet). */
uint64_t run_samples(const struct run *r);
uint64_t run_elapsed_ns(const struct run *r);
