/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that an instance holds of the kernel, and the timeline that reads it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event_rings.h"
#include "probe.h"
#include "settings.h"
#include "task_events.h"
#include "timeline.h"
#include "why.h"

/*
 * How often the rings are read when none of them calls for it. Each wake-up costs, and each moment
 * that a process is looked at later may be the one in which it ends, and its files cannot be opened.
 */
#define ATTACHMENT_DRAIN_NS 250000000ull

struct attachment {
	const struct hearth_host *host;
	struct probe probe;
	struct event_rings events;
	struct task_events tasks; /* without privileges, in place of the probe */
	struct timeline timeline; /* points to the two above: does not move */
	struct cgroups cgroups;   /* of the filter */
	uint64_t period_ns;       /* of the events now */
	int poll_fd;              /* becomes readable when a ring fills up */
	bool is_loaded, has_timeline, is_unprivileged;
};

/* Loads and attaches on every online CPU. 0, or -errno with *why; then close it. */
int attachment_open(struct attachment *a, const struct hearth_host *h, const struct settings *s,
		    uint64_t period_ns, struct why *why);
void attachment_close(struct attachment *a);

/* Ends sampling; what was taken can still be read. */
void attachment_stop(struct attachment *a);

/* What to record and of whom, children that exist included. 0, or -errno with *why;
   -EBUSY: only a new attachment can do that. */
int attachment_apply(struct attachment *a, const struct settings *s, struct why *why);

/* Finds cgroups that were made anew under their old name. */
void attachment_follow_cgroups(struct attachment *a);

/* Samples at another rate from now on, in a window of its own. 0 or -errno. */
int attachment_set_period(struct attachment *a, uint64_t period_ns);

/* Opens CPUs that came online and closes those that went; says so in the log. */
void attachment_follow_cpus(struct attachment *a);
