/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that one report shows: a table for each event, and the figures that say whether to
 * trust it. [instance thread]
 */
#pragma once

#include <stdint.h>

#include <hearth/plugin.h>

#include "call_tree.h"
#include "common/causes.h"
#include "settings.h"
#include "table.h"

enum { MAX_EVENTS = 64 };

struct event {
	char *name, *sample_unit, *period_type, *period_unit;
	uint64_t period;                 /* of the first batch; 0: unknown */
	struct table table;
	struct call_tree tree;           /* empty without call graphs */
	struct weight all;
	uint64_t start_ns, end_ns;       /* CLOCK_REALTIME; 0: unknown */
	uint64_t truncated, overflowed;  /* samples whose stack was cut, or left out for memory */
	struct causes lost, unnamed;
};

struct recording {
	const struct settings *settings;
	struct names names;
	struct event *events; /* in order of appearance */
	uint32_t n_events;
	uint64_t left_out; /* batches of more events than MAX_EVENTS */
};

void recording_done(struct recording *r);

/* 0, -EBADMSG or -ENOMEM. */
int recording_add_batch(struct recording *r, const struct hearth_batch *b);

/* Samples, of all events, that max_memory had no room for. */
uint64_t recording_overflowed(const struct recording *r);

/* Where samples count that max_memory has no room for. */
#define OVERFLOW_NAME "[beyond max_memory]"
