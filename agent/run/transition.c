/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one blueprint to the next, step by step, each step answered by an event:
 *
 *   update in place → make and start what is new, consumers first → swap the routes of what
 *   stays → retire what is gone
 *
 * Until the swap every failure leads back: what was started is stopped, what was updated gets
 * its old options again. After the swap nothing can fail. Instances that did not change keep
 * their thread, their routes and their sequence numbers.
 */
#include <errno.h>
#include <string.h>

#include "run/transition_internal.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

static void begin_start(struct transition *t);

/* The last act: the pipeline may be changed again from within done(). */
static void conclude(struct transition *t)
{
	pipeline_done_fn done = t->done;
	void *ctx = t->ctx;
	int result = t->result;
	_cleanup_free_ char *why = t->why;

	t->p->transition = NULL;
	for (size_t i = 0; t->steps && i < t->next->n; i++)
		rewire_forget(&t->steps[i]);
	blueprint_free(t->next);
	free(t->steps);
	free(t);
	if (done)
		done(ctx, result, why ? why : "");
}

/* Those that never began have no thread that could stop them. */
static void discard_if_new(struct transition *t, struct step *s)
{
	if (s->new && instance_state(s->new->instance) == INSTANCE_NEW)
		pipeline_discard(t->p, TAKE_PTR(s->new));
}

void transition_cancel(struct transition *t)
{
	for (size_t i = 0; i < t->next->n; i++)
		discard_if_new(t, &t->steps[i]);
	t->result = -ECANCELED;
	conclude(t);
}

bool transition_made(const struct transition *t, const struct member *m)
{
	for (size_t i = 0; i < t->next->n; i++)
		if (t->steps[i].new == m)
			return true;
	return false;
}

/* ---- back ---- */

static void ask_update(struct transition *t, struct step *s, struct option_set *options)
{
	s->is_awaited = true;
	t->n_waiting++;
	instance_update(s->old->instance, options);
}

static void restore_options(struct transition *t, struct step *s)
{
	const struct blueprint_member *was = blueprint_find(t->p->current, s->want->name);
	struct option_set *options = NULL;

	if (!was || blueprint_member_options(was, &options) < 0) {
		log_write(HEARTH_LOG_ERROR, s->want->name,
			  "keeps the options of the refused configuration: the old ones cannot be read "
			  "any more; reload again");
		return;
	}
	ask_update(t, s, options);
}

/* Consumers first, as they were started: the end of a stream must not have them complete output. */
static void go_back(struct transition *t, int r, const char *why)
{
	uint64_t deadline_ns = clock_monotonic_ns() + t->p->options.drain_ns;

	t->phase = PHASE_BACK;
	t->n_waiting = 0;
	t->result = r;
	t->why = strdup(why);
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[t->next->wiring.order[i]];

		if (s->is_updated && s->old)
			restore_options(t, s);
		discard_if_new(t, s);
		if (!s->new)
			continue;
		t->n_waiting++;
		pipeline_stop_member(t->p, s->new, deadline_ns);
	}
	if (t->n_waiting == 0)
		conclude(t);
}

/* One of those that were waited for has answered, or never will. */
static void answered(struct transition *t)
{
	if (--t->n_waiting > 0)
		return;
	if (t->phase == PHASE_BACK)
		return conclude(t);
	if (t->result < 0) {
		_cleanup_free_ char *why = TAKE_PTR(t->why);

		return go_back(t, t->result, why ? why : "");
	}
	begin_start(t);
}

void transition_failed(struct transition *t, struct member *m, const char *why)
{
	_cleanup_free_ char *text = NULL;

	if (t->phase != PHASE_START || !transition_made(t, m))
		return;
	text = str_format("plugin \"%s\": %s", instance_name(m->instance), why);
	go_back(t, -EIO, text ? text : why);
}

/* A callback of one that is new does not return. */
static void new_is_stuck(struct transition *t, const struct member *m)
{
	_cleanup_free_ char *text = str_format("plugin \"%s\": a callback does not return",
					       instance_name(m->instance));

	go_back(t, -ETIMEDOUT, text ? text : "");
}

void transition_left(struct transition *t, struct member *m)
{
	bool was_new = false, was_awaited = false;

	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];

		if (s->new == m) {
			s->new = NULL;
			was_new = true;
		}
		if (s->old == m) {
			s->old = NULL;
			was_awaited = s->is_awaited;
			s->is_awaited = false;
		}
	}
	if (was_awaited || (was_new && t->phase == PHASE_BACK))
		answered(t);
	else if (was_new)
		new_is_stuck(t, m);
}

/* ---- swap ---- */

static void retire_unwanted(struct transition *t)
{
	for (struct member *m = t->p->members; m; m = m->next) {
		bool is_wanted = false;

		for (size_t i = 0; i < t->next->n; i++)
			is_wanted |= step_member(&t->steps[i]) == m;
		if (!is_wanted && !m->is_retiring && !m->is_stuck)
			pipeline_retire(t->p, m);
	}
}

