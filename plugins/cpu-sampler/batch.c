/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a window is over, what had to wait is put right: addresses in files that were opened
 * meanwhile, build ids, and the sums of what was lost.
 */
#include "batch.h"

#include <string.h>
#include <time.h>

static const char *open_cause(const struct binary *b)
{
	switch (b->state) {
	case BINARY_KNOWN:
		return "no segment of the file holds the address";
	case BINARY_FAILED:
		return b->cause ? b->cause : "file could not be read";
	default:
		return "file was not opened in time";
	}
}

/* Rows are changed in place: nothing is interned any more, so equal rows do no harm. */
static void keep_promises(struct window *w)
{
	for (size_t i = 0; i < w->n_promises; i++) {
		const struct window_promise *p = &w->promises[i];
		uint64_t address;
		uint32_t cause = 0;
		struct hearth_frame *f;
		bool is_known = p->binary->state == BINARY_KNOWN &&
				binary_address(p->binary, p->file_offset, &address);

		if (!is_known)
			cause = hearth_flat_intern_string(&w->builder, open_cause(p->binary));
		if (w->builder.error)
			return;
		f = hearth_flat_at(&w->builder, HEARTH_PROFILE_FRAMES, p->frame);
		f->cause = cause;
		if (is_known) {
			f->address = address;
			f->mapping = 0;
			f->flags &= ~(uint32_t)HEARTH_FRAME_RAW;
		}
	}
}

/* While it is asked again, what was said the last time holds. */
static const char *binary_cause(const struct binary *b)
{
	if (b->state == BINARY_FAILED)
		return open_cause(b);
	return b->state == BINARY_PENDING ? b->cause : NULL;
}

static void fill_binaries(struct window *w)
{
	for (size_t i = 0; i < w->n_binaries; i++) {
		const struct binary *b = w->binaries[i];
		uint32_t cause = hearth_flat_intern_string(&w->builder, binary_cause(b));
		struct hearth_binary *row;

		if (w->builder.error)
			return;
		row = hearth_flat_at(&w->builder, HEARTH_PROFILE_BINARIES, b->row);
		row->build_id_len = b->build_id_len;
		memcpy(row->build_id, b->build_id, sizeof(row->build_id));
		row->size = b->file_size;
		row->handle = b->handle;
		row->cause = cause;
	}
}

/* Binaries got their rows one after the other. NULL: of no file. */
static const struct binary *binary_of_row(const struct window *w, uint32_t row)
{
	size_t from = 0, to = w->n_binaries;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (w->binaries[middle]->row < row)
			from = middle + 1;
		else
			to = middle;
	}
	return from < w->n_binaries && w->binaries[from]->row == row ? w->binaries[from] : NULL;
}

static void fill_mappings(struct window *w)
{
	for (uint64_t i = 1; i < w->builder.rows[HEARTH_PROFILE_MAPPINGS].count; i++) {
		struct hearth_mapping *m = hearth_flat_at(&w->builder, HEARTH_PROFILE_MAPPINGS,
							  (uint32_t)i);
		const struct binary *b = binary_of_row(w, m->binary);

		if (b && b->state == BINARY_KNOWN)
			(void)binary_base(b, m->file_offset, m->end - m->start, &m->vaddr);
	}
}

static void add_losses(struct window *w)
{
	hearth_build_loss(&w->builder, HEARTH_LOSS_SAMPLES, "ring full", w->lost);
	hearth_build_loss(&w->builder, HEARTH_LOSS_SAMPLES, "out of memory", w->unattributed);
	hearth_build_loss(&w->builder, HEARTH_LOSS_EVENTS, "ring full", w->lost_events);
	for (size_t i = 0; i < WINDOW_N_CUTS; i++)
		if (window_cut_text[i])
			hearth_build_loss(&w->builder, HEARTH_LOSS_STACKS, window_cut_text[i],
					  w->cut[i]);
}

static uint64_t realtime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void add_info(struct window *w, const struct batch_summary *summary)
{
	struct hearth_profile_info info = {
		.event = hearth_flat_intern_string(&w->builder, "cpu-clock"),
		.sample_type = hearth_flat_intern_string(&w->builder, "samples"),
		.sample_unit = hearth_flat_intern_string(&w->builder, "count"),
		.period_type = hearth_flat_intern_string(&w->builder, "cpu"),
		.period_unit = hearth_flat_intern_string(&w->builder, "nanoseconds"),
		.flags = summary->flags,
		.period = summary->period_ns,
		.window_start_ns = w->start_ns,
		.window_end_ns = summary->end_ns,
		.clock_monotonic_ns = w->host->now_ns(w->host),
		.clock_realtime_ns = realtime_ns(),
		.samples_taken = window_taken(w),
	};

	hearth_build_info(&w->builder, &info);
}

int batch_emit(struct window *w, const struct batch_summary *summary)
{
	keep_promises(w);
	fill_binaries(w);
	fill_mappings(w);
	add_losses(w);
	add_info(w, summary);
	return hearth_flat_emit(&w->builder, w->host, HEARTH_PROFILE_SCHEMA, NULL);
}
