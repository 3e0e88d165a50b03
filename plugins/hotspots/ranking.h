/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an event that a report shows, heaviest first. [instance thread] */
#pragma once

#include <stdint.h>

#include "recording.h"

struct ranked {
	uint32_t row;
	struct row key;
	struct row_weight weight;
};

struct ranking {
	struct ranked *rows;
	uint32_t n;
	uint32_t n_left_out; /* rows below percent_limit or beyond limit */
};

/* 0 or -ENOMEM. */
int ranking_make(const struct recording *r, const struct event *e, struct ranking *ret);
void ranking_done(struct ranking *r);

/* Of the event, 0 to 1. */
double event_share(const struct event *e, struct weight w);

/* Whether an entry of a call graph is to be shown. */
bool event_is_in_graph(const struct recording *r, const struct event *e, struct weight w);
