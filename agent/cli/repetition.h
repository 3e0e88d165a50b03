/* SPDX-License-Identifier: Apache-2.0 */
/* How often the command of a recording has run, and whether it should run again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct json_t;

/* A command that brings no samples would run for ever. */
enum { REPETITION_MOST = 1000 };

struct repetition {
	uint64_t want_runs, want_samples; /* at least; 0 and 0: the command is not repeated */
	uint64_t n;
	int last_status;                  /* all before it were 0: a failure ends it */
	uint64_t started_ns, shortest_ns, longest_ns, total_ns;
};

static inline bool repetition_is_wanted(const struct repetition *r)
{
	return r->want_runs > 1 || r->want_samples > 0;
}

/* The command begins. */
void repetition_begin(struct repetition *r, uint64_t now_ns);
/* It has ended. */
void repetition_note(struct repetition *r, uint64_t now_ns, int status);

/* samples: counted so far. */
bool repetition_goes_on(const struct repetition *r, uint64_t samples);

/* The value of "runs" in summary.json; a new reference. */
struct json_t *repetition_json(const struct repetition *r);
