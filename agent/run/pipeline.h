/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph of running instances: the configured one, or that of a run. It follows a blueprint by
 * the smallest change (keep, update, add, replace, remove), keeps what did not change running,
 * and goes back when a step fails. Main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "plugin/instance.h"
#include "run/blueprint.h"

struct pipeline;

/* r: 0, or -errno and everything is as before; why: "" or what to tell the user. */
typedef void (*pipeline_done_fn)(void *ctx, int r, const char *why);

struct pipeline_options {
	struct loop *loop;
	struct queue *main;  /* calls for the main thread */
	const char *run;     /* id, "" for the configured one */
	const struct hearth_label *labels;
	size_t n_labels;
	const char *state_dir;
	struct helpers *helpers;
	struct agent *agent;
	const void *(*service)(void *ctx, const char *id); /* [any thread] */
	void *service_ctx;
	/* Every batch that any instance emits; on its thread, must not block. May be NULL. */
	void (*on_batch)(void *ctx, struct instance *i, struct batch *b);
	/* An instance failed, was found stuck, or has finished; to say so is the listener's
	   business. May be NULL. */
	void (*on_change)(void *ctx, struct instance *i, enum instance_state state, const char *why);
	void *ctx;
	uint64_t drain_ns; /* how long what is removed may take to finish */
};

int pipeline_new(const struct pipeline_options *options, struct pipeline **ret);
/* Every instance has to be stopped (or stuck). NULL */
struct pipeline *pipeline_free(struct pipeline *p);
DEFINE_CLEANUP(struct pipeline *, pipeline_free)

/*
 * Goes from the blueprint that it follows to another one. Takes the blueprint. done is called
 * once, maybe before this returns: when the new graph runs and the old part of it drains, or when
 * all is rolled back. One at a time: -EBUSY (and the blueprint is freed) while another change is under way.
 */
int pipeline_apply(struct pipeline *p, struct blueprint *b, pipeline_done_fn done, void *ctx);
bool pipeline_is_changing(const struct pipeline *p);

/* Sources come to their end, and with them the others: on_change tells of each. */
void pipeline_finish(struct pipeline *p);
/* True if every instance has finished, failed or is stuck. */
bool pipeline_is_finished(const struct pipeline *p);
/* True if every source has. */
bool pipeline_has_no_source(const struct pipeline *p);
/* True if there were sinks and each has failed or is stuck: what sources emit is for nobody. */
bool pipeline_has_lost_sinks(const struct pipeline *p);

/* Stops everything, finished or not; done follows at the latest soon after the deadline. */
void pipeline_stop(struct pipeline *p, uint64_t deadline_ns, pipeline_done_fn done, void *ctx);

/* fn for every instance that is not yet stopped, and for those that failed, until the next change;
   is_retiring: replaced, removed or failed. */
void pipeline_each(const struct pipeline *p, void (*fn)(void *ctx, struct instance *i,
							bool is_retiring), void *ctx);
const struct blueprint *pipeline_blueprint(const struct pipeline *p); /* NULL: follows none */
/* Members that were abandoned: the process must end by _exit(). */
size_t pipeline_n_stuck(const struct pipeline *p);
/* Takes a stuck instance out of the graph. */
void pipeline_abandon(struct pipeline *p, struct instance *i);
