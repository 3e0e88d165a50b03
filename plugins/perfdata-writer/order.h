/* SPDX-License-Identifier: Apache-2.0 */
/* What of a batch is told when. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/profile.h>

#include "chains.h"
#include "events.h"

/* Of one moment, a mapping comes before the sample that needs it. */
enum item_kind { ITEM_MAPPING, ITEM_SAMPLE, ITEM_EXIT };

struct item {
	uint64_t time_ns;
	uint32_t kind, index; /* the row of MAPPINGS, SAMPLES or EVENTS */
	uint64_t period;      /* of a sample: what it stands for */
};

/* Zero it before use. */
struct order {
	struct item *items;
	struct merged *merged;
	uint64_t *first_sample_ns; /* of each process of the batch; UINT64_MAX: there is none */
	size_t n_items, item_capacity, merged_capacity, process_capacity;
	bool is_merging;           /* one item for all samples with one thread and stack */
};

void order_done(struct order *o);

/* Puts the items of a batch of an event in order; `chains` has begun it. 0 or -ENOMEM. */
int order_batch(struct order *o, const struct hearth_flat *batch, const struct event *event,
		const struct chains *chains);
