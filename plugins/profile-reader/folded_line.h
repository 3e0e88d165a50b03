/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of folded stacks, `comm;root;…;leaf 12`, taken apart. Nothing is copied: the parts point
 * into the line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum folded_kind {
	FOLDED_STACK,
	FOLDED_NOTHING,  /* blank, a comment, or a count of 0 */
	FOLDED_NO_COUNT,
	FOLDED_TOO_MUCH, /* the count has more than 64 bits */
};

struct folded_line {
	enum folded_kind kind;
	const char *stack;
	size_t len;
	uint64_t count;
	bool is_rounded;      /* the count had a fraction */
	bool has_two_counts;  /* what is before the count looks like another */
};

struct folded_line folded_line_parse(const char *line, size_t len);

struct folded_frame {
	const char *name;
	size_t len;
	uint32_t kind;       /* HEARTH_FRAME_* */
	bool is_inlined;
};

/* Takes the first part off a stack, whatever it looks like: the name of the process. */
void folded_take_comm(const char **stack, size_t *len, const char **ret_comm, size_t *ret_len);

/* Takes the next frame off a stack; false: there is none. *ret_stack NULL afterwards: it was the last. */
bool folded_next_frame(const char **stack, size_t *len, struct folded_frame *ret);

/* The cause in "[truncated: cause]", or NULL. */
const char *folded_truncated(const struct folded_frame *frame, size_t *ret_len);
