/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of one event → one batch. */
#pragma once

#include <stdint.h>

#include "draft.h"
#include "perf_chains.h"
#include "perf_sample.h"
#include "perf_tasks.h"

enum { PERF_FRAME_SLOTS = 1 << 14, PERF_ROW_SLOTS = 256, PERF_STACK_MAX = 8192, PERF_CUTS_MAX = 12 };

/* A frame that was made lately; epoch 0: of the kernel. */
struct perf_frame_slot {
	uint64_t epoch, address;
	uint32_t frame, flags;
};

/* A row of a process or thread that was made lately. */
struct perf_row_slot {
	uint64_t process_epoch, thread_epoch;
	uint32_t row, is_used;
};

/* How many stacks of a batch were cut, by cause. */
struct perf_cut {
	uint32_t cause; /* string */
	uint32_t reserved;
	uint64_t n;
};

/* The user part of a stack that was worked out of registers and memory. */
struct perf_unwound {
	const void *frames; /* n × struct hearth_unwound_frame, leaf first */
	uint32_t stride, n;
	const char *cause;  /* why it was cut; NULL: it is whole */
};

struct perf_window {
	struct draft draft;
	const struct perf_event *event;
	const struct perf_tasks *tasks;
	struct perf_chains chains;
	struct perf_frame_slot frame_slots[PERF_FRAME_SLOTS];
	struct perf_row_slot process_slots[PERF_ROW_SLOTS], thread_slots[PERF_ROW_SLOTS];
	uint64_t first_ns, last_ns;
	uint64_t n_lost;
	struct perf_cut cuts[PERF_CUTS_MAX];
	uint32_t frames[PERF_STACK_MAX];
};

/* NULL: no memory. */
struct perf_window *perf_window_new(const struct perf_event *e, const struct perf_tasks *tasks);
struct perf_window *perf_window_free(struct perf_window *w); /* NULL; answers NULL */
void perf_window_reset(struct perf_window *w);

void perf_window_add_sample(struct perf_window *w, const struct perf_sample *s,
			    const struct perf_thread *thread);

/*
 * A sample whose user stack is u. Where u has no frame, the user part of the chain stays.
 */
void perf_window_add_unwound(struct perf_window *w, const struct perf_sample *s,
			     const struct perf_thread *thread, const struct perf_unwound *u);

/* A change of a process that this window has samples of; of others it is left out. */
void perf_window_add_change(struct perf_window *w, const struct perf_change *c, uint64_t time_ns);

/* Sets what is known last; the draft is whole then. */
void perf_window_close(struct perf_window *w, const struct perf_facts *facts);
