/* SPDX-License-Identifier: Apache-2.0 */
/* Each frame of a batch is named once, however many stacks it is in. */
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

#include "common/frame_name.h"

int names_begin(struct names *n, const struct hearth_flat *f, struct tree *t)
{
	uint64_t count = hearth_flat_count(f, HEARTH_PROFILE_FRAMES);

	if (count > UINT32_MAX)
		return -EBADMSG;
	*n = (struct names){ .flat = f, .tree = t, .n_frames = (uint32_t)count };
	n->frames = calloc(count + 1, sizeof(*n->frames));
	return n->frames ? 0 : -ENOMEM;
}

void names_done(struct names *n)
{
	free(n->frames);
	free(n->labels);
	*n = (struct names){ .flat = NULL };
}

static int names_push(struct names *n, uint32_t label)
{
	if (n->n_labels == n->labels_capacity) {
		uint32_t capacity = n->labels_capacity ? n->labels_capacity * 2 : 256;
		uint32_t *p = reallocarray(n->labels, capacity, sizeof(*p));

		if (!p)
			return -ENOMEM;
		n->labels = p;
		n->labels_capacity = capacity;
	}
	n->labels[n->n_labels++] = label;
	return 0;
}

static enum label_kind kind_of_frame(const struct hearth_frame *frame)
{
	static const enum label_kind kinds[] = {
		[HEARTH_FRAME_UNKNOWN] = LABEL_UNKNOWN,
		[HEARTH_FRAME_KERNEL] = LABEL_KERNEL,
		[HEARTH_FRAME_NATIVE] = LABEL_NATIVE,
		[HEARTH_FRAME_JIT] = LABEL_JIT,
		[HEARTH_FRAME_INTERPRETED] = LABEL_INTERPRETED,
	};

	return frame->kind < ARRAY_SIZE(kinds) ? kinds[frame->kind] : LABEL_UNKNOWN;
}

static uint32_t label_without_name(struct names *n, const struct hearth_frame *frame,
				   const char *module)
{
	char text[300];

	frame_text(frame, module, text, sizeof(text));
	return tree_intern_label(n->tree, kind_of_frame(frame), text, module);
}

static uint32_t label_of_line(struct names *n, const struct hearth_frame *frame, const char *module,
			      uint64_t line, bool is_inlined)
{
	struct hearth_line row = hearth_profile_line(n->flat, line);
	struct hearth_function function = hearth_profile_function(n->flat, row.function);
	const char *name = hearth_flat_string(n->flat, function.name);

	return tree_intern_label(n->tree, is_inlined ? LABEL_INLINED : kind_of_frame(frame),
				 *name ? name : "[unknown]", module);
}

static int look_up(struct names *n, uint32_t i)
{
	struct hearth_frame frame = hearth_profile_frame(n->flat, i);
	struct hearth_frame_lines lines = hearth_profile_frame_lines(n->flat, i);
	uint64_t n_lines = hearth_flat_count(n->flat, HEARTH_PROFILE_LINES);
	const char *module = frame_module(n->flat, &frame);
	struct names_range range = { .first = n->n_labels };
	int r;

	if (lines.count == 0 || (uint64_t)lines.first + lines.count > n_lines) {
		r = names_push(n, label_without_name(n, &frame, module));
		if (r < 0)
			return r;
		lines.count = 0;
	}
	for (uint32_t k = 0; k < lines.count; k++) {
		r = names_push(n, label_of_line(n, &frame, module, lines.first + (uint64_t)k,
						k + 1 < lines.count));
		if (r < 0)
			return r;
	}
	range.count = n->n_labels - range.first;
	n->frames[i] = range;
	return 0;
}

int names_of_frame(struct names *n, uint32_t frame, const uint32_t **ret_labels, uint32_t *ret_n)
{
	int r;

	if (frame >= n->n_frames)
		frame = 0;
	if (n->frames[frame].count == 0) {
		r = look_up(n, frame);
		if (r < 0)
			return r;
	}
	*ret_labels = n->labels + n->frames[frame].first;
	*ret_n = n->frames[frame].count;
	return 0;
}
