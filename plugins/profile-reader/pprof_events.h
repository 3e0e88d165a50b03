/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events the values of a profile's samples are of. A count of samples and what they stand for
 * ("samples", "cpu") are one event; so say a comment of pprof-writer, or the type of the period. Any
 * other type is an event by itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pprof_index.h"

enum { PPROF_MAX_TYPES = 64, PPROF_MAX_NAME = 128 };

struct pprof_event {
	char name[PPROF_MAX_NAME];
	uint64_t type, unit;               /* strings of the profile */
	uint64_t period_type, period_unit; /* 0: its samples stand for their value */
	uint64_t period;                   /* between two samples; 0: unknown */
	uint32_t value, weight;            /* numbers of the values */
	bool has_weight;
};

struct pprof_events {
	struct pprof_event rows[PPROF_MAX_TYPES]; /* the one that tools show first is first */
	uint32_t n;
};

void pprof_events_find(struct pprof_events *e, const struct pprof_index *x);

/* By its name or that of one of its types. -1: there is none. */
int pprof_events_named(const struct pprof_events *e, const struct pprof_index *x, const char *name);
