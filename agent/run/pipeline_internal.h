/* SPDX-License-Identifier: Apache-2.0 */
/* What pipeline.c (instances and their ends) and transition.c (from graph to graph) share. */
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
	bool is_stopping;
	bool is_stuck;
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

struct member *pipeline_member(const struct pipeline *p, const struct instance *i);
/* The one that is part of the graph (not retiring) under this name. */
struct member *pipeline_active(const struct pipeline *p, const char *name);
int pipeline_add(struct pipeline *p, const struct blueprint_member *want, struct member **ret);
/* Lets it come to its end: finish where it must be asked, stop when it has finished. */
void pipeline_retire(struct pipeline *p, struct member *m);
/* Frees a member that was never started. */
void pipeline_discard(struct pipeline *p, struct member *m);
void pipeline_stop_member(struct pipeline *p, struct member *m, uint64_t deadline_ns);

/* transition.c */
void transition_started(struct transition *t, struct member *m, int r, const char *why);
void transition_updated(struct transition *t, struct member *m, int r, const char *why);
void transition_stopped(struct transition *t, struct member *m);
/* The pipeline is being stopped: answers -ECANCELED and forgets the change. */
void transition_cancel(struct transition *t);
