/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format is what tools/perf/builtin-script.c of Linux prints; its readers are stackcollapse-perf.pl,
 * inferno, speedscope and the Firefox Profiler, and each has its own idea of what may be left out.
 */
#include "blocks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frame_lines.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000) /* between samples of which neither time nor period is known */

struct order {
	uint64_t time_ns, at;
};

struct writing {
	struct blocks *blocks;
	const struct hearth_flat *batch;
	struct hearth_profile_info info;
	struct outfile *out;
	struct frame_lines lines;
	struct text head;  /* of one block */
	struct text event; /* of all */
	bool is_count;     /* value: so many samples */
};

static void writing_done(struct writing *w)
{
	frame_lines_done(&w->lines);
	text_done(&w->head);
	text_done(&w->event);
}

/* ---- one block ---- */

/* A thread has its own name; one that nobody has seen the beginning of has its process's. */
static const char *comm_of(const struct hearth_flat *f, const struct hearth_thread *t,
			   const struct hearth_process *p)
{
	const char *comm = hearth_flat_string(f, t->comm);

	if (!*comm)
		comm = hearth_flat_string(f, p->comm);
	return *comm ? comm : "[unknown]";
}

static void put_head(struct writing *w, const struct hearth_sample *s, uint64_t time_ns)
{
	struct hearth_thread t = hearth_profile_thread(w->batch, s->thread);
	struct hearth_process p = hearth_profile_process(w->batch, t.process);
	const char *comm = comm_of(w->batch, &t, &p);
	struct text *head = &w->head;

	head->len = 0;
	text_put_name(head, comm, strlen(comm), TEXT_COMM);
	text_format(head, " %5" PRIu32 "/%-5" PRIu32 " ", p.pid, t.tid);
	if (s->cpu != HEARTH_NO_CPU)
		text_format(head, "[%03" PRIu32 "] ", s->cpu);
	text_format(head, "%5" PRIu64 ".%06" PRIu64 ": ", time_ns / NS_PER_S,
		    time_ns % NS_PER_S / NS_PER_US);
}

static void put_event(struct writing *w, uint64_t period)
{
	if (w->blocks->has_period)
		text_format(&w->head, "%10" PRIu64 " ", period);
	text_put(&w->head, w->event.bytes, w->event.len);
}

/* Why a stack was cut stands where its callers would, or it would pass for a whole one. */
static void put_truncated(struct writing *w, const char *cause)
{
	text_format(&w->head, "\t%16x [truncated: ", 0);
	text_put_name(&w->head, cause, strlen(cause), TEXT_SYMBOL);
	text_format(&w->head, "] ([unknown])\n");
}

static int write_frames(struct writing *w, const struct hearth_stack *stack)
{
	for (uint32_t i = 0; i < stack->count; i++) {
		uint32_t frame = hearth_profile_stack_frame(w->batch, stack, i);
		const char *line;
		size_t len;
		int r = frame_lines_of(&w->lines, frame, &line, &len);

		if (r < 0)
			return r;
		outfile_write(w->out, line, len);
	}
	return 0;
}

static int write_block(struct writing *w, const struct hearth_sample *s, uint64_t time_ns, uint64_t period)
{
	struct hearth_stack stack = hearth_profile_stack(w->batch, s->stack);
	const char *cause = hearth_flat_string(w->batch, stack.truncated);
	int r;

	put_head(w, s, time_ns);
	put_event(w, period);
	outfile_write(w->out, w->head.bytes, w->head.len);
	r = write_frames(w, &stack);
	if (r < 0)
		return r;
	w->head.len = 0;
	if (*cause)
		put_truncated(w, cause);
	text_put(&w->head, "\n", 1);
	outfile_write(w->out, w->head.bytes, w->head.len);
	return w->head.error;
}

/* ---- samples ---- */

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t next_time(struct writing *w)
{
	const char *unit = hearth_flat_string(w->batch, w->info.period_unit);
	bool is_time = strcmp(unit, "nanoseconds") == 0 && w->info.period;

	return w->blocks->last_ns += is_time ? w->info.period : NS_PER_MS;
}

static int write_sample(struct writing *w, const struct hearth_sample *s)
{
	uint64_t period = s->period ? s->period : w->info.period;
	uint64_t n = w->is_count ? s->value : 1;
	uint64_t shown = n < BLOCKS_MAX_REPEATS ? n : BLOCKS_MAX_REPEATS;
	int r = 0;

	if (!w->is_count && !s->period)
		period = s->value;
	w->blocks->n_merged += n - shown;
	for (uint64_t i = 1; i <= shown && r == 0; i++)
		r = write_block(w, s, s->time_ns ? s->time_ns : next_time(w),
				i < shown ? period : times(period, n - shown + 1));
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Each CPU's samples come in their order, one CPU behind the other. */
static struct order *in_order(const struct hearth_flat *batch, uint64_t n)
{
	struct order *order = calloc(n + 1, sizeof(*order));
	bool is_sorted = true;

	for (uint64_t i = 0; order && i < n; i++) {
		order[i] = (struct order){ hearth_profile_sample(batch, i).time_ns, i };
		is_sorted = is_sorted && (i == 0 || order[i - 1].time_ns <= order[i].time_ns);
	}
	if (order && !is_sorted)
		qsort(order, n, sizeof(*order), compare);
	return order;
}

static int writing_begin(struct writing *w)
{
	const char *event = hearth_flat_string(w->batch, w->info.event);

	event = *event ? event : "[unknown]";
	w->is_count = strcmp(hearth_flat_string(w->batch, w->info.sample_unit), "count") == 0;
	text_put_name(&w->event, event, strlen(event), TEXT_WORD);
	text_format(&w->event, ": \n");
	return w->event.error ? w->event.error : frame_lines_begin(&w->lines, w->batch);
}

int blocks_write(struct blocks *b, const struct hearth_flat *batch, struct outfile *out)
{
	_cleanup_(writing_done) struct writing w = {
		.blocks = b, .batch = batch, .info = hearth_profile_info(batch), .out = out,
	};
	uint64_t n = hearth_flat_count(batch, HEARTH_PROFILE_SAMPLES);
	_cleanup_free_ struct order *order = in_order(batch, n);
	int r = order ? writing_begin(&w) : -ENOMEM;

	for (uint64_t i = 0; i < n && r == 0; i++) {
		struct hearth_sample s = hearth_profile_sample(batch, order[i].at);

		r = write_sample(&w, &s);
	}
	return r;
}
