/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of an input, one by one, however long the input is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

/* A stack of 1,024 C++ names has less; what has more is no profile. */
enum { TEXT_MAX_LINE_BYTES = 4 << 20 };

/* Zero it but for `input`, which is borrowed. */
struct text_lines {
	struct input *input;
	char *text;              /* what has been read and not been given: [from, to) */
	size_t from, to, capacity;
	size_t scanned;          /* bytes of it that hold no newline */
	uint64_t number;         /* of the line that was given last, from 1 */
	bool is_over, is_skipping;
};

void text_lines_done(struct text_lines *t);

/*
 * 1: *ret is a line, without its newline, borrowed until the next call. 0: the end. -E2BIG: line
 * `number` is longer than TEXT_MAX_LINE_BYTES; the next call goes on behind it. -EBADMSG: the packed
 * data is damaged or cut off in line `number`; nothing follows. -EAGAIN: nothing now. -ENOMEM, and
 * what read(2) answers.
 */
int text_lines_next(struct text_lines *t, const char **ret, size_t *ret_len);
