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

/* Makes every route of the new graph; new emitters get theirs. Every step has a member. */
int rewire_prepare(struct transition *t);
/* Hands the others theirs. */
void rewire_commit(struct transition *t);
void rewire_forget(struct step *s);
/* True if something that has not been there before will come in. Asked of emitters first. */
bool rewire_is_fed_anew(const struct transition *t, size_t index);
