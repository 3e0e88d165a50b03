/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of each frame of a batch, made when a sample first needs them: a window has far fewer
 * frames than samples.
 */
#pragma once

#include <hearth/profile.h>

#include "text.h"

struct places; /* where binaries are mapped */

struct frame_lines {
	const struct hearth_flat *batch;
	struct places *places;
	struct text text;
	struct frame_span *spans; /* in text, by frame */
	uint64_t n_frames;
};

/* For the stacks of one batch, which is borrowed until done. 0, -ENOMEM or -EBADMSG. */
int frame_lines_begin(struct frame_lines *l, const struct hearth_flat *batch);
void frame_lines_done(struct frame_lines *l);

/*
 * A line for each function that was inlined there, innermost first, and one for the function:
 * "\taddress symbol+0xoffset (file)\n". Borrowed until the next call. 0 or -ENOMEM.
 */
int frame_lines_of(struct frame_lines *l, uint32_t frame, const char **ret, size_t *ret_len);
