/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the frames of one batch, each looked up once, however many stacks it is in. A frame
 * with lines has one per line, inlined functions included; one without gives "gzip+0x4883" (file
 * and ELF virtual address), "[libz.so.1]" where only the file is known, or "[unknown]".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/flat.h>

struct frame_label {
	const char *name, *module; /* module: path, "" if not known; both end with the call */
	uint32_t kind;             /* HEARTH_FRAME_* */
	bool is_inlined, is_named; /* not named: the name was made of the address */
};

/* Numbers a label, for whoever counts by it. 0 or -errno. */
typedef int (*frame_label_fn)(void *ctx, const struct frame_label *label, uint32_t *ret_number);

/* Zero it, then frame_labels_begin(). */
struct frame_labels {
	const struct hearth_flat *flat;
	frame_label_fn number;
	void *ctx;
	struct frame_labels_range {
		uint32_t first, count; /* count 0: not looked up yet */
	} *frames;
	uint32_t n_frames;
	uint32_t *numbers;
	uint32_t n_numbers, capacity;
};

/* 0, -ENOMEM or -EBADMSG. */
int frame_labels_begin(struct frame_labels *l, const struct hearth_flat *f, frame_label_fn number,
		       void *ctx);
void frame_labels_done(struct frame_labels *l);

/* The numbers of a frame, innermost first, at least one; borrowed until the next call. 0 or -errno. */
int frame_labels_of(struct frame_labels *l, uint32_t frame, const uint32_t **ret_numbers,
		    uint32_t *ret_n);
