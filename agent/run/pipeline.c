/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instances of a graph and how each comes to its end. A member leaves in order: no new
 * input, finish, stop, thread joined. Whatever does not keep to its deadline is stopped with a
 * count of what is lost; a callback that does not even return is abandoned.
 */
#include "run/pipeline.h"

#include <errno.h>
#include <string.h>

#include "run/pipeline_internal.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

#define TICK_NS (200 * NS_PER_MS)
#define STOP_GRACE_NS (2 * NS_PER_S)

struct member *pipeline_member(const struct pipeline *p, const struct instance *i)
{
	for (struct member *m = p->members; m; m = m->next)
		if (m->instance == i)
			return m;
	return NULL;
}

struct member *pipeline_active(const struct pipeline *p, const char *name)
{
	for (struct member *m = p->members; m; m = m->next)
		if (!m->is_retiring && !m->is_stuck && str_equal(instance_name(m->instance), name))
			return m;
	return NULL;
}

static bool is_source(const struct member *m)
{
	return m->component->c.kind == HEARTH_SOURCE;
}

static bool has_ended(const struct member *m)
{
	enum instance_state s = instance_state(m->instance);

	return s == INSTANCE_FINISHED || s == INSTANCE_FAILED || s == INSTANCE_STUCK ||
	       s == INSTANCE_STOPPING || s == INSTANCE_STOPPED;
}

int pipeline_add(struct pipeline *p, const struct blueprint_member *want, struct member **ret)
{
	struct instance_spec spec = {
		.name = want->name,
		.run = p->options.run,
		.component = want->component,
		.labels = p->options.labels,
		.n_labels = p->options.n_labels,
		.log_level = want->config->log_level,
	};
	_cleanup_free_ struct member *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	r = blueprint_member_options(want, &spec.options);
	if (r == 0)
		r = instance_new(&p->env, &spec, &m->instance);
	if (r < 0)
		return r;
	m->component = want->component;
	m->next = p->members;
	p->members = m;
	*ret = TAKE_PTR(m);
	return 0;
}

static void arm_tick(struct pipeline *p)
{
	(void)loop_timer_arm(p->tick, TICK_NS, TICK_NS);
}

void pipeline_stop_member(struct pipeline *p, struct member *m, uint64_t deadline_ns)
{
	if (m->is_stopping || m->is_stuck)
		return;
	m->is_retiring = m->is_stopping = true;
	m->deadline_ns = deadline_ns + STOP_GRACE_NS;
	instance_stop(m->instance, deadline_ns);
	arm_tick(p);
}

void pipeline_retire(struct pipeline *p, struct member *m)
{
	uint64_t deadline_ns = clock_monotonic_ns() + p->options.drain_ns;

	m->is_retiring = true;
	m->deadline_ns = deadline_ns;
	if (has_ended(m))
		pipeline_stop_member(p, m, deadline_ns);
	else if (is_source(m) || m->n_inputs == 0)
		instance_finish(m->instance);
	arm_tick(p);
}

static void change(struct pipeline *p, struct instance *i, enum instance_state state,
		   const char *why)
{
	if (p->options.on_change)
		p->options.on_change(p->options.ctx, i, state, why);
}

static void report_losses(const struct member *m)
{
	struct instance_stats s;

	instance_stats(m->instance, &s);
	if (s.queue.dropped_closed > 0)
		log_write(HEARTH_LOG_WARNING, instance_name(m->instance),
			  "stopped with %llu batches (%llu samples) not worked off; they are lost",
			  (unsigned long long)s.queue.dropped_closed,
			  (unsigned long long)s.queue.items_closed);
}

static bool is_all_stuck(const struct pipeline *p)
{
	for (const struct member *m = p->members; m; m = m->next)
		if (!m->is_stuck)
			return false;
	return true;
}

static void check_stopped(struct pipeline *p)
{
	pipeline_done_fn done = p->stop_done;

	if (!done || !is_all_stuck(p))
		return;
	p->stop_done = NULL;
	p->is_stopped = true;
	done(p->stop_ctx, 0, "");
}

static void remove_member(struct pipeline *p, struct member *m)
{
	for (struct member **at = &p->members; *at; at = &(*at)->next) {
		if (*at != m)
			continue;
		*at = m->next;
		break;
	}
	instance_free(m->instance);
	free(m);
}

void pipeline_discard(struct pipeline *p, struct member *m)
{
	remove_member(p, m);
}

static void on_stopped(struct pipeline *p, struct member *m)
{
	report_losses(m);
	if (p->transition)
		transition_stopped(p->transition, m);
	remove_member(p, m);
	check_stopped(p);
}

static void on_failed(struct pipeline *p, struct member *m, const char *why)
{
	log_write(HEARTH_LOG_ERROR, instance_name(m->instance), "failed and is stopped: %s", why);
	change(p, m->instance, INSTANCE_FAILED, why);
	pipeline_stop_member(p, m, clock_monotonic_ns() + p->options.drain_ns);
}

static void on_finished(struct pipeline *p, struct member *m, const struct instance_event *e)
{
	if (e->result < 0)
		log_write(HEARTH_LOG_ERROR, instance_name(m->instance),
			  "could not complete its output: %s", e->why);
	change(p, m->instance, e->result < 0 ? INSTANCE_FAILED : INSTANCE_FINISHED, e->why);
	if (m->is_retiring)
		pipeline_stop_member(p, m, m->deadline_ns);
}

