/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in the order of their times. They come as the buffers of the CPUs were emptied, one after
 * another; FINISHED_ROUND says that all have been, so whatever is older than the youngest record of
 * the round before can be told. Without rounds, and in rounds that are too large, what is older than
 * the half of what is held goes out when memory is full: the window in which the order is right has
 * PERF_ORDER_BYTES.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perf_stream.h"

enum { PERF_ORDER_BYTES = 192 << 20 };

struct perf_timed {
	uint64_t time_ns;
	const uint8_t *bytes;     /* the record */
	struct perf_block *block; /* holds a reference */
};

struct perf_order {
	struct perf_timed *rows, *spare;
	size_t n, capacity, spare_capacity;
	size_t next, ready;       /* rows [next, ready) may go out */
	uint64_t max_ns;          /* of all so far */
	uint64_t round_max_ns;    /* when the last round ended */
};

void perf_order_done(struct perf_order *o);

/* Takes a record with its block's reference from the caller. 0 or -ENOMEM (taken too). */
int perf_order_add(struct perf_order *o, uint64_t time_ns, const struct perf_record *record);

/* A round is finished. Call only when perf_order_take() has nothing. 0 or -ENOMEM. */
int perf_order_finish_round(struct perf_order *o);

/* The older half, or everything, may go out. The same. */
int perf_order_release_half(struct perf_order *o);
int perf_order_release_all(struct perf_order *o);

/* The next record that may go out, borrowed until the next call. False: none. */
bool perf_order_take(struct perf_order *o, struct perf_timed *ret);
