/* SPDX-License-Identifier: Apache-2.0 */
/* Counts a batch: each stack is walked once, however many samples it has. */
#include "tally_batch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

#include "common/frame_labels.h"

struct reading {
	struct tally *t;
	const struct hearth_flat *f;
	struct frame_labels frames; /* rows of their functions */
	uint64_t *stack_values; /* per stack: of all its samples */
	uint32_t *seen;         /* per function: number of the stack that it was last seen in, + 1 */
	uint64_t seen_capacity;
};

static void reading_done(struct reading *r)
{
	frame_labels_done(&r->frames);
	free(r->stack_values);
	free(r->seen);
}

static int row_of(void *ctx, const struct frame_label *label, uint32_t *ret)
{
	return tally_function_row(ctx, label->name, label->module, label->kind, ret);
}

static int seen_reserve(struct reading *d, uint32_t row)
{
	uint64_t n = d->seen_capacity ? d->seen_capacity : 256;
	uint32_t *p;

	if (row < d->seen_capacity)
		return 0;
	while (n <= row)
		n *= 2;
	p = reallocarray(d->seen, n, sizeof(*p));
	if (!p)
		return -ENOMEM;
	memset(p + d->seen_capacity, 0, (n - d->seen_capacity) * sizeof(*p));
	d->seen = p;
	d->seen_capacity = n;
	return 0;
}

/* A function that calls itself is in a sample once. */
static int count_frame(struct reading *d, uint32_t stack, uint32_t frame, bool *is_leaf)
{
	uint64_t value = d->stack_values[stack];
	const uint32_t *rows;
	uint32_t n;
	int r = frame_labels_of(&d->frames, frame, &rows, &n);

	for (uint32_t k = 0; r == 0 && k < n; k++) {
		uint32_t row = rows[k];

		r = seen_reserve(d, row);
		if (r < 0)
			break;
		if (*is_leaf)
			d->t->functions[row].self += value;
		*is_leaf = false;
		if (d->seen[row] != stack + 1)
			d->t->functions[row].total += value;
		d->seen[row] = stack + 1;
	}
	return r;
}

static int count_stack(struct reading *d, uint32_t i)
{
	struct hearth_stack stack = hearth_profile_stack(d->f, i);
	uint64_t n = hearth_flat_count(d->f, HEARTH_PROFILE_STACK_FRAMES);
	bool is_leaf = true;
	int r = 0;

	if (stack.count > n || stack.first > n - stack.count)
		return -EBADMSG;
	for (uint32_t k = 0; k < stack.count && r == 0; k++)
		r = count_frame(d, i, hearth_profile_stack_frame(d->f, &stack, k), &is_leaf);
	return r;
}

static int count_samples(struct reading *d)
{
	uint64_t n = hearth_flat_count(d->f, HEARTH_PROFILE_SAMPLES);
	uint64_t n_stacks = hearth_flat_count(d->f, HEARTH_PROFILE_STACKS);

	for (uint64_t i = 0; i < n; i++) {
		struct hearth_sample s = hearth_profile_sample(d->f, i);
		struct hearth_thread t = hearth_profile_thread(d->f, s.thread);
		struct hearth_process p = hearth_profile_process(d->f, t.process);
		int r = tally_count_process(d->t, p.pid, hearth_flat_string(d->f, p.comm), s.value);

		if (r < 0)
			return r;
		d->t->n_samples++;
		d->t->value += s.value;
		if (s.stack < n_stacks)
			d->stack_values[s.stack] += s.value;
	}
	return 0;
}

static void take_window(struct reading *d)
{
	struct hearth_profile_info info = hearth_profile_info(d->f);
	const char *type = hearth_flat_string(d->f, info.period_type);
	const char *unit = hearth_flat_string(d->f, info.period_unit);

	if (info.window_end_ns > info.window_start_ns)
		d->t->length_ns += info.window_end_ns - info.window_start_ns;
	if (strcmp(type, "cpu") == 0 && strcmp(unit, "nanoseconds") == 0)
		d->t->cpu_ns += d->t->value * info.period;
	for (uint64_t i = 0; i < hearth_flat_count(d->f, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss loss = hearth_profile_loss(d->f, i);

		if (loss.kind == HEARTH_LOSS_SAMPLES)
			d->t->lost += loss.count;
	}
}

int tally_add_batch(struct tally *t, const struct hearth_batch *b)
{
	_cleanup_(reading_done) struct reading d = { .t = t };
	struct hearth_flat f;
	uint64_t n_stacks;
	int r = hearth_profile_open(&f, b);

	if (r < 0)
		return r;
	n_stacks = hearth_flat_count(&f, HEARTH_PROFILE_STACKS);
	d.f = &f;
	if (n_stacks >= UINT32_MAX)
		return -EBADMSG;
	d.stack_values = calloc(n_stacks + 1, sizeof(*d.stack_values));
	if (!d.stack_values)
		return -ENOMEM;
	r = frame_labels_begin(&d.frames, &f, row_of, t);
	if (r == 0)
		r = count_samples(&d);
	for (uint64_t i = 0; i < n_stacks && r == 0; i++)
		if (d.stack_values[i])
			r = count_stack(&d, (uint32_t)i);
	if (r == 0)
		take_window(&d);
	return r;
}
