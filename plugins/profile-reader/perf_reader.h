/* SPDX-License-Identifier: Apache-2.0 */
/* A perf.data file being read: the parts, and where they are. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dwarf_stacks.h"
#include "format.h"
#include "perf_events.h"
#include "perf_facts.h"
#include "perf_header.h"
#include "perf_order.h"
#include "perf_packed.h"
#include "perf_stream.h"
#include "perf_tasks.h"
#include "perf_window.h"

struct perf_reader {
	struct format_context context;
	struct perf_header header;
	struct perf_events events;
	struct perf_facts facts;
	struct perf_tasks tasks;
	struct perf_order order;
	struct dwarf_stacks *stacks; /* NULL: no sample has needed it yet */
	struct perf_timed held;      /* a record that waits for them */
	struct perf_blocks *blocks;
	struct perf_stream file;     /* records as they lie in the input */
	struct perf_packed packed;   /* records in COMPRESSED ones */
	struct perf_window **windows; /* by event index; NULL: none yet */
	uint32_t n_windows;
	uint32_t next_window;        /* while emitting: where to look for the next batch */
	bool is_held, is_full;       /* the windows have all that they will, but for such samples */
	bool has_header, is_emitting, is_flushed, is_over;
	bool is_damaged;             /* reading stopped before the end */
	uint64_t n_samples, n_all;   /* in the windows; in the file so far */
	uint64_t last_ns;            /* of the record told last */
};

/* Takes one record in: what has a time is queued. 0, or -errno. */
int perf_reader_take(struct perf_reader *p, const struct perf_record *record);

/*
 * Tells the windows of a record whose time has come. 0; -ENOMEM; or not now, and the same record is to
 * be told again, as dwarf_stacks_flush().
 */
int perf_reader_tell(struct perf_reader *p, const struct perf_timed *t);
