/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both transports are read in place, so a sample waits in its ring, not here, until everything
 * that the kernel reported before it has been applied.
 */
#include "timeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"

#define NS_PER_TICK 10000000ull     /* /proc counts in USER_HZ, 100 on every Linux */
#define DEAD_KEPT_NS 1000000000ull  /* how long the last samples of an exiting task may take */
#define BINARY_KEPT_NS 60000000000ull

static void look_ahead(void *ctx, bool (*fn)(void *ctx, const struct process_event *e),
		       void *fn_ctx)
{
	event_rings_look_ahead(ctx, fn, fn_ctx);
}

int timeline_init(struct timeline *t, const struct timeline_setup *s)
{
	int r;

	memset(t, 0, sizeof(*t));
	t->host = s->host;
	t->samples = s->samples;
	t->events = s->events;
	t->n_cpus = s->n_cpus;
	t->window_ns = s->window_ns;
	t->period_ns = s->period_ns;
	window_init(&t->window, s->host, &t->binaries);
	t->sequences = calloc(s->n_cpus, sizeof(*t->sequences));
	if (!t->sequences)
		return -ENOMEM;
	r = binaries_init(&t->binaries, s->host);
	if (r < 0)
		return r;
	r = processes_init(&t->processes, s->proc_root, &t->binaries);
	if (r < 0)
		return r;
	t->processes.follows_threads = !s->samples;
	t->processes.look_ahead = look_ahead;
	t->processes.look_ahead_ctx = s->events;
	window_begin(&t->window, s->host->now_ns(s->host));
	return 0;
}

void timeline_done(struct timeline *t)
{
	window_done(&t->window);
	processes_done(&t->processes);
	binaries_done(&t->binaries);
	free(t->sequences);
	memset(t, 0, sizeof(*t));
}

/* A gap in the numbers of a CPU is what the full ring could not take. */
static void note_sequence(struct timeline *t, const struct sample_record *s)
{
	uint64_t gap;

	if (s->cpu >= t->n_cpus || s->sequence <= t->sequences[s->cpu])
		return;
	gap = s->sequence - t->sequences[s->cpu] - 1;
	t->sequences[s->cpu] = s->sequence;
	t->window.lost += gap;
	t->gaps += gap;
}

static void take_sample(struct timeline *t, const struct sample_record *s)
{
	struct process *p;

	note_sequence(t, s);
	p = processes_sampled(&t->processes, s->pid, s->start_time_ns / NS_PER_TICK, s->n_user > 0);
	if (p)
		window_add_sample(&t->window, s, p);
	else
		t->window.unattributed++;
}

/* A perf ring numbers no samples and names no threads. */
static void take_chain(struct timeline *t, const struct process_event *e)
{
	struct sample_record *s = &t->converted.head;
	struct process *p;

	perf_sample_take(e, &t->converted);
	p = processes_sampled(&t->processes, s->pid, 0, s->n_user > 0);
	if (!p) {
		t->window.unattributed++;
		return;
	}
	snprintf(s->comm, sizeof(s->comm), "%s", threads_comm(&t->processes, p, s->tid));
	window_add_sample(&t->window, s, p);
}

static void take_event(struct timeline *t, const struct process_event *e)
{
	if (e->kind == PROCESS_EVENT_SAMPLE) {
		take_chain(t, e);
		return;
	}
	if (e->kind == PROCESS_EVENT_LOST && !t->samples)
		t->window.lost += e->lost; /* nearly all records of such a ring are samples */
	(void)processes_apply(&t->processes, e); /* without memory: the state is read again */
	window_add_event(&t->window, e, processes_find(&t->processes, e->pid));
}

static void count_window(struct timeline *t)
{
	const struct hearth_host *h = t->host;
	const struct window *w = &t->window;
	char name[128];

	h->count(h, "samples_taken", window_taken(w));
	if (w->lost)
		h->count(h, "samples_lost.ring full", w->lost);
	if (w->unattributed)
		h->count(h, "samples_lost.out of memory", w->unattributed);
	for (size_t i = 0; i < WINDOW_N_CUTS; i++) {
		if (!w->cut[i] || !window_cut_text[i])
			continue;
		t->cut[i] += w->cut[i];
		snprintf(name, sizeof(name), "stacks_truncated.%s", window_cut_text[i]);
		h->count(h, name, w->cut[i]);
	}
}

static int close_window(struct timeline *t, uint64_t end_ns)
{
	struct batch_summary summary = {
		.end_ns = end_ns, .period_ns = t->period_ns, .flags = t->flags,
	};
	uint64_t now = t->host->now_ns(t->host);
	int r;

	count_window(t);
	r = batch_emit(&t->window, &summary);
	if (r < 0)
		t->host->count(t->host, "samples_lost.batch not emitted", t->window.delivered);
	window_begin(&t->window, end_ns);
	t->waiting_since_ns = 0;
	processes_sweep(&t->processes, end_ns - DEAD_KEPT_NS);
	binaries_sweep(&t->binaries, now > BINARY_KEPT_NS ? now - BINARY_KEPT_NS : 0);
	return r;
}

/* True while the window that is over should wait for the files of its frames. */
static bool must_wait(struct timeline *t, bool urgent)
{
	uint64_t now = t->host->now_ns(t->host);

	if (urgent || !window_is_waiting(&t->window))
		return false;
	if (!t->waiting_since_ns)
		t->waiting_since_ns = now;
	return now - t->waiting_since_ns < TIMELINE_PATIENCE_NS;
}

/* Takes what is older than before_ns, in the order of time. */
static void take_until(struct timeline *t, uint64_t before_ns)
{
	for (;;) {
		const struct process_event *e = event_rings_peek(t->events);
		const struct sample_record *s = t->samples ? sample_ring_peek(t->samples) : NULL;

		if (e && e->time_ns < before_ns && (!s || e->time_ns <= s->time_ns)) {
			take_event(t, e);
			event_rings_pop(t->events);
		} else if (s && s->time_ns < before_ns) {
			take_sample(t, s);
			sample_ring_pop(t->samples);
		} else {
			return;
		}
	}
}

void timeline_settle(struct timeline *t, const struct sample_counters *taken)
{
	take_until(t, UINT64_MAX);
	for (uint32_t cpu = 0; cpu < t->n_cpus; cpu++) {
		uint64_t gap = taken[cpu].taken - t->sequences[cpu];

		t->sequences[cpu] = taken[cpu].taken;
		t->window.lost += gap;
		t->gaps += gap;
	}
}

int timeline_advance(struct timeline *t, uint64_t cutoff_ns, bool urgent)
{
	int result = 0, r;

	for (;;) {
		uint64_t end = (t->window.start_ns / t->window_ns + 1) * t->window_ns;

		if (end > cutoff_ns) {
			take_until(t, cutoff_ns);
			return result;
		}
		take_until(t, end);
		if (must_wait(t, urgent))
			return 1;
		r = close_window(t, end);
		result = r < 0 ? r : result;
	}
}

int timeline_cut(struct timeline *t, uint64_t now_ns)
{
	int r = timeline_advance(t, now_ns, true), q = 0;

	if (now_ns > t->window.start_ns)
		q = close_window(t, now_ns);
	return r < 0 ? r : q;
}
