/* SPDX-License-Identifier: Apache-2.0 */
/* Batches become records: each process, thread and mapping is introduced before it is needed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hearth/profile.h>

#include "chains.h"
#include "encode.h"
#include "events.h"
#include "feature_sections.h"
#include "kernel_map.h"
#include "order.h"
#include "roster.h"
#include "rounds.h"

struct recorder {
	struct roster roster;
	struct chains chains;
	struct encoder out;        /* what is to be written next */
	struct hearth_flat_builder build_ids; /* of the files in this perf.data */
	const struct kernel_map *kernel;
	struct order order;
	uint64_t first_ns, last_ns;  /* of all samples of the file; 0: none */
	struct rounds rounds;
	uint64_t n_lost_frames; /* that no mapping holds, since the recorder began */
};

void recorder_init(struct recorder *r, const struct kernel_map *kernel);
void recorder_done(struct recorder *r);

/* The next file knows nobody: `out` holds only the records that a file begins with. 0 or -ENOMEM. */
int recorder_begin(struct recorder *r);

/*
 * Adds the records of a batch from a source to `out`, which whoever writes them empties. 0 or -ENOMEM: what the
 * recorder took for told is not in `out`, and it takes a new file.
 */
int recorder_add(struct recorder *r, const struct hearth_flat *batch, const struct event *event,
		 uint64_t source);

/* The build ids of the file, allocated; the strings live until recorder_begin(). NULL: no memory. */
struct feature_build_id *recorder_build_ids(const struct recorder *r, size_t *ret_n);
