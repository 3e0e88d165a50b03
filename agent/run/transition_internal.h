/* SPDX-License-Identifier: Apache-2.0 */
/* What transition.c (the order of the steps) and rewire.c (routes between them) share. */
#pragma once

#include "run/pipeline_internal.h"

enum phase {
	PHASE_UPDATE = 1,
	PHASE_START,
	PHASE_BACK, /* waiting for what was started to stop, and for old options */
};

struct step {
	const struct blueprint_member *want;
	struct member *old; /* NULL: it is new, or has failed meanwhile */
	struct member *new; /* NULL: the old one stays */
	bool needs_new;     /* the old one cannot be updated in place */
	bool is_updated;
	bool is_awaited;    /* its answer to an update */
	struct route **routes; /* that its emitter will have; owned until handed over */
	size_t n_routes;
};

struct transition {
	struct pipeline *p;
	struct blueprint *next;
	struct step *steps; /* parallel to next->members */
	enum phase phase;
	size_t n_waiting;
	size_t position; /* in next->wiring.order: which one starts */
	pipeline_done_fn done;
	void *ctx;
	int result;
	char *why;
};

static inline struct member *step_member(const struct step *s)
{
	return s->new ? s->new : s->old;
}

/*
 * Makes the routes that lead to a step's member; those that it reads have theirs. -EPIPE: there is
 * something new to read, but it is at its end; then no route was made.
 */
int rewire_connect(struct transition *t, size_t index);
/* Hands the routes that were made to new emitters, before they start. */
void rewire_new(struct transition *t);
/* Hands them to those that stay. Cannot fail. */
void rewire_old(struct transition *t);
void rewire_forget(struct step *s);
