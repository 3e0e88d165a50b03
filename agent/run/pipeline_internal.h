/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pipeline.c (the instances), retire.c (how each ends) and transition.c (from graph to graph)
 * share.
 */
#pragma once

#include "run/pipeline.h"

struct transition;

/* An instance with its place in the graph. */
struct member {
	struct member *next;
	struct instance *instance;
	const struct component *component;
	unsigned int n_inputs; /* routes that lead to it, ended ones included */
	bool is_retiring;      /* no part of the blueprint any more */
	/*
	 * As it has told. Its state may be ahead of that: what it said before it finished (files,
	 * failure) is still on its way to this thread then.
	 */
	bool has_finished, has_failed;
	bool is_stopping;
	bool is_stuck;
	bool is_dead; /* failed and stopped; stays to be looked at until the next change */
	uint64_t deadline_ns;  /* retiring: to be finished, then to be stopped */
};

struct pipeline {
	struct pipeline_options options;
	struct instance_env env;
	struct member *members;
	struct blueprint *current;
	struct transition *transition; /* under way, or NULL */
	struct loop_timer *tick;       /* while something retires */
	pipeline_done_fn stop_done;
	void *stop_ctx;
	bool is_stopped;
};

static inline bool member_is_source(const struct member *m)
{
	return m->component->c.kind == HEARTH_SOURCE;
}

/* A stuck one never stops, a dead one has. */
static inline bool member_is_gone(const struct member *m)
{
	return m->is_stuck || m->is_dead;
}

/* It takes and gives nothing any more. */
static inline bool member_has_ended(const struct member *m)
{
	return m->has_finished || m->has_failed || m->is_stuck || m->is_stopping;
}

/* Logs what was in the mailbox of one that has stopped. */
void member_report_losses(const struct member *m);

struct member *pipeline_member(const struct pipeline *p, const struct instance *i);
/* The one that is part of the graph (not retiring) under this name. */
struct member *pipeline_active(const struct pipeline *p, const char *name);
int pipeline_add(struct pipeline *p, const struct blueprint_member *want, struct member **ret);
/* Frees a member that was never started. */
void pipeline_discard(struct pipeline *p, struct member *m);
/* Forgets those that failed; the graph that they were part of is no more. */
void pipeline_bury(struct pipeline *p);
/* Tells who made the pipeline. */
void pipeline_changed(struct pipeline *p, struct instance *i, enum instance_state state,
		      const char *why);
/* Answers pipeline_stop() once everything has. */
void pipeline_check_stopped(struct pipeline *p);

/* retire.c */
/* Lets it come to its end: finish where it must be asked, stop when it has finished. */
void pipeline_retire(struct pipeline *p, struct member *m);
void pipeline_stop_member(struct pipeline *p, struct member *m, uint64_t deadline_ns);
void pipeline_tick(void *pipeline); /* of p->tick: looks at deadlines */

/* transition.c */
void transition_started(struct transition *t, struct member *m, int r, const char *why);
void transition_updated(struct transition *t, struct member *m, int r, const char *why);
/* It failed by its own word. */
void transition_failed(struct transition *t, struct member *m, const char *why);
/* It has stopped or is stuck: nobody waits for its answers any more. */
void transition_left(struct transition *t, struct member *m);
/* True if it is part of the new graph alone. */
bool transition_made(const struct transition *t, const struct member *m);
/* The pipeline is being stopped: answers -ECANCELED and forgets the change. */
void transition_cancel(struct transition *t);
