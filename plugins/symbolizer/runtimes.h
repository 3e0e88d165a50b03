/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that make code at run time and do not say what they made, and how each is told to, as
 * advice at the end of a run. [instance thread]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/profile.h>

enum { MAX_RUNTIMES = 32 };

struct runtime_row {
	char *program;        /* name of the executable, of the process if that is not known */
	const char *library;  /* of a runtime that it has mapped; NULL: none that is known */
	uint32_t pid;         /* of the first of them */
	bool has_more;        /* processes */
	uint64_t n_samples;
};

struct runtimes {
	struct runtime_row rows[MAX_RUNTIMES];
	uint32_t n;
	uint64_t n_samples; /* of the run, with such code or without */
};

/*
 * Counts n_samples of one stack with a frame of code that its process did not name. What comes
 * after MAX_RUNTIMES programs is left out.
 */
void runtimes_add(struct runtimes *r, const struct hearth_flat *f, const struct hearth_frame *frame,
		  uint64_t n_samples);
void runtimes_done(struct runtimes *r);

/*
 * "96 % of the samples run code that node (process 71) makes without naming it: start it with node
 * --perf-basic-prof …", of the i-th heaviest program, from 0. *ret is allocated, NULL when no more
 * of them are worth a line. 0 or -ENOMEM.
 */
int runtimes_advice(struct runtimes *r, uint32_t i, char **ret);
