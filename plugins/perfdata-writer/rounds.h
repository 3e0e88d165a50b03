/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A FINISHED_ROUND promises that nothing will follow that is older than what stood in the file when
 * the round before it was told. Windows of several sources overlap, so it waits for all of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ROUND_SOURCES_MAX = 32 };

/* Of one file; zero it before use. */
struct rounds {
	struct {
		uint64_t source, end_ns; /* of its last window */
	} rows[ROUND_SOURCES_MAX];
	uint32_t n;
	bool is_off;          /* no promise can be held any more */
	uint64_t newest_ns;   /* end of all windows so far */
	uint64_t promised_ns; /* newest_ns at the last round: what the next one promises */
	uint64_t kept_ns;     /* what has been promised */
};

/* False: a window of this source that starts then would break a promise. */
bool rounds_allow(const struct rounds *r, uint64_t start_ns);
/* A window of a source, any number that tells it from others, has been told. True: so can a round be. */
bool rounds_end_window(struct rounds *r, uint64_t source, uint64_t start_ns, uint64_t end_ns);
