/* SPDX-License-Identifier: Apache-2.0 */
/* What tells such frames apart is their names, which are no part of the row that is interned. */
#include "named.h"

static void pad(struct hearth_flat_builder *b, uint32_t table, uint64_t n, size_t row_size)
{
	while (!b->error && b->rows[table].count < n)
		hearth_flat_append(b, table, NULL, row_size);
}

uint32_t named_frame(struct hearth_flat_builder *b, const struct hearth_frame *frame,
		     const struct hearth_line *lines, uint32_t n)
{
	struct hearth_frame_lines range = { .count = n };
	uint32_t row;

	pad(b, HEARTH_PROFILE_FRAMES, 1, sizeof(*frame));
	pad(b, HEARTH_PROFILE_LINES, 1, sizeof(*lines));
	row = hearth_flat_append(b, HEARTH_PROFILE_FRAMES, frame, sizeof(*frame));
	pad(b, HEARTH_PROFILE_FRAME_LINES, row, sizeof(range));
	range.first = (uint32_t)b->rows[HEARTH_PROFILE_LINES].count;
	for (uint32_t i = 0; i < n; i++)
		hearth_flat_append(b, HEARTH_PROFILE_LINES, &lines[i], sizeof(lines[i]));
	hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, &range, sizeof(range));
	return row;
}
