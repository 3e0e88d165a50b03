/* SPDX-License-Identifier: Apache-2.0 */
/* One window of samples on its way to becoming a hearth.profile/1 batch. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/profile_builder.h>

#include "processes.h"
#include "sample_record.h"

/* A frame whose file has not been opened yet: put right when the window is closed. */
struct window_promise {
	uint32_t frame, reserved;
	struct binary *binary; /* holds a reference */
	uint64_t file_offset;
};

/* Why a stack was cut. */
enum window_cut {
	CUT_NONE,
	CUT_NO_FRAME_POINTERS,
	CUT_DEPTH,
	CUT_COMPAT,
	CUT_KERNEL_DEPTH,
	CUT_KERNEL_FAILED,
	CUT_UNCHECKED,
	WINDOW_N_CUTS,
};

/* The same in words; NULL: not a cause. */
extern const char *const window_cut_text[WINDOW_N_CUTS];
extern const char *const window_cut_mend[WINDOW_N_CUTS]; /* what to do about it, or NULL */

struct window {
	struct hearth_flat_builder builder;
	const struct hearth_host *host;
	struct binaries *known; /* of all windows */
	uint64_t id;       /* from 1: rows remembered elsewhere are valid for one id */
	uint64_t start_ns, end_ns;
	uint64_t now_ns;   /* when the sample at hand was taken in */
	uint64_t delivered, lost, unattributed, lost_events;
	uint64_t cut[WINDOW_N_CUTS]; /* samples whose stack was cut, by cause */
	uint32_t kernel_row;
	struct window_promise *promises;
	size_t n_promises, promise_capacity;
	struct binary **binaries; /* used in this window, each with a reference */
	size_t n_binaries, binary_capacity;
	uint32_t frames[2 * SAMPLE_MAX_FRAMES];
};

void window_init(struct window *w, const struct hearth_host *host, struct binaries *known);
void window_done(struct window *w);

/* Begins the next window, empty, from start_ns on. */
void window_begin(struct window *w, uint64_t start_ns);

/* Adds a sample; `p` as it was at the sample's time. */
void window_add_sample(struct window *w, const struct sample_record *s, struct process *p);

/* Notes an event of a process that this window has samples of; others are left out. */
void window_add_event(struct window *w, const struct process_event *e, struct process *p);

/* Samples that were taken in this window, whatever became of them. */
static inline uint64_t window_taken(const struct window *w)
{
	return w->delivered + w->lost + w->unattributed;
}

/* True while a file that frames of this window need has not been opened or refused. */
bool window_is_waiting(const struct window *w);
