/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hearth.profile/1 batch in the making. A format fills `builder` by the functions of
 * <hearth/profile_builder.h>; rows of files and frames that lie in them go through here, since the
 * files are looked for while the batch is being made: until then such a frame has its runtime
 * address, and draft_emit() puts it right.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/profile_builder.h>

#include "recorded.h"

/* A frame whose file has not been found yet. */
struct draft_promise {
	struct recorded_file *file;
	uint64_t file_offset;
	uint32_t frame, reserved;
};

struct draft {
	struct hearth_flat_builder builder;
	uint32_t *file_rows; /* of BINARIES, by recorded_file.index; 0: not in this batch */
	size_t n_file_rows;
	struct recorded_file **files; /* of row 1, row 2, … */
	size_t n_files, file_capacity;
	struct draft_promise *promises;
	size_t n_promises, promise_capacity;
	bool is_settled;
};

void draft_init(struct draft *d);
void draft_done(struct draft *d);
void draft_reset(struct draft *d); /* empty, the memory kept */

/* The row of a file, which is looked for. NULL is 0. No other call may make rows of BINARIES. */
uint32_t draft_binary(struct draft *d, struct recorded_file *file);

/* The row of a kernel frame. Addresses are those of the recorded kernel. */
uint32_t draft_kernel_frame(struct draft *d, struct recorded_file *kernel, uint64_t address,
			    uint32_t flags);

/*
 * The row of a frame in a file; `mapping` (a row of MAPPINGS) has it at `address`, which is
 * `file_offset` in the file. flags: HEARTH_FRAME_IS_RETURN or 0.
 */
uint32_t draft_file_frame(struct draft *d, struct recorded_file *file, uint32_t mapping,
			  uint64_t address, uint64_t file_offset, uint32_t flags);

/* True while a file that the batch names is being looked for: emit later. */
bool draft_is_waiting(const struct draft *d);

/*
 * Puts frames right and emits; answers as hearth_flat_emit(): after -EAGAIN the draft is as it
 * was, and the call can be made again.
 */
int32_t draft_emit(struct draft *d, const struct hearth_host *h);
