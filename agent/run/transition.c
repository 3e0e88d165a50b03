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

#include "run/pipeline_internal.h"
#include "util/log.h"
#include "util/str.h"

enum phase {
	PHASE_UPDATE = 1,
	PHASE_START,
	PHASE_BACK, /* waiting for what was started to stop, and for old options */
};

struct step {
	const struct blueprint_member *want;
	struct member *old; /* NULL: it is new */
	struct member *new; /* NULL: the old one stays */
	bool needs_new; /* the old one cannot be updated in place */
	bool is_updated;
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

static struct member *member_of(const struct step *s)
{
	return s->new ? s->new : s->old;
}

static void routes_free(struct step *s)
{
	for (size_t i = 0; i < s->n_routes; i++)
		route_unref(s->routes[i]);
	free(s->routes);
	s->routes = NULL;
	s->n_routes = 0;
}

/* The last act: the pipeline may be changed again from within done(). */
static void conclude(struct transition *t)
{
	pipeline_done_fn done = t->done;
	void *ctx = t->ctx;
	int result = t->result;
	_cleanup_free_ char *why = t->why;

	t->p->transition = NULL;
	for (size_t i = 0; t->steps && i < t->next->n; i++)
		routes_free(&t->steps[i]);
	blueprint_free(t->next);
	free(t->steps);
	free(t);
	if (done)
		done(ctx, result, why ? why : "");
}

void transition_cancel(struct transition *t)
{
	t->result = -ECANCELED;
	conclude(t);
}

/* ---- back ---- */

static void back_step(struct transition *t)
{
	if (t->n_waiting == 0)
		conclude(t);
}

static void restore_options(struct transition *t, const struct step *s)
{
	const struct blueprint_member *was = blueprint_find(t->p->current, s->want->name);
	struct option_set *options = NULL;

	if (!was || blueprint_member_options(was, &options) < 0) {
		log_write(HEARTH_LOG_ERROR, s->want->name,
			  "keeps the options of the refused configuration: the old ones cannot be read "
			  "any more; reload again");
		return;
	}
	t->n_waiting++;
	instance_update(s->old->instance, options);
}

static void go_back(struct transition *t, int r, const char *why)
{
	t->phase = PHASE_BACK;
	t->n_waiting = 0;
	t->result = r;
	t->why = strdup(why);
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];

		if (s->is_updated)
			restore_options(t, s);
		if (!s->new)
			continue;
		if (instance_state(s->new->instance) == INSTANCE_NEW) {
			pipeline_discard(t->p, s->new);
			continue;
		}
		t->n_waiting++;
		pipeline_stop_member(t->p, s->new, 0);
	}
	back_step(t);
}

void transition_stopped(struct transition *t, struct member *m)
{
	for (size_t i = 0; i < t->next->n; i++) {
		if (t->steps[i].old == m)
			t->steps[i].old = NULL; /* failed by itself meanwhile */
		if (t->steps[i].new != m)
			continue;
		t->steps[i].new = NULL;
		if (t->phase == PHASE_BACK) {
			t->n_waiting--;
			back_step(t);
			return;
		}
	}
}

/* ---- swap ---- */

static void count_new_input(struct step *to)
{
	member_of(to)->n_inputs++;
	instance_inputs_add(member_of(to)->instance, 1);
}

static bool is_route_of(struct member *m, const struct route *r)
{
	return emitter_has_route(instance_emitter(m->instance), r);
}

static struct step *step_of_inbox(struct transition *t, const struct queue *inbox)
{
	for (size_t i = 0; i < t->next->n; i++)
		if (member_of(&t->steps[i]) && instance_inbox(member_of(&t->steps[i])->instance) == inbox)
			return &t->steps[i];
	return NULL;
}

/* Between two that stay, a route that is new counts as an input only now: see make_edge(). */
static void count_rewired(struct transition *t, struct step *from)
{
	for (size_t i = 0; i < from->n_routes; i++) {
		struct step *to = step_of_inbox(t, route_target(from->routes[i]));

		if (to && !to->new && !is_route_of(from->old, from->routes[i]))
			count_new_input(to);
	}
}

