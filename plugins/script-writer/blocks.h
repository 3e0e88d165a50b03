/* SPDX-License-Identifier: Apache-2.0 */
/* Samples as `perf script -F +pid` prints them: a line about the sample, one a frame, an empty one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/profile.h>

#include "common/outfile.h"

/*
 * A sample of `value` 5 that counts is five blocks, as the text has no field for it. What is beyond
 * so many of one sample goes into the period of the last one.
 */
enum { BLOCKS_MAX_REPEATS = 100000 };

struct blocks {
	bool has_period;
	uint64_t n_merged;  /* samples that are in the period of another, so far */
	uint64_t last_ns;   /* of the last sample without a time: they are a period apart */
};

/*
 * The samples of a batch in the order of their times. 0, -ENOMEM or -EBADMSG; what could not be
 * written is the file's to tell.
 */
int blocks_write(struct blocks *b, const struct hearth_flat *batch, struct outfile *out);
