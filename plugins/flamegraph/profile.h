/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that one flame graph shows: the tree, and the figures that say whether to trust it.
 * One event; batches of another one are refused. [instance thread]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "common/causes.h"
#include "tree.h"

enum { MAX_CPUS = 4096 };

struct profile {
	struct tree *tree;
	char *event, *sample_type, *sample_unit, *period_type, *period_unit;
	uint64_t period;
	uint64_t n_samples, value, whole; /* whole: samples with an uncut stack */
	uint64_t start_ns, end_ns;        /* CLOCK_MONOTONIC */
	int64_t to_realtime_ns;           /* add it to get CLOCK_REALTIME */
	uint8_t cpus[MAX_CPUS / 8];       /* seen */
	struct causes lost, truncated, unnamed;
	uint64_t overflowed;              /* samples whose stack the memory limit cut */
};

int profile_new(size_t limit_bytes, struct profile **ret);
struct profile *profile_free(struct profile *p); /* NULL */
DEFINE_CLEANUP(struct profile *, profile_free)

/* 0, -EBADMSG, -ENOMEM, or -EMEDIUMTYPE: it is of another event than the first one. */
int profile_add_batch(struct profile *p, const struct hearth_batch *b);

uint32_t profile_n_cpus(const struct profile *p); /* 0: the samples do not say */
