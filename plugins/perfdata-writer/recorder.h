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

/* Where records go while a batch is added. */
struct recorder_outlet {
	int (*write)(void *ctx, const void *records, size_t len); /* whole records. 0 or -errno */
	void *ctx;
};

struct recorder {
	struct roster roster;
	struct chains chains;
	struct encoder out;        /* what is to be written next */
	struct recorder_outlet outlet;
	size_t buffer_bytes;       /* written when there are so many */
	struct hearth_flat_builder build_ids; /* of the files in this perf.data */
	const struct kernel_map *kernel;
	struct order order;
	struct events events;        /* of the file */
	uint64_t first_ns, last_ns;  /* of all samples of the file; 0: none */
	uint64_t monotonic_ns, realtime_ns; /* of the last batch, one instant */
	struct rounds rounds;
	uint64_t n_lost_frames; /* that no mapping holds, since the recorder began */
};

void recorder_init(struct recorder *r, const struct kernel_map *kernel);
void recorder_done(struct recorder *r);

/* The next file knows nobody: `out` holds only the records that a file begins with. 0 or -ENOMEM. */
int recorder_begin(struct recorder *r);

/*
 * Adds the records of a batch that came from a source to `out`, and writes `out` whenever it is
 * full. 0, -ENOMEM, or what write() answered: what the recorder took for told is not in the file.
 */
int recorder_add(struct recorder *r, const struct hearth_flat *batch, const struct event *event,
		 uint64_t source);

/* Writes what is in `out`. 0 or what write() answered. */
int recorder_flush(struct recorder *r);

/* What has been told did not reach anybody: it will be told again. */
void recorder_forget(struct recorder *r);

/* The feature sections of the file so far. 0 or -ENOMEM. */
int recorder_features(const struct recorder *r, const char *instance, struct features *ret);
