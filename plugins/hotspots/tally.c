/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples first become pairs of (whose, stack), of which there are few; then each pair's stack is
 * walked once. A function that calls itself is in a sample once.
 */
#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/flat_builder.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/frame_labels.h"
#include "common/frame_name.h"

enum { PAIRS = 2 };

struct pair {
	uint32_t context, stack;
};

struct tally {
	struct recording *recording;
	struct event *event;
	const struct hearth_flat *f;
	struct frame_labels labels;
	struct hearth_flat_builder pairs;
	struct weight *weights; /* by pair */
	uint64_t weights_capacity;
	uint32_t *contexts; /* by thread; 0: not looked up yet */
	uint64_t n_threads;
	uint32_t *stack; /* rows of the pair in hand, leaf first */
	uint64_t n_stack, stack_capacity;
	uint32_t *seen; /* by row: the last pair that it was in */
	uint64_t seen_capacity;
	struct known {
		uint32_t context, row;
	} *known; /* by function: its row for whom it was last seen with; 0: not seen yet */
	uint64_t known_capacity;
	uint64_t period;
	bool is_count, is_full;
};

static void tally_done(struct tally *t)
{
	frame_labels_done(&t->labels);
	hearth_flat_done(&t->pairs);
	free(t->weights);
	free(t->contexts);
	free(t->stack);
	free(t->seen);
	free(t->known);
}

/* ---- names ---- */

static int number_function(void *ctx, const struct frame_label *label, uint32_t *ret)
{
	struct recording *rec = ctx;
	const struct settings *s = rec->settings;
	bool has_symbol = s->has_key[SORT_SYMBOL];
	struct function f = {
		.is_kernel = has_symbol && label->kind == HEARTH_FRAME_KERNEL,
		.is_inlined = has_symbol && label->is_inlined,
	};
	char dso[256];

	module_base_name(label->module, dso, sizeof(dso));
	if (s->has_key[SORT_DSO])
		f.dso = names_intern(&rec->names, *dso ? dso : "[unknown]");
	if (has_symbol)
		f.symbol = names_intern(&rec->names, label->is_named ? label->name : "[unknown]");
	*ret = names_function(&rec->names, &f);
	return names_error(&rec->names);
}

static uint32_t make_context(const struct tally *t, const struct hearth_sample *sample)
{
	const struct settings *s = t->recording->settings;
	struct names *names = &t->recording->names;
	struct hearth_thread thread = hearth_profile_thread(t->f, sample->thread);
	struct hearth_process process = hearth_profile_process(t->f, thread.process);
	const char *comm = hearth_flat_string(t->f, thread.comm ? thread.comm : process.comm);
	struct context c = {
		.pid = s->has_key[SORT_PID] ? process.pid : 0,
		.tid = s->has_key[SORT_TID] ? thread.tid : 0,
		.cpu = s->has_key[SORT_CPU] ? sample->cpu : 0,
	};

	if (s->has_key[SORT_COMM])
		c.comm = names_intern(names, *comm ? comm : "[unknown]");
	return names_context(names, &c);
}

static uint32_t overflow_context(struct tally *t)
{
	struct names *names = &t->recording->names;
	struct context c = { .cpu = t->recording->settings->has_key[SORT_CPU] ? HEARTH_NO_CPU : 0 };

	if (t->recording->settings->has_key[SORT_COMM])
		c.comm = names_intern(names, OVERFLOW_NAME);
	return names_context(names, &c);
}

static uint32_t context_of(struct tally *t, const struct hearth_sample *sample)
{
	uint32_t thread = sample->thread < t->n_threads ? sample->thread : 0;

	if (t->is_full)
		return overflow_context(t);
	if (t->recording->settings->has_key[SORT_CPU])
		return make_context(t, sample);
	if (!t->contexts[thread])
		t->contexts[thread] = make_context(t, sample);
	return t->contexts[thread];
}

/* ---- samples → pairs ---- */

/* Where the unit is not a count, as of off-CPU time, the value is what perf calls the period. */
static struct weight weight_of(const struct tally *t, const struct hearth_sample *s)
{
	if (!t->is_count)
		return (struct weight){ 1, s->value };
	if (s->period)
		return (struct weight){ s->value, s->period };
	return (struct weight){ s->value, s->value * (t->period ? t->period : 1) };
}

static int add_sample(struct tally *t, uint64_t i)
{
	struct hearth_sample s = hearth_profile_sample(t->f, i);
	struct pair pair = { .stack = s.stack };
	struct weight w = weight_of(t, &s);
	uint32_t row;
	int r;

	weight_add(&t->event->all, w);
	if (t->is_full) {
		t->event->overflowed += w.samples;
		pair.stack = 0;
	}
	pair.context = context_of(t, &s);
	row = hearth_flat_intern(&t->pairs, PAIRS, &pair, sizeof(pair));
	r = t->pairs.error ? t->pairs.error :
		vector_reserve((void **)&t->weights, &t->weights_capacity, sizeof(*t->weights), row);
	if (r == 0)
		weight_add(&t->weights[row], w);
	return r;
}

