/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instances of a graph and what they tell. How the graph changes is in transition.c, how an
 * instance leaves it in retire.c.
 */
#include "run/pipeline.h"

#include <errno.h>
#include <string.h>

#include "run/pipeline_internal.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

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
	_cleanup_free_ struct member *m = sys_alloc(1, sizeof(*m));
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

void pipeline_changed(struct pipeline *p, struct instance *i, enum instance_state state,
		      const char *why)
{
	if (p->options.on_change)
		p->options.on_change(p->options.ctx, i, state, why);
}

static bool is_all_gone(const struct pipeline *p)
{
	for (const struct member *m = p->members; m; m = m->next)
		if (!member_is_gone(m))
			return false;
	return true;
}

void pipeline_check_stopped(struct pipeline *p)
{
	pipeline_done_fn done = p->stop_done;

	if (!done || !is_all_gone(p))
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

void pipeline_bury(struct pipeline *p)
{
	for (struct member *m = p->members, *next; m; m = next) {
		next = m->next;
		if (m->is_dead)
			remove_member(p, m);
	}
}

/*
 * One that failed is kept for `status` and for the result of a run, which would otherwise lose
 * the samples that it took and the reason why it is missing.
 */
static void on_stopped(struct pipeline *p, struct member *m)
{
	bool is_rolled_back = p->transition && transition_made(p->transition, m);

	member_report_losses(m);
	m->is_dead = m->has_failed && !is_rolled_back;
	if (p->transition)
		transition_left(p->transition, m);
	if (!m->is_dead)
		remove_member(p, m);
	pipeline_check_stopped(p);
}

static void on_failed(struct pipeline *p, struct member *m, const char *why)
{
	m->has_failed = true;
	if (p->transition)
		transition_failed(p->transition, m, why);
	/* Told first: who is listening may want to stop its consumers before its stream ends. */
	pipeline_changed(p, m->instance, INSTANCE_FAILED, why);
	pipeline_stop_member(p, m, clock_monotonic_ns() + p->options.drain_ns);
}

static void on_finished(struct pipeline *p, struct member *m, const struct instance_event *e)
{
	m->has_finished = true;
	/* One that has said why it fails has been told of already; now it only adds its errno. */
	if (!m->has_failed)
		pipeline_changed(p, m->instance,
				 e->result < 0 ? INSTANCE_FAILED : INSTANCE_FINISHED, e->why);
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
	r = loop_timer_new(options->loop, pipeline_tick, p, &p->tick);
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
		if (!member_has_ended(m) && !m->is_retiring && (member_is_source(m) || m->n_inputs == 0))
			instance_finish(m->instance);
}

bool pipeline_is_finished(const struct pipeline *p)
{
	for (const struct member *m = p->members; m; m = m->next)
		if (!member_has_ended(m))
			return false;
	return true;
}

bool pipeline_has_no_source(const struct pipeline *p)
{
	for (const struct member *m = p->members; m; m = m->next)
		if (member_is_source(m) && !member_has_ended(m))
			return false;
	return true;
}

bool pipeline_has_lost_sinks(const struct pipeline *p)
{
	bool has_sinks = false;

	for (const struct member *m = p->members; m; m = m->next) {
		if (m->component->c.kind != HEARTH_SINK)
			continue;
		if (!m->has_failed && !m->is_stuck)
			return false;
		has_sinks = true;
	}
	return has_sinks;
}

/* Consumers first: the end of a stream must not have them complete output. */
static void stop_graph(struct pipeline *p, uint64_t deadline_ns)
{
	for (size_t i = 0; p->current && i < p->current->n; i++) {
		const char *name = p->current->members[p->current->wiring.order[i]].name;
		struct member *m = pipeline_active(p, name);

		if (m)
			pipeline_stop_member(p, m, deadline_ns);
	}
}

void pipeline_stop(struct pipeline *p, uint64_t deadline_ns, pipeline_done_fn done, void *ctx)
{
	if (p->transition)
		transition_cancel(p->transition);
	pipeline_bury(p);
	p->stop_done = done;
	p->stop_ctx = ctx;
	stop_graph(p, deadline_ns);
	for (struct member *m = p->members; m; m = m->next)
		pipeline_stop_member(p, m, deadline_ns); /* what is retiring */
	pipeline_check_stopped(p);
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
