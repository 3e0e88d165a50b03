/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples of `perf record --call-graph dwarf`: registers and a piece of the user stack, which
 * hearth.inspect/1 makes stacks of. They are collected, some hundred at a time, asked about, and told
 * to their windows in the order in which they came.
 *
 * A stack is that of its process as it was mapped then. So nothing may be told of a process that has
 * samples here before they have gone: dwarf_stacks_flush() first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "perf_sample.h"
#include "perf_tasks.h"
#include "perf_window.h"

struct dwarf_stacks;

int dwarf_stacks_new(const struct hearth_host *host, const struct hearth_inspect *inspect,
		     struct dwarf_stacks **ret);
struct dwarf_stacks *dwarf_stacks_free(struct dwarf_stacks *d); /* NULL; answers NULL */

/* True if samples of an event come with what it takes. */
bool dwarf_stacks_are_of(const struct perf_event *e);

/* Copies a sample. -EBUSY: it is full, flush first; -ENOMEM. */
int dwarf_stacks_collect(struct dwarf_stacks *d, struct perf_window *w, const struct perf_sample *s,
			 const struct perf_thread *thread);

/* True if it has samples that a change of this process would make wrong. */
bool dwarf_stacks_have(const struct dwarf_stacks *d, uint32_t pid);

/*
 * 0: there is nothing left. -EBUSY: it waits for an answer, call again after the host's wake-up or
 * after an answer of the files. -EINPROGRESS: call again after other callbacks.
 */
int dwarf_stacks_flush(struct dwarf_stacks *d);