/* ---- pairs → rows ---- */

/* Neighbours in a batch mostly belong to one program, so the last answer mostly serves again. */
static uint32_t row_of(struct tally *t, uint32_t context, uint32_t function)
{
	struct known *k;

	if (vector_reserve((void **)&t->known, &t->known_capacity, sizeof(*k), function) < 0)
		return 0;
	k = &t->known[function];
	if (k->row == 0 || k->context != context)
		*k = (struct known){ context, table_row(&t->event->table, context, function) };
	return k->row;
}

static int push_function(struct tally *t, uint32_t context, uint32_t function)
{
	uint32_t row = row_of(t, context, function);
	int r;

	if (row == 0)
		return -ENOMEM;
	r = vector_reserve((void **)&t->stack, &t->stack_capacity, sizeof(*t->stack), t->n_stack);
	if (r == 0)
		t->stack[t->n_stack++] = row;
	return r;
}

static int push_frame(struct tally *t, uint32_t context, uint32_t frame)
{
	const uint32_t *functions;
	uint32_t n, i;
	int r = frame_labels_of(&t->labels, frame, &functions, &n);

	if (r < 0)
		return r;
	for (i = t->recording->settings->has_inlined ? 0 : n - 1; i < n && r == 0; i++)
		r = push_function(t, context, functions[i]);
	return r;
}

static int push_named(struct tally *t, uint32_t context, const char *dso, const char *symbol)
{
	struct frame_label label = { .name = symbol, .module = dso, .is_named = true };
	uint32_t function;
	int r = number_function(t->recording, &label, &function);

	return r < 0 ? r : push_function(t, context, function);
}

/* A sample without a stack has been taken somewhere all the same. */
static int push_stack(struct tally *t, const struct pair *pair, uint64_t samples)
{
	struct hearth_stack stack = hearth_profile_stack(t->f, pair->stack);
	uint64_t n = hearth_flat_count(t->f, HEARTH_PROFILE_STACK_FRAMES);
	int r = 0;

	t->n_stack = 0;
	if (stack.count > n || stack.first > n - stack.count)
		return -EBADMSG;
	if (t->is_full)
		return push_named(t, pair->context, OVERFLOW_NAME, OVERFLOW_NAME);
	if (*hearth_flat_string(t->f, stack.truncated))
		t->event->truncated += samples;
	for (uint32_t i = 0; i < stack.count && r == 0; i++)
		r = push_frame(t, pair->context, hearth_profile_stack_frame(t->f, &stack, i));
	return r == 0 && stack.count == 0 ? push_named(t, pair->context, "", "[unknown]") : r;
}

static int count_pair(struct tally *t, uint32_t i)
{
	const struct settings *s = t->recording->settings;
	struct row_weight *rows;
	struct pair pair;
	int r;

	memcpy(&pair, t->pairs.rows[PAIRS].bytes + (size_t)i * sizeof(pair), sizeof(pair));
	r = push_stack(t, &pair, t->weights[i].samples);
	if (r < 0)
		return r;
	r = vector_reserve((void **)&t->seen, &t->seen_capacity, sizeof(*t->seen),
			   table_n(&t->event->table));
	if (r < 0)
		return r;
	rows = t->event->table.weights;
	weight_add(&rows[t->stack[0]].self, t->weights[i]);
	for (uint64_t k = 0; k < t->n_stack; k++) {
		uint32_t row = t->stack[k];

		if (t->seen[row] != i)
			weight_add(&rows[row].total, t->weights[i]);
		t->seen[row] = i;
	}
	if (!s->has_callers && !s->has_callees)
		return 0;
	return call_tree_add(&t->event->tree, t->stack, (uint32_t)t->n_stack, t->weights[i]);
}

int tally_batch(struct recording *rec, struct event *e, const struct hearth_flat *f, bool is_full)
{
	struct hearth_profile_info info = hearth_profile_info(f);
	_cleanup_(tally_done) struct tally t = {
		.recording = rec, .event = e, .f = f, .period = info.period, .is_full = is_full,
		.is_count = info.sample_unit == 0 ||
			    strcmp(hearth_flat_string(f, info.sample_unit), "count") == 0,
	};
	uint64_t n = hearth_flat_count(f, HEARTH_PROFILE_SAMPLES);
	int r;

	hearth_flat_init(&t.pairs);
	t.n_threads = hearth_flat_count(f, HEARTH_PROFILE_THREADS);
	t.contexts = calloc(t.n_threads + 1, sizeof(*t.contexts));
	if (!t.contexts)
		return -ENOMEM;
	r = frame_labels_begin(&t.labels, f, number_function, rec);
	for (uint64_t i = 0; i < n && r == 0; i++)
		r = add_sample(&t, i);
	for (uint64_t i = 1; i < t.pairs.rows[PAIRS].count && r == 0; i++)
		r = count_pair(&t, (uint32_t)i);
	return r;
}
