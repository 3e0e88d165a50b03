/* SPDX-License-Identifier: Apache-2.0 */
/* Who counts functions asks for the same names in the same order; what they count them by differs. */
#include "common/frame_labels.h"

#include <errno.h>
#include <stdlib.h>

#include <hearth/profile.h>

#include "common/frame_name.h"

int frame_labels_begin(struct frame_labels *l, const struct hearth_flat *f, frame_label_fn number,
		       void *ctx)
{
	uint64_t n = hearth_flat_count(f, HEARTH_PROFILE_FRAMES);

	if (n >= UINT32_MAX)
		return -EBADMSG;
	*l = (struct frame_labels){ .flat = f, .number = number, .ctx = ctx, .n_frames = (uint32_t)n };
	l->frames = calloc(n + 1, sizeof(*l->frames));
	return l->frames ? 0 : -ENOMEM;
}

void frame_labels_done(struct frame_labels *l)
{
	free(l->frames);
	free(l->numbers);
	*l = (struct frame_labels){ .flat = NULL };
}

static int add(struct frame_labels *l, const struct frame_label *label)
{
	if (l->n_numbers == l->capacity) {
		uint32_t capacity = l->capacity ? l->capacity * 2 : 256;
		uint32_t *p = reallocarray(l->numbers, capacity, sizeof(*p));

		if (!p)
			return -ENOMEM;
		l->numbers = p;
		l->capacity = capacity;
	}
	return l->number(l->ctx, label, &l->numbers[l->n_numbers++]);
}

static int add_line(struct frame_labels *l, struct frame_label *label, uint64_t line)
{
	struct hearth_line row = hearth_profile_line(l->flat, line);
	struct hearth_function function = hearth_profile_function(l->flat, row.function);

	label->name = hearth_flat_string(l->flat, function.name);
	label->is_named = *label->name;
	if (!label->is_named)
		label->name = "[unknown]";
	return add(l, label);
}

static int look_up(struct frame_labels *l, uint32_t i)
{
	struct hearth_frame frame = hearth_profile_frame(l->flat, i);
	struct hearth_frame_lines lines = hearth_profile_frame_lines(l->flat, i);
	uint64_t n_lines = hearth_flat_count(l->flat, HEARTH_PROFILE_LINES);
	struct frame_label label = { .module = frame_module(l->flat, &frame), .kind = frame.kind };
	uint32_t first = l->n_numbers;
	char text[300];
	int r = 0;

	if (lines.count == 0 || (uint64_t)lines.first + lines.count > n_lines) {
		frame_text(&frame, label.module, text, sizeof(text));
		label.name = text;
		lines.count = 0;
		r = add(l, &label);
	}
	for (uint32_t k = 0; k < lines.count && r >= 0; k++) {
		label.is_inlined = k + 1 < lines.count;
		r = add_line(l, &label, (uint64_t)lines.first + k);
	}
	if (r >= 0)
		l->frames[i] = (struct frame_labels_range){ first, l->n_numbers - first };
	return r;
}

int frame_labels_of(struct frame_labels *l, uint32_t frame, const uint32_t **ret_numbers,
		    uint32_t *ret_n)
{
	int r;

	if (frame >= l->n_frames)
		frame = 0;
	if (l->frames[frame].count == 0) {
		r = look_up(l, frame);
		if (r < 0)
			return r;
	}
	*ret_numbers = l->numbers + l->frames[frame].first;
	*ret_n = l->frames[frame].count;
	return 0;
}
