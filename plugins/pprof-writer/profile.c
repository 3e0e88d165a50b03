/* SPDX-License-Identifier: Apache-2.0 */
/* Batches become rows of the tables; a sample costs memory only if its like was not there yet. */
#include "profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

#include "locations.h"

/* What is needed to add the samples of one batch. */
struct adding {
	struct profile *profile;
	const struct hearth_flat *flat;
	struct hearth_profile_info info;
	struct locations locations;
	uint32_t *owner_of_thread; /* row + 1; without CPU and time */
	uint64_t n_threads;
	uint32_t event;
};

int profile_new(size_t limit_bytes, uint32_t labels, struct profile **ret)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->limit_bytes = limit_bytes;
	p->labels = labels;
	p->start_ns = UINT64_MAX;
	hearth_flat_init(&p->tables);
	*ret = p;
	return 0;
}

struct profile *profile_free(struct profile *p)
{
	if (!p)
		return NULL;
	hearth_flat_done(&p->tables);
	free(p);
	return NULL;
}

static uint32_t take_string(struct adding *a, uint32_t string)
{
	return hearth_flat_intern_string(&a->profile->tables, hearth_flat_string(a->flat, string));
}

/* ---- events ---- */

static bool is_same_event(const struct profile_event *x, const struct profile_event *y)
{
	return x->name == y->name && x->type == y->type && x->unit == y->unit &&
	       x->period_type == y->period_type && x->period_unit == y->period_unit;
}

/* One of the samples may bring a period when the batch has none. */
static bool has_periods(const struct adding *a)
{
	uint64_t n = hearth_flat_count(a->flat, HEARTH_PROFILE_SAMPLES);

	for (uint64_t i = 0; a->info.period == 0 && i < n; i++)
		if (hearth_profile_sample(a->flat, i).period)
			return true;
	return a->info.period != 0;
}

static int find_event(struct adding *a)
{
	struct profile *p = a->profile;
	struct profile_event wanted = {
		.name = take_string(a, a->info.event),
		.type = take_string(a, a->info.sample_type),
		.unit = take_string(a, a->info.sample_unit),
		.period_type = take_string(a, a->info.period_type),
		.period_unit = take_string(a, a->info.period_unit),
		.period = a->info.period,
	};

	for (a->event = 0; a->event < p->n_events; a->event++)
		if (is_same_event(&p->events[a->event], &wanted))
			break;
	if (a->event == MAX_PROFILE_EVENTS)
		return -ENOSPC;
	if (a->event == p->n_events)
		p->events[p->n_events++] = wanted;
	p->events[a->event].has_period |= wanted.period_type && has_periods(a);
	return p->tables.error;
}

/* ---- samples ---- */

static bool wants(const struct profile *p, uint32_t label)
{
	return p->labels & label;
}

static uint32_t label_text(struct adding *a, uint32_t label, uint32_t string)
{
	return wants(a->profile, label) ? take_string(a, string) : 0;
}

static struct table_owner owner_of_thread(struct adding *a, uint32_t thread)
{
	struct hearth_thread t = hearth_profile_thread(a->flat, thread);
	struct hearth_process p = hearth_profile_process(a->flat, t.process);

	return (struct table_owner){
		.pid = wants(a->profile, WITH_PID) ? p.pid : 0,
		.tid = wants(a->profile, WITH_TID) ? t.tid : 0,
		.comm = label_text(a, WITH_COMM, p.comm),
		.thread_comm = label_text(a, WITH_THREAD_COMM, t.comm),
		.container = label_text(a, WITH_CONTAINER, p.container),
	};
}

static uint64_t realtime_of(const struct hearth_profile_info *info, uint64_t monotonic_ns)
{
	return info->clock_realtime_ns - info->clock_monotonic_ns + monotonic_ns;
}

static uint32_t add_owner(struct adding *a, const struct hearth_sample *s)
{
	struct hearth_flat_builder *tables = &a->profile->tables;
	uint32_t thread = s->thread < a->n_threads ? s->thread : 0;
	struct table_owner row;

	if (!a->owner_of_thread[thread]) {
		row = owner_of_thread(a, thread);
		a->owner_of_thread[thread] =
			hearth_flat_intern(tables, TABLE_OWNERS, &row, sizeof(row)) + 1;
	}
	if (tables->error || !wants(a->profile, WITH_CPU | WITH_TIME))
		return a->owner_of_thread[thread] - 1;
	tables_row(tables, TABLE_OWNERS, a->owner_of_thread[thread] - 1, &row);
	if (wants(a->profile, WITH_CPU) && s->cpu != HEARTH_NO_CPU)
		row.cpu = s->cpu + 1;
	if (wants(a->profile, WITH_TIME) && s->time_ns)
		row.time_ns = realtime_of(&a->info, s->time_ns);
	return hearth_flat_intern(tables, TABLE_OWNERS, &row, sizeof(row));
}

