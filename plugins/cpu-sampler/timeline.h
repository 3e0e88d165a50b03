/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merges samples and process events by time, attributes each sample to the process as it was
 * at that moment, and cuts windows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event_rings.h"
#include "perf_sample.h"
#include "sample_ring.h"
#include "window.h"

struct timeline {
	const struct hearth_host *host;
	struct sample_ring *samples; /* NULL: samples come among the events */
	struct event_rings *events;
	struct binaries binaries;
	struct processes processes;
	struct window window;
	uint64_t window_ns;      /* windows end at multiples of this */
	uint64_t period_ns;      /* of the samples taken now */
	uint32_t flags;          /* HEARTH_PROFILE_* of the samples taken now */
	uint64_t waiting_since_ns; /* for files of a window that is over; 0: not waiting */
	uint64_t *sequences;     /* per CPU: of the last sample seen */
	uint32_t n_cpus;
	struct perf_sample converted;
	uint64_t cut[WINDOW_N_CUTS]; /* stacks that were cut, since the start */
	uint64_t gaps; /* samples missing in the numbering, since the start */
};

struct timeline_setup {
	const struct hearth_host *host;
	struct sample_ring *samples; /* NULL: samples come among the events */
	struct event_rings *events;
	const char *proc_root;
	uint32_t n_cpus; /* highest CPU number + 1 */
	uint64_t window_ns, period_ns;
};

/* A timeline must not move afterwards: what it waits for points to it. 0 or -errno. */
int timeline_init(struct timeline *t, const struct timeline_setup *setup);
void timeline_done(struct timeline *t);

/*
 * Takes everything up to cutoff_ns and emits the windows that are over by then. A window whose
 * files are still being opened is waited for, TIMELINE_PATIENCE_NS at most, unless `urgent`; then
 * the answer is 1 and nothing behind it has been taken. 0, or -errno when a batch was not
 * emitted (its samples are counted as lost).
 */
#define TIMELINE_PATIENCE_NS 2000000000ull
int timeline_advance(struct timeline *t, uint64_t cutoff_ns, bool urgent);

/* Ends the current window at `now_ns`, whatever the clock says, and begins another. */
int timeline_cut(struct timeline *t, uint64_t now_ns);

/*
 * Takes all that is left and counts what was lost behind the last sample seen of each CPU; for the
 * end, when nothing is sampled any more. `taken` has n_cpus counters.
 */
void timeline_settle(struct timeline *t, const struct sample_counters *taken);
