/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a frame is called. A frame with lines gives one label per line, inlined functions
 * included; one without gives "gzip+0x4883" (file and ELF virtual address), "[libz.so.1]" where
 * only the file is known, or "[unknown]".
 */
#pragma once

#include <stdint.h>

#include <hearth/flat.h>

#include "tree.h"

/* Labels of the frames of one batch, looked up once each. Zero it, then names_begin(). */
struct names {
	const struct hearth_flat *flat;
	struct tree *tree;
	struct names_range {
		uint32_t first, count; /* count 0: not looked up yet */
	} *frames;
	uint32_t n_frames;
	uint32_t *labels; /* leaf first */
	uint32_t n_labels, labels_capacity;
};

int names_begin(struct names *n, const struct hearth_flat *f, struct tree *t);
void names_done(struct names *n);

/* Labels of a frame, innermost first; borrowed until the next call. 0 or -ENOMEM. */
int names_of_frame(struct names *n, uint32_t frame, const uint32_t **ret_labels, uint32_t *ret_n);