static void swap(struct transition *t)
{
	struct pipeline *p = t->p;
	struct blueprint *was = p->current;

	for (size_t i = 0; i < t->next->n; i++) {
		const struct step *s = &t->steps[i];

		if (s->old && !s->new)
			instance_set_log_level(s->old->instance, s->want->config->log_level);
	}
	rewire_old(t);
	retire_unwanted(t);
	pipeline_bury(p);
	p->current = TAKE_PTR(t->next);
	t->next = was;
	free(t->steps);
	t->steps = NULL;
	conclude(t);
}

/* ---- start ---- */

static void start_next(struct transition *t)
{
	while (t->position < t->next->n) {
		struct step *s = &t->steps[t->next->wiring.order[t->position]];
		int r;

		if (!s->new) {
			t->position++;
			continue;
		}
		r = instance_start(s->new->instance);
		if (r < 0)
			go_back(t, r, "cannot start a thread");
		return;
	}
	swap(t);
}

void transition_started(struct transition *t, struct member *m, int r, const char *why)
{
	const struct step *s;

	if (t->phase != PHASE_START || t->position >= t->next->n)
		return;
	s = &t->steps[t->next->wiring.order[t->position]];
	if (s->new != m)
		return;
	if (r < 0)
		return go_back(t, r, why);
	t->position++;
	start_next(t);
}

/* What was to stay may have failed by itself meanwhile. */
static bool needs_new(const struct step *s)
{
	return !s->old || s->old->is_retiring || s->old->component != s->want->component ||
	       s->needs_new;
}

/* One that has finished stays as it is, unless there is work for it again. */
static int make_member(struct transition *t, size_t index)
{
	struct step *s = &t->steps[index];
	int r = needs_new(s) ? -EPIPE : rewire_connect(t, index);

	if (r != -EPIPE)
		return r;
	r = pipeline_add(t->p, s->want, &s->new);
	return r < 0 ? r : rewire_connect(t, index);
}

static void begin_start(struct transition *t)
{
	int r = 0;

	t->phase = PHASE_START;
	/* Emitters first: a consumer is connected to those that it reads. */
	for (size_t k = t->next->n; k-- > 0 && r == 0;)
		r = make_member(t, t->next->wiring.order[k]);
	rewire_new(t); /* even if that is not all: so that what was counted ends */
	if (r < 0)
		return go_back(t, r, strerror(-r));
	start_next(t);
}

/* ---- update ---- */

static struct step *find_awaited(struct transition *t, const struct member *m)
{
	for (size_t i = 0; i < t->next->n; i++)
		if (t->steps[i].old == m && t->steps[i].is_awaited)
			return &t->steps[i];
	return NULL;
}

static void take_answer(struct transition *t, struct step *s, int r, const char *why)
{
	s->is_updated = r == 0;
	s->needs_new = r == -EBUSY; /* made anew in the next phase */
	if (r == 0 || r == -EBUSY)
		return;
	free(t->why);
	t->why = strdup(*why ? why : strerror(-r));
	t->result = r;
}

void transition_updated(struct transition *t, struct member *m, int r, const char *why)
{
	struct step *s = find_awaited(t, m);

	if (!s)
		return;
	s->is_awaited = false;
	if (t->phase == PHASE_UPDATE)
		take_answer(t, s, r, why);
	else if (r < 0)
		log_write(HEARTH_LOG_ERROR, instance_name(m->instance),
			  "keeps the options of the refused configuration: %s; reload again",
			  *why ? why : strerror(-r));
	answered(t);
}

static bool needs_update(const struct transition *t, const struct step *s)
{
	const struct blueprint_member *was = blueprint_find(t->p->current, s->want->name);

	return s->old && !s->old->is_retiring && s->old->component == s->want->component && was &&
	       !option_set_equal(was->options, s->want->options);
}

static void begin_update(struct transition *t)
{
	t->phase = PHASE_UPDATE;
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];
		struct option_set *options = NULL;

		s->want = &t->next->members[i];
		s->old = pipeline_active(t->p, s->want->name);
		if (!needs_update(t, s))
			continue;
		s->needs_new = true;
		if (blueprint_member_options(s->want, &options) < 0)
			continue; /* made anew, which says why it cannot be */
		ask_update(t, s, options);
	}
	if (t->n_waiting == 0)
		begin_start(t);
}

int pipeline_apply(struct pipeline *p, struct blueprint *b, pipeline_done_fn done, void *ctx)
{
	struct transition *t;

	if (p->transition || p->stop_done || p->is_stopped) {
		blueprint_free(b);
		return -EBUSY;
	}
	t = sys_alloc(1, sizeof(*t));
	if (t)
		t->steps = sys_alloc(b->n + 1, sizeof(*t->steps));
	if (!t || !t->steps) {
		free(t);
		blueprint_free(b);
		return -ENOMEM;
	}
	t->p = p;
	t->next = b;
	t->done = done;
	t->ctx = ctx;
	p->transition = t;
	begin_update(t);
	return 0;
}
