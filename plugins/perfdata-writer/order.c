/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch has its samples in the order of their times, more or less, and its mappings and exits
 * apart; a file tells all of them in one order.
 */
#include "order.h"

#include <errno.h>
#include <stdlib.h>

#include "reserve.h"

struct merged {
	uint32_t thread, stack;
	uint64_t time_ns, period;
	uint32_t index;
};

void order_done(struct order *o)
{
	free(o->items);
	free(o->merged);
	free(o->first_sample_ns);
	*o = (struct order){ .n_items = 0 };
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void add_item(struct order *o, uint64_t time_ns, enum item_kind kind, uint64_t index,
		     uint64_t period)
{
	o->items[o->n_items++] = (struct item){ time_ns, kind, (uint32_t)index, period };
}

static int compare_merged(const void *a, const void *b)
{
	const struct merged *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

/* One item for each thread and stack, at the time of its first sample. */
static int add_merged(struct order *o, const struct hearth_flat *batch, const struct event *event)
{
	uint64_t n = hearth_flat_count(batch, HEARTH_PROFILE_SAMPLES), period = 0;

	if (!reserve(&o->merged, &o->merged_capacity, n, sizeof(*o->merged)))
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++) {
		struct hearth_sample s = hearth_profile_sample(batch, i);

		o->merged[i] = (struct merged){
			s.thread, s.stack, s.time_ns, event_period(event, &s), (uint32_t)i,
		};
	}
	qsort(o->merged, n, sizeof(*o->merged), compare_merged);
	for (uint64_t i = 0, first = 0; i < n; i++) {
		const struct merged *m = &o->merged[i];

		period += m->period;
		if (i + 1 < n && m[1].thread == m->thread && m[1].stack == m->stack)
			continue;
		add_item(o, o->merged[first].time_ns, ITEM_SAMPLE, o->merged[first].index, period);
		first = i + 1;
		period = 0;
	}
	return 0;
}

/* UINT64_MAX: nothing of the process was sampled. */
static int add_samples(struct order *o, const struct hearth_flat *batch, const struct event *event,
		       uint64_t n_processes)
{
	for (uint64_t i = 0; i < n_processes; i++)
		o->first_sample_ns[i] = UINT64_MAX;
	for (uint64_t i = 0; i < hearth_flat_count(batch, HEARTH_PROFILE_SAMPLES); i++) {
		struct hearth_sample s = hearth_profile_sample(batch, i);
		uint32_t process = hearth_profile_thread(batch, s.thread).process;

		if (process < n_processes && s.time_ns < o->first_sample_ns[process])
			o->first_sample_ns[process] = s.time_ns;
		if (!o->is_merging)
			add_item(o, s.time_ns, ITEM_SAMPLE, i, event_period(event, &s));
	}
	return o->is_merging ? add_merged(o, batch, event) : 0;
}

static bool is_sampled(const struct order *o, uint32_t process, uint64_t n_processes)
{
	return process < n_processes && o->first_sample_ns[process] != UINT64_MAX;
}

/* What was there before the first sample is told with it; that is early enough. */
static void add_mappings(struct order *o, const struct hearth_flat *batch,
			 const struct chains *chains, uint64_t n_processes)
{
	for (uint64_t i = 1; i < hearth_flat_count(batch, HEARTH_PROFILE_MAPPINGS); i++) {
		struct hearth_mapping m = hearth_profile_mapping(batch, i);
		uint64_t since_ns = chains_since(chains, (uint32_t)i);

		if (m.process && is_sampled(o, m.process, n_processes))
			add_item(o, since_ns > o->first_sample_ns[m.process] ? since_ns :
				 o->first_sample_ns[m.process], ITEM_MAPPING, i, 0);
	}
}

static void add_exits(struct order *o, const struct hearth_flat *batch, uint64_t n_processes)
{
	for (uint64_t i = 0; i < hearth_flat_count(batch, HEARTH_PROFILE_EVENTS); i++) {
		struct hearth_process_event e = hearth_profile_event(batch, i);

		if (e.kind == HEARTH_EVENT_EXIT && is_sampled(o, e.process, n_processes))
			add_item(o, e.time_ns, ITEM_EXIT, i, 0);
	}
}

int order_batch(struct order *o, const struct hearth_flat *batch, const struct event *event,
		const struct chains *chains)
{
	uint64_t n_processes = hearth_flat_count(batch, HEARTH_PROFILE_PROCESSES);
	uint64_t n = hearth_flat_count(batch, HEARTH_PROFILE_SAMPLES) +
		     hearth_flat_count(batch, HEARTH_PROFILE_MAPPINGS) +
		     hearth_flat_count(batch, HEARTH_PROFILE_EVENTS);
	int q;

	if (!reserve(&o->items, &o->item_capacity, n, sizeof(*o->items)) ||
	    !reserve(&o->first_sample_ns, &o->process_capacity, n_processes, sizeof(*o->first_sample_ns)))
		return -ENOMEM;
	o->n_items = 0;
	q = add_samples(o, batch, event, n_processes);
	if (q < 0)
		return q;
	add_mappings(o, batch, chains, n_processes);
	add_exits(o, batch, n_processes);
	qsort(o->items, o->n_items, sizeof(*o->items), compare_items);
	return 0;
}
