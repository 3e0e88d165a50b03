/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member leaves in order: no new input, finish, stop, thread joined. Whatever does not keep to
 * its deadline is stopped with a count of what is lost; a callback that does not even return is
 * abandoned.
 */
#include "run/pipeline_internal.h"
#include "util/clock.h"
#include "util/log.h"

#define TICK_NS (200 * NS_PER_MS)
#define STOP_GRACE_NS (2 * NS_PER_S)

void member_report_losses(const struct member *m)
{
	struct instance_stats s;

	instance_stats(m->instance, &s);
	if (s.queue.dropped_closed > 0)
		log_write(HEARTH_LOG_WARNING, instance_name(m->instance),
			  "stopped with %llu batches (%llu samples) not worked off; they are lost",
			  (unsigned long long)s.queue.dropped_closed,
			  (unsigned long long)s.queue.items_closed);
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
	if (member_has_ended(m))
		pipeline_stop_member(p, m, deadline_ns);
	else if (member_is_source(m) || m->n_inputs == 0)
		instance_finish(m->instance);
	arm_tick(p);
}

static bool is_retiring(const struct member *m)
{
	return m->is_retiring && !member_is_gone(m);
}

static struct member *find_overdue(const struct pipeline *p, uint64_t now)
{
	for (struct member *m = p->members; m; m = m->next)
		if (is_retiring(m) && now >= m->deadline_ns)
			return m;
	return NULL;
}

static void on_overdue(struct pipeline *p, struct member *m, uint64_t now)
{
	if (m->is_stopping)
		return pipeline_abandon(p, m->instance);
	log_write(HEARTH_LOG_WARNING, instance_name(m->instance),
		  "has not finished within %.0f s and is stopped",
		  (double)p->options.drain_ns / (double)NS_PER_S);
	pipeline_stop_member(p, m, now);
}

void pipeline_tick(void *ctx)
{
	struct pipeline *p = ctx;
	uint64_t now = clock_monotonic_ns();
	bool is_waiting = false;
	struct member *m;

	/* Found one by one: to give up on one may remove others from the list. */
	while ((m = find_overdue(p, now)))
		on_overdue(p, m, now);
	for (m = p->members; m; m = m->next)
		is_waiting |= is_retiring(m);
	if (!is_waiting)
		(void)loop_timer_arm(p->tick, 0, 0);
	pipeline_check_stopped(p);
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
	member_report_losses(stuck);
	if (p->transition)
		transition_left(p->transition, stuck);
	pipeline_changed(p, i, INSTANCE_STUCK, "a callback does not return");
	pipeline_check_stopped(p);
}
