/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that one profile.proto will hold: the tables, the events that they are of, and the
 * time that they cover. Memory is bounded: at half of the limit samples lose their labels, at the
 * limit their stacks, and both is counted. [instance thread]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "common/cleanup.h"
#include "tables.h"

enum { MAX_PROFILE_EVENTS = 32 };

/* Which labels samples get. */
enum {
	WITH_PID = 1u << 0,
	WITH_TID = 1u << 1,
	WITH_COMM = 1u << 2,
	WITH_THREAD_COMM = 1u << 3,
	WITH_CONTAINER = 1u << 4,
	WITH_CPU = 1u << 5,
	WITH_TIME = 1u << 6,
};

/* Texts are strings of the tables. */
struct profile_event {
	uint32_t name, type, unit, period_type, period_unit;
	uint32_t has_period; /* samples stand for something else than their value */
	uint64_t period;     /* of the first batch */
};

struct profile {
	struct hearth_flat_builder tables;
	struct profile_event events[MAX_PROFILE_EVENTS];
	uint32_t n_events, labels;
	size_t limit_bytes;
	uint64_t n_samples, n_truncated, n_unlabelled; /* the latter two: by the limit */
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME */
	struct profile_program {
		uint32_t exe; /* string */
		uint32_t reserved;
		int64_t lead; /* samples that it is ahead by */
	} program; /* that has more than half of the samples, if one has */
};

int profile_new(size_t limit_bytes, uint32_t labels, struct profile **ret);
struct profile *profile_free(struct profile *p); /* NULL */
DEFINE_CLEANUP(struct profile *, profile_free)

/* 0, -EBADMSG, -ENOMEM, or -ENOSPC: it is of one event too many. */
int profile_add_batch(struct profile *p, const struct hearth_batch *b);
