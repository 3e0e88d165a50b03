/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples to be unwound as bytes in a memfd, and their stacks as bytes of an answer. Megabytes of
 * stack would pass the socket in a hundred messages, so the host writes them to a file without a name
 * instead, seals it, and the unwinder reads it with one pread.
 *
 * The file: unwind_head; unwind_space_head for each space; all mappings (struct
 * hearth_unwind_mapping); unwind_sample_head for each sample; all registers; all stacks.
 * The answer: for each sample unwind_stack_head and its frames (struct hearth_unwound_frame).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hearth/inspect.h>

struct unwind_head {
	uint32_t machine, n_spaces, n_samples, max_frames;
};

struct unwind_space_head {
	uint32_t n_mappings, reserved;
};

struct unwind_sample_head {
	uint32_t space, stack_bytes;
	uint64_t register_mask, stack_address;
};

struct unwind_stack_head {
	uint32_t n_frames, end;
};

/*
 * A new memfd, which nobody can change. -EINVAL: a limit of hearth/inspect.h is passed. *ret_bytes:
 * what the file holds.
 */
int unwind_request_write(const struct hearth_unwind_request *request, int *ret_fd, size_t *ret_bytes);

/* What is in such a file; points into `data`. */
struct unwind_reading {
	struct unwind_head head;
	const struct unwind_space_head *spaces;
	const struct hearth_unwind_mapping *mappings; /* of the next space */
	const struct unwind_sample_head *samples;
	const uint64_t *registers; /* of the next sample */
	const uint8_t *stack, *end;
};

/* data: 8-byte aligned. -EBADMSG for anything that unwind_request_write would not have written. */
int unwind_reading_open(const void *data, size_t len, struct unwind_reading *ret);

/* The mappings of one of its spaces. */
const struct hearth_unwind_mapping *unwind_reading_space(const struct unwind_reading *r,
							 uint32_t index, uint32_t *ret_n);
/* Sample number `index`: they are read once, in order. */
void unwind_reading_sample(struct unwind_reading *r, uint32_t index,
			   struct hearth_unwind_sample *ret);

/* Frames in an answer to n_samples; -EBADMSG: it makes no sense. */
int unwound_measure(const uint8_t *data, size_t len, uint32_t n_samples, uint32_t *ret_n_frames);
/* Fills what was measured. */
void unwound_unpack(const uint8_t *data, uint32_t n_samples, struct hearth_unwound_stack *stacks,
		    struct hearth_unwound_frame *frames);
