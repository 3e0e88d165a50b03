/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a batch have indices of their own; what they say is interned for the whole profile. */
#include "locations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

int locations_begin(struct locations *l, const struct hearth_flat *f, struct hearth_flat_builder *tables)
{
	*l = (struct locations){
		.flat = f, .tables = tables,
		.n_frames = hearth_flat_count(f, HEARTH_PROFILE_FRAMES),
		.n_stacks = hearth_flat_count(f, HEARTH_PROFILE_STACKS),
	};
	l->of_frame = calloc(l->n_frames + 1, sizeof(*l->of_frame));
	l->of_stack = calloc(l->n_stacks + 1, sizeof(*l->of_stack));
	if (!l->of_frame || !l->of_stack)
		return -ENOMEM;
	return places_init(&l->places, f);
}

void locations_done(struct locations *l)
{
	free(l->of_frame);
	free(l->of_stack);
	places_done(&l->places);
	*l = (struct locations){ .flat = NULL };
}

static uint32_t take_string(struct locations *l, uint32_t string)
{
	return hearth_flat_intern_string(l->tables, hearth_flat_string(l->flat, string));
}

/* ---- mappings ---- */

static uint32_t build_id_text(struct locations *l, const struct hearth_binary *binary)
{
	char text[2 * sizeof(binary->build_id) + 1] = "";

	for (uint32_t i = 0; i < binary->build_id_len && i < sizeof(binary->build_id); i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", binary->build_id[i]);
	return hearth_flat_intern_string(l->tables, text);
}

/* What says of a frame without a file what code it is. */
static const char *name_of_kind(uint32_t kind)
{
	switch (kind) {
	case HEARTH_FRAME_KERNEL:
		return MAPPING_KERNEL;
	case HEARTH_FRAME_JIT:
		return MAPPING_JIT;
	case HEARTH_FRAME_INTERPRETED:
		return MAPPING_INTERPRETED;
	default:
		return "";
	}
}

/* Start and limit are addresses of the kind that the frame has. */
static uint32_t add_mapping(struct locations *l, const struct hearth_frame *frame, uint32_t mapping,
			    uint32_t binary)
{
	struct hearth_mapping m = hearth_profile_mapping(l->flat, mapping);
	struct hearth_binary b = hearth_profile_binary(l->flat, binary ? binary : m.binary);
	bool is_raw = frame->flags & HEARTH_FRAME_RAW;
	const char *name = hearth_flat_string(l->flat, b.path);
	struct table_mapping row = {
		.start = is_raw ? m.start : m.vaddr,
		.file_offset = m.file_offset,
		.build_id = build_id_text(l, &b),
	};

	if (!*name || strcmp(name, "[kernel]") == 0)
		name = name_of_kind(frame->kind);
	row.limit = row.start + (m.end - m.start);
	row.filename = hearth_flat_intern_string(l->tables, name);
	if (!row.limit && !row.filename && !row.build_id)
		return 0;
	return hearth_flat_intern(l->tables, TABLE_MAPPINGS, &row, sizeof(row));
}

static uint32_t mapping_of_frame(struct locations *l, const struct hearth_frame *frame)
{
	uint32_t mapping = frame->mapping;

	if (frame->binary && !(frame->flags & HEARTH_FRAME_RAW))
		mapping = places_find(&l->places, frame->binary, frame->address);
	return add_mapping(l, frame, mapping, frame->binary);
}

/* ---- lines ---- */

/*
 * pprof takes a function whose two names are equal for one that it should demangle, and where it
 * cannot, drops what stands in brackets. The name that the linker knows is left out then.
 */
static bool is_name_that_pprof_would_cut(const char *name)
{
	return strpbrk(name, "<>[]") || strstr(name, "::");
}

static uint32_t add_function(struct locations *l, uint32_t function)
{
	struct hearth_function f = hearth_profile_function(l->flat, function);
	struct table_function row = {
		.name = take_string(l, f.name),
		.system_name = take_string(l, f.system_name),
		.file = take_string(l, f.file),
		.start_line = f.start_line,
	};

	if (!row.system_name && !is_name_that_pprof_would_cut(hearth_flat_string(l->flat, f.name)))
		row.system_name = row.name;
	return hearth_flat_intern(l->tables, TABLE_FUNCTIONS, &row, sizeof(row));
}

/* The list is made from its end: a line is interned with the one that it was inlined into. */
static uint32_t add_lines(struct locations *l, uint32_t frame)
{
	struct hearth_frame_lines lines = hearth_profile_frame_lines(l->flat, frame);
	uint64_t n = hearth_flat_count(l->flat, HEARTH_PROFILE_LINES);
	uint32_t list = 0;

	if ((uint64_t)lines.first + lines.count > n)
		return 0;
	for (uint32_t i = lines.count; i-- > 0;) {
		struct hearth_line line = hearth_profile_line(l->flat, lines.first + (uint64_t)i);
		struct table_line row = {
			.function = add_function(l, line.function), .line = line.line,
			.column = line.column, .next = list,
		};

		list = hearth_flat_intern(l->tables, TABLE_LINES, &row, sizeof(row));
	}
	return list;
}

/* ---- locations and nodes ---- */

static uint32_t add_location(struct locations *l, uint32_t frame)
{
	struct hearth_frame f = hearth_profile_frame(l->flat, frame);
	bool is_return = (f.flags & HEARTH_FRAME_IS_RETURN) && f.address;
	struct table_location row = {
		.address = f.address - is_return,
		.mapping = mapping_of_frame(l, &f),
		.lines = add_lines(l, frame),
	};

	return hearth_flat_intern(l->tables, TABLE_LOCATIONS, &row, sizeof(row));
}

/* Frame 0, of which nothing is known, has a location as well. */
static uint32_t location_of_frame(struct locations *l, uint32_t frame)
{
	if (frame >= l->n_frames)
		frame = 0;
	if (!l->of_frame[frame])
		l->of_frame[frame] = add_location(l, frame) + 1;
	return l->of_frame[frame] - 1;
}

static uint32_t add_node(struct hearth_flat_builder *tables, uint32_t parent, uint32_t location)
{
	struct table_node row = { parent, location };

	return hearth_flat_intern(tables, TABLE_NODES, &row, sizeof(row));
}

uint32_t locations_truncated(struct hearth_flat_builder *tables, const char *cause)
{
	struct table_function function = { .name = 0 };
	struct table_line line = { .function = 0 };
	struct table_location location = { .address = 0 };
	char text[256];

	snprintf(text, sizeof(text), "[truncated: %s]", cause);
	function.name = hearth_flat_intern_string(tables, text);
	line.function = hearth_flat_intern(tables, TABLE_FUNCTIONS, &function, sizeof(function));
	location.lines = hearth_flat_intern(tables, TABLE_LINES, &line, sizeof(line));
	return add_node(tables, 0, hearth_flat_intern(tables, TABLE_LOCATIONS, &location,
						      sizeof(location)));
}

static int add_stack(struct locations *l, uint32_t i, uint32_t *ret)
{
	struct hearth_stack stack = hearth_profile_stack(l->flat, i);
	uint64_t n = hearth_flat_count(l->flat, HEARTH_PROFILE_STACK_FRAMES);
	const char *cause = hearth_flat_string(l->flat, stack.truncated);
	uint32_t node = *cause ? locations_truncated(l->tables, cause) : 0;

	if (stack.count > n || stack.first > n - stack.count)
		return -EBADMSG;
	for (uint32_t k = stack.count; k-- > 0;)
		node = add_node(l->tables, node,
				location_of_frame(l, hearth_profile_stack_frame(l->flat, &stack, k)));
	*ret = node;
	return 0;
}

int locations_node(struct locations *l, uint32_t stack, uint32_t *ret)
{
	int r;

	if (stack >= l->n_stacks) {
		*ret = 0;
		return 0;
	}
	if (!l->of_stack[stack]) {
		r = add_stack(l, stack, &l->of_stack[stack]);
		if (r < 0)
			return r;
		l->of_stack[stack]++;
	}
	*ret = l->of_stack[stack] - 1;
	return 0;
}
