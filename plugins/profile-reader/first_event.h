/* SPDX-License-Identifier: Apache-2.0 */
/* For sinks that show one event: the first that has samples goes on, the others are counted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/profile_builder.h>

#include "warnings.h"

struct first_event {
	char name[128];       /* "": none has come yet */
	char left_out[128];   /* the first other one */
	uint64_t n_left_out;  /* samples of all others */
};

/* True if a whole batch is of the first event. */
bool first_event_takes(struct first_event *f, const struct hearth_flat_builder *batch);

/* At the end: one line about what was left out. */
void first_event_say(const struct first_event *f, const struct warnings *w);
