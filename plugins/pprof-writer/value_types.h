/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sample types of a profile: each event brings its value and, where samples stand for more than
 * that, the sum of their periods: "samples" and "cpu" of cpu-clock. pprof picks a type by its name,
 * so a name that an earlier event has gets the event's own in front.
 */
#pragma once

#include "profile.h"

struct value_type {
	uint32_t type, unit; /* strings */
	uint32_t event;
	uint32_t is_period;
};

struct value_types {
	struct value_type rows[2 * MAX_PROFILE_EVENTS];
	uint32_t n;
};

/* Names are interned in the profile's tables; an error stays there. */
void value_types_make(struct value_types *t, struct profile *p);
