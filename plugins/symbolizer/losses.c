/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "12 % of frames have no name: file is gone" is what a person can act on; the number of distinct
 * addresses without a name is not.
 */
#include "losses.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Causes are a short list of sentences; a batch with more lumps the rest together. */
enum { MAX_CAUSES = 32 };

struct tally {
	uint32_t cause[MAX_CAUSES];
	uint64_t count[MAX_CAUSES];
	uint64_t leaves[MAX_CAUSES]; /* of these, innermost: what ran has no name */
	uint32_t n;
};

static void tally_add(struct tally *t, uint32_t cause, uint64_t count, bool is_leaf)
{
	uint32_t i = 0;

	while (i < t->n && t->cause[i] != cause)
		i++;
	if (i == MAX_CAUSES)
		i = MAX_CAUSES - 1;
	else if (i == t->n)
		t->cause[t->n++] = cause;
	t->count[i] += count;
	t->leaves[i] += is_leaf ? count : 0;
}

static uint32_t *samples_per_stack(const struct window *w, uint64_t n_stacks)
{
	uint32_t *n = calloc(n_stacks ? n_stacks : 1, sizeof(*n));

	for (uint64_t i = 0; n && i < hearth_flat_count(&w->flat, HEARTH_PROFILE_SAMPLES); i++) {
		struct hearth_sample s = hearth_profile_sample(&w->flat, i);

		if (s.stack < n_stacks)
			n[s.stack]++;
	}
	return n;
}

/* A string of the parent, or one of ours that is not laid out yet. */
static const char *cause_text(const struct window *w, uint32_t index)
{
	const struct hearth_flat_builder *b = &w->names;
	struct hearth_flat_text s;

	if (index < hearth_flat_n_strings(&w->flat))
		return hearth_flat_string(&w->flat, index);
	index -= b->first_string;
	if (index >= b->rows[HEARTH_STRINGS].count)
		return "";
	memcpy(&s, b->rows[HEARTH_STRINGS].bytes + index * sizeof(s), sizeof(s));
	return b->text + s.offset;
}

/* Only a file that was read and has no symbol there can be mended by a package. */
static bool is_for_want_of_symbols(const char *cause)
{
	return strcmp(cause, NO_SYMBOL) == 0 || strcmp(cause, NO_SYMBOLS) == 0;
}

static void note_stripped(struct window *w, uint32_t frame, uint32_t n_samples)
{
	const char *cause = cause_text(w, w->frames[frame].cause);
	struct hearth_frame row = hearth_profile_frame(&w->flat, frame);
	struct hearth_binary binary = hearth_profile_binary(&w->flat, row.binary);
	const char *path = hearth_flat_string(&w->flat, binary.path);

	if (row.kind == HEARTH_FRAME_NATIVE && *path == '/' && is_for_want_of_symbols(cause))
		stripped_add(&w->missing->stripped, path, n_samples);
}

static bool is_unnamed_code(const struct window *w, const struct hearth_frame *frame, uint32_t i)
{
	return frame->kind == HEARTH_FRAME_JIT && !w->frames[i].count &&
	       strcmp(cause_text(w, w->frames[i].cause), NO_PERF_MAP) == 0;
}

/* Deep stacks would make little of it by frames, though a sample shows nothing but "[jit]". */
static void note_runtime(struct window *w, const struct hearth_stack *s, uint32_t n_samples)
{
	uint64_t n_frames = hearth_flat_count(&w->flat, HEARTH_PROFILE_STACK_FRAMES);

	w->missing->runtimes.n_samples += n_samples;
	for (uint32_t i = 0; i < s->count && s->first + (uint64_t)i < n_frames; i++) {
		uint32_t frame = hearth_profile_stack_frame(&w->flat, s, i);
		struct hearth_frame row = hearth_profile_frame(&w->flat, frame);

		if (frame >= w->n_frames || !is_unnamed_code(w, &row, frame))
			continue;
		runtimes_add(&w->missing->runtimes, &w->flat, &row, n_samples);
		return;
	}
}

static void tally_stack(struct window *w, uint64_t stack, uint32_t n_samples, struct tally *t)
{
	struct hearth_stack s = hearth_profile_stack(&w->flat, stack);
	uint64_t n_frames = hearth_flat_count(&w->flat, HEARTH_PROFILE_STACK_FRAMES);

	for (uint32_t i = 0; i < s.count && s.first + (uint64_t)i < n_frames; i++) {
		uint32_t frame = hearth_profile_stack_frame(&w->flat, &s, i);

		w->missing->stripped.n_frames += n_samples;
		if (frame == 0 || frame >= w->n_frames || w->frames[frame].count)
			continue;
		tally_add(t, w->frames[frame].cause, n_samples, i == 0);
		note_stripped(w, frame, n_samples);
	}
	note_runtime(w, &s, n_samples);
}

static void count_cause(struct window *w, const char *what, uint32_t cause, uint64_t count)
{
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", what, cause_text(w, cause));
	w->host->count(w->host, name, count);
}

static void report_cause(struct window *w, uint32_t cause, uint64_t count, uint64_t leaves)
{
	struct hearth_loss row = { .kind = HEARTH_LOSS_NAMES, .cause = cause, .count = count };

	hearth_flat_append(&w->names, HEARTH_PROFILE_LOSSES, &row, sizeof(row));
	if (w->names.error)
		return;
	count_cause(w, "frames_unnamed", cause, count);
	if (leaves)
		count_cause(w, "samples_unnamed", cause, leaves);
}

void losses_add_unnamed(struct window *w)
{
	uint64_t n_stacks = hearth_flat_count(&w->flat, HEARTH_PROFILE_STACKS);
	_cleanup_free_ uint32_t *n = samples_per_stack(w, n_stacks);
	struct tally t = { .n = 0 };

	if (!n) {
		w->names.error = -ENOMEM;
		return;
	}
	for (uint64_t i = 1; i < n_stacks; i++)
		if (n[i])
			tally_stack(w, i, n[i], &t);
	for (uint32_t i = 0; i < t.n; i++)
		report_cause(w, t.cause[i], t.count[i], t.leaves[i]);
}
