/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a file: what perf.data says of each in an attribute, and how samples refer to it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/profile.h>

#include "common/perf_format.h"

enum { EVENTS_MAX = 16, EVENT_NAME_BYTES = 64 };

struct event {
	char name[EVENT_NAME_BYTES];
	uint64_t period;  /* of every sample; or of a sample's value 1 where has_period */
	uint64_t id;      /* from 1: what samples carry */
	bool has_period;  /* samples carry a period of their own, which may be another in each batch */
};

struct events {
	struct event rows[EVENTS_MAX];
	uint32_t n;
};

/* As a batch says it. 0, or -EBADMSG: an event without name. */
int event_of_batch(const struct hearth_flat *batch, struct event *ret);

/* What a sample stands for. */
static inline uint64_t event_period(const struct event *e, const struct hearth_sample *s)
{
	return s->period ? s->period : s->value * e->period;
}

/*
 * The row of an event, added if it is new (*ret_is_new). NULL: there is no room, or the samples of
 * the event would be laid out otherwise than the file's first, or with another period than they had.
 * can_mix: there will be no other file, so the last two are allowed: perf can tell them apart, but
 * lists the event twice.
 */
const struct event *events_find(struct events *e, const struct event *wanted, bool can_mix,
				bool *ret_is_new);

/* PERF_FILE_ATTR_BYTES of struct perf_event_attr. */
void event_write_attr(const struct event *e, uint8_t ret[PERF_FILE_ATTR_BYTES]);