static void on_event(void *ctx, struct instance *i, const struct instance_event *e)
{
	struct pipeline *p = ctx;
	struct member *m = pipeline_member(p, i);

	if (!m || m->is_stuck)
		return; /* abandoned: it came back too late */
	switch (e->kind) {
	case INSTANCE_EVENT_STARTED:
		if (p->transition)
			transition_started(p->transition, m, e->result, e->why);
		break;
	case INSTANCE_EVENT_UPDATED:
		if (p->transition)
			transition_updated(p->transition, m, e->result, e->why);
		break;
	case INSTANCE_EVENT_FINISHED:
		on_finished(p, m, e);
		break;
	case INSTANCE_EVENT_FAILED:
		on_failed(p, m, e->why);
		break;
	case INSTANCE_EVENT_STOPPED:
		on_stopped(p, m);
		break;
	}
}

static void on_batch(void *ctx, struct instance *i, struct batch *b)
{
	struct pipeline *p = ctx;

	if (p->options.on_batch)
		p->options.on_batch(p->options.ctx, i, b);
}

static const void *service(void *ctx, const char *id)
{
	struct pipeline *p = ctx;

	return p->options.service ? p->options.service(p->options.service_ctx, id) : NULL;
}

static bool is_retirement_due(const struct member *m, uint64_t now)
{
	return m->is_retiring && !m->is_stuck && now >= m->deadline_ns;
}

static void on_tick(void *ctx)
{
	struct pipeline *p = ctx;
	uint64_t now = clock_monotonic_ns();
	bool is_waiting = false;

	for (struct member *m = p->members, *next; m; m = next) {
		next = m->next;
		is_waiting |= m->is_retiring && !m->is_stuck;
		if (!is_retirement_due(m, now))
			continue;
		if (m->is_stopping) {
			pipeline_abandon(p, m->instance);
			continue;
		}
		log_write(HEARTH_LOG_WARNING, instance_name(m->instance),
			  "has not finished within %.0f s and is stopped",
			  (double)p->options.drain_ns / (double)NS_PER_S);
		pipeline_stop_member(p, m, now);
	}
	if (!is_waiting)
		(void)loop_timer_arm(p->tick, 0, 0);
	check_stopped(p);
}

int pipeline_new(const struct pipeline_options *options, struct pipeline **ret)
{
	_cleanup_(pipeline_freep) struct pipeline *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->options = *options;
	p->env = (struct instance_env){
		.main = options->main,
		.on_event = on_event,
		.on_batch = on_batch,
		.service = service,
		.ctx = p,
		.state_dir = options->state_dir,
		.helpers = options->helpers,
		.agent = options->agent,
	};
	r = loop_timer_new(options->loop, on_tick, p, &p->tick);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(p);
	return 0;
}

struct pipeline *pipeline_free(struct pipeline *p)
{
	if (!p)
		return NULL;
	loop_timer_free(p->tick);
	if (p->transition)
		transition_cancel(p->transition);
	/* A stuck instance still points at env: then the pipeline stays, the process is ending. */
	if (pipeline_n_stuck(p) > 0)
		return NULL;
	while (p->members)
		remove_member(p, p->members);
	blueprint_free(p->current);
	free(p);
	return NULL;
}

bool pipeline_is_changing(const struct pipeline *p)
{
	return p->transition;
}

void pipeline_finish(struct pipeline *p)
{
	for (struct member *m = p->members; m; m = m->next)
		if (!has_ended(m) && !m->is_retiring && (is_source(m) || m->n_inputs == 0))
			instance_finish(m->instance);
}

bool pipeline_is_finished(const struct pipeline *p)
{
	for (const struct member *m = p->members; m; m = m->next)
		if (!has_ended(m))
			return false;
	return true;
}

bool pipeline_has_no_source(const struct pipeline *p)
{
	for (const struct member *m = p->members; m; m = m->next)
		if (is_source(m) && !has_ended(m))
			return false;
	return true;
}

void pipeline_stop(struct pipeline *p, uint64_t deadline_ns, pipeline_done_fn done, void *ctx)
{
	if (p->transition)
		transition_cancel(p->transition);
	p->stop_done = done;
	p->stop_ctx = ctx;
	for (struct member *m = p->members; m; m = m->next)
		pipeline_stop_member(p, m, deadline_ns);
	check_stopped(p);
}

void pipeline_each(const struct pipeline *p, void (*fn)(void *ctx, struct instance *i,
							bool is_retiring), void *ctx)
{
	for (struct member *m = p->members, *next; m; m = next) {
		next = m->next;
		fn(ctx, m->instance, m->is_retiring);
	}
}

const struct blueprint *pipeline_blueprint(const struct pipeline *p)
{
	return p->current;
}

size_t pipeline_n_stuck(const struct pipeline *p)
{
	size_t n = 0;

	for (const struct member *m = p->members; m; m = m->next)
		n += m->is_stuck;
	return n;
}

void pipeline_abandon(struct pipeline *p, struct instance *i)
{
	struct member *stuck = pipeline_member(p, i);

	if (!stuck || stuck->is_stuck)
		return;
	for (struct member *m = p->members; m; m = m->next)
		emitter_drop_target(instance_emitter(m->instance), instance_inbox(i));
	stuck->is_stuck = true;
	instance_abandon(i);
	report_losses(stuck);
	change(p, i, INSTANCE_STUCK, "a callback does not return");
	check_stopped(p);
}