static struct table_weight weight_of(const struct adding *a, const struct hearth_sample *s)
{
	struct table_weight weight = { s->value, s->period };

	if (!s->period && __builtin_mul_overflow(s->value, a->info.period, &weight.period))
		weight.period = UINT64_MAX;
	return weight;
}

static int add_sample(struct adding *a, const struct hearth_sample *s)
{
	struct profile *p = a->profile;
	struct table_sample row = { .event = a->event };
	struct table_weight weight = weight_of(a, s);
	size_t used = tables_bytes(&p->tables);
	int r;

	if (used >= p->limit_bytes) {
		p->n_truncated++;
		row.node = locations_truncated(&p->tables, "memory limit");
	} else {
		r = locations_node(&a->locations, s->stack, &row.node);
		if (r < 0)
			return r;
	}
	if (used >= p->limit_bytes / 2)
		p->n_unlabelled++;
	else
		row.owner = add_owner(a, s);
	tables_add(&p->tables, &row, &weight);
	p->n_samples++;
	return p->tables.error;
}

static int add_samples(struct adding *a)
{
	uint64_t n = hearth_flat_count(a->flat, HEARTH_PROFILE_SAMPLES);
	int r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++) {
		struct hearth_sample s = hearth_profile_sample(a->flat, i);

		r = add_sample(a, &s);
	}
	return r;
}

/* ---- what is known of the whole ---- */

/*
 * pprof takes the first mapping that is no library for the program. Majority vote: a program that
 * has more than half of the samples is found in one pass and without a table of all programs.
 */
static void vote_for_program(struct adding *a)
{
	struct profile_program *leader = &a->profile->program;
	uint64_t n = hearth_flat_count(a->flat, HEARTH_PROFILE_SAMPLES);

	for (uint64_t i = 0; i < n; i++) {
		uint32_t thread = hearth_profile_sample(a->flat, i).thread;
		uint32_t process = hearth_profile_thread(a->flat, thread).process;
		uint32_t exe = take_string(a, hearth_profile_process(a->flat, process).exe);

		if (leader->lead == 0)
			leader->exe = exe;
		leader->lead += exe == leader->exe ? 1 : -1;
	}
}

static void add_losses(struct adding *a)
{
	for (uint64_t i = 0; i < hearth_flat_count(a->flat, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss loss = hearth_profile_loss(a->flat, i);
		struct table_loss row = { loss.kind, take_string(a, loss.cause) };

		tables_add_loss(&a->profile->tables, &row, loss.count);
	}
}

static void extend_window(struct profile *p, const struct hearth_profile_info *info)
{
	uint64_t start_ns = realtime_of(info, info->window_start_ns);
	uint64_t end_ns = realtime_of(info, info->window_end_ns);

	if (start_ns < p->start_ns)
		p->start_ns = start_ns;
	if (end_ns > p->end_ns)
		p->end_ns = end_ns;
}

static void adding_done(struct adding *a)
{
	locations_done(&a->locations);
	free(a->owner_of_thread);
}

int profile_add_batch(struct profile *p, const struct hearth_batch *b)
{
	_cleanup_(adding_done) struct adding a = { .profile = p };
	struct hearth_flat f;
	int r;

	r = hearth_profile_open(&f, b);
	if (r < 0)
		return r;
	a.flat = &f;
	a.info = hearth_profile_info(&f);
	a.n_threads = hearth_flat_count(&f, HEARTH_PROFILE_THREADS);
	a.owner_of_thread = calloc(a.n_threads + 1, sizeof(*a.owner_of_thread));
	if (!a.owner_of_thread)
		return -ENOMEM;
	r = locations_begin(&a.locations, &f, &p->tables);
	if (r == 0)
		r = find_event(&a);
	if (r == 0)
		r = add_samples(&a);
	if (r < 0)
		return r;
	if (tables_bytes(&p->tables) < p->limit_bytes)
		vote_for_program(&a);
	add_losses(&a);
	extend_window(p, &a.info);
	return p->tables.error;
}