static void swap(struct transition *t)
{
	struct pipeline *p = t->p;
	struct blueprint *was = p->current;

	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];

		if (s->new || !s->old)
			continue;
		count_rewired(t, s);
		instance_set_log_level(s->old->instance, s->want->config->log_level);
		emitter_swap(instance_emitter(s->old->instance), TAKE_PTR(s->routes), s->n_routes);
		s->n_routes = 0;
	}
	for (struct member *m = p->members, *next; m; m = next) {
		bool is_wanted = false;

		next = m->next;
		for (size_t i = 0; i < t->next->n; i++)
			is_wanted |= member_of(&t->steps[i]) == m;
		if (!is_wanted && !m->is_retiring && !m->is_stuck)
			pipeline_retire(p, m);
	}
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

static int append_route(struct step *s, struct route *r)
{
	struct route **routes = realloc(s->routes, (s->n_routes + 1) * sizeof(*routes));

	if (!routes) {
		route_unref(r);
		return -ENOMEM;
	}
	s->routes = routes;
	s->routes[s->n_routes++] = r;
	return 0;
}

/*
 * A route between two that stay is kept with what is in it. An input is counted when its end of
 * stream is sure to come: for a new emitter now (it is closed when we go back), for one that
 * stays when its table is swapped, except towards a new consumer, which going back stops anyway.
 */
static int make_edge(struct transition *t, const struct wiring_edge *e)
{
	struct step *from = &t->steps[e->from], *to = &t->steps[e->to];
	struct instance *emitter = member_of(from)->instance;
	struct route_options options = {
		.from = from->want->name,
		.to = to->want->name,
		.schemas = e->schemas,
		.limit_bytes = to->want->config->queue_bytes,
		.is_lossless = e->is_lossless,
		.on_room = instance_on_room,
		.ctx = emitter,
	};
	struct queue *inbox = instance_inbox(member_of(to)->instance);
	struct route *route = NULL;
	int r;

	if (!from->new && !to->new)
		route = emitter_find_route(instance_emitter(emitter), inbox, &options);
	if (!route) {
		r = route_new(inbox, &options, &route);
		if (r < 0)
			return r;
		if (from->new || to->new)
			count_new_input(to);
	}
	return append_route(from, route);
}

static int make_routes(struct transition *t)
{
	for (size_t i = 0; i < t->next->wiring.n_edges; i++) {
		int r = make_edge(t, &t->next->wiring.edges[i]);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];

		if (!s->new)
			continue;
		emitter_swap(instance_emitter(s->new->instance), TAKE_PTR(s->routes), s->n_routes);
		s->n_routes = 0;
	}
	return 0;
}

static void begin_start(struct transition *t)
{
	int r = 0;

	t->phase = PHASE_START;
	for (size_t i = 0; i < t->next->n && r == 0; i++) {
		struct step *s = &t->steps[i];

		/* What was to be updated may have failed by itself meanwhile. */
		if (!s->old || s->old->is_retiring || s->old->component != s->want->component ||
		    s->needs_new)
			r = pipeline_add(t->p, s->want, &s->new);
	}
	if (r == 0)
		r = make_routes(t);
	if (r < 0)
		return go_back(t, r, strerror(-r));
	start_next(t);
}

/* ---- update ---- */

void transition_updated(struct transition *t, struct member *m, int r, const char *why)
{
	if (t->phase == PHASE_BACK) {
		if (r < 0)
			log_write(HEARTH_LOG_ERROR, instance_name(m->instance),
				  "keeps the options of the refused configuration: %s; reload again",
				  *why ? why : strerror(-r));
		t->n_waiting--;
		return back_step(t);
	}
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];

		if (s->old != m)
			continue;
		s->is_updated = r == 0;
		s->needs_new = r == -EBUSY; /* made anew in the next phase */
	}
	if (r < 0 && r != -EBUSY) {
		free(t->why);
		t->why = strdup(*why ? why : strerror(-r));
		t->result = r;
	}
	if (--t->n_waiting > 0)
		return;
	if (t->result < 0) {
		_cleanup_free_ char *text = TAKE_PTR(t->why);

		return go_back(t, t->result, text ? text : "");
	}
	begin_start(t);
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
		t->n_waiting++;
		instance_update(s->old->instance, options);
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
	t = calloc(1, sizeof(*t));
	if (t)
		t->steps = calloc(b->n + 1, sizeof(*t->steps));
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
