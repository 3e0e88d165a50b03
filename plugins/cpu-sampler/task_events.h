/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples and news of processes of one's own, by perf_event_open(2) alone: no privilege is needed
 * up to kernel.perf_event_paranoid 2. User code only, and every record comes through event_rings.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cpu_list.h"
#include "event_rings.h"
#include "settings.h"
#include "why.h"

struct task_events {
	int *fds; /* those whose records go into the ring of another one, which `rings` owns */
	size_t n;
};

/*
 * Samples s->pids, their threads and what they will fork or exec, every period_ns of CPU time; one
 * ring per CPU of `online`. 0, or -errno with *why; then close.
 */
int task_events_open(struct task_events *t, struct event_rings *rings,
		     const struct cpu_set *online, const struct settings *s, uint64_t period_ns,
		     struct why *why);
/* Ends sampling; the rings can still be read. */
void task_events_stop(const struct task_events *t, const struct event_rings *rings);
void task_events_close(struct task_events *t);
