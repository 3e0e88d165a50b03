/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of code a location is pprof does not say; the name of its mapping tells. */
#include "pprof_frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/profile_proto.h"
#include "folded_line.h"
#include "named.h"

#define KERNEL_ADDRESSES (1ull << 63)
#define FILE_ADDRESSES (1ull << 32)       /* below it: those of an ELF file */
#define MADE_UP_ADDRESSES 0x600000000000ull /* where such a file is said to be mapped */

enum { MAX_LINES = 256, MAX_STACK = 64 << 10, MAX_MARK = 256 };

struct place {
	uint64_t start, limit, file_offset;
	const char *name;
	size_t name_len;
	uint64_t build_id; /* string */
	int64_t row;       /* of the table of mappings; -1: none */
};

int pprof_frames_init(struct pprof_frames *f, const struct pprof_index *index, struct recorded_files *files,
		      struct draft *draft)
{
	*f = (struct pprof_frames){ .index = index, .files = files, .draft = draft };
	f->of_location = calloc(index->locations.n + 1, sizeof(*f->of_location));
	f->mapping_process = calloc(index->mappings.n + 1, sizeof(*f->mapping_process));
	f->lines = calloc(MAX_LINES, sizeof(*f->lines));
	f->stack = calloc(MAX_STACK, sizeof(*f->stack));
	if (f->of_location && f->mapping_process && f->lines && f->stack)
		return 0;
	pprof_frames_done(f);
	return -ENOMEM;
}

void pprof_frames_done(struct pprof_frames *f)
{
	free(f->of_location);
	free(f->mapping_process);
	free(f->lines);
	free(f->stack);
	*f = (struct pprof_frames){ .n_lost = 0 };
}

void pprof_frames_reset(struct pprof_frames *f)
{
	memset(f->of_location, 0, f->index->locations.n * sizeof(*f->of_location));
	memset(f->mapping_process, 0, f->index->mappings.n * sizeof(*f->mapping_process));
}

/* ---- names ---- */

static uint32_t add_string(struct pprof_frames *f, uint64_t number)
{
	size_t len;
	const char *text = pprof_string(f->index, number, &len);

	return hearth_flat_string_n(&f->draft->builder, text, len);
}

/* 0: there is no such function, or it has no name. */
static uint32_t add_function(struct pprof_frames *f, uint64_t id)
{
	int64_t row = pprof_find(&f->index->functions, id);
	struct hearth_function function = { .name = 0 };
	struct protobuf_reader message;

	if (row < 0) {
		f->n_lost += id != 0;
		return 0;
	}
	message = pprof_message(f->index, &f->index->functions.rows[row]);
	function.name = add_string(f, pprof_number(message, FUNCTION_NAME));
	function.system_name = add_string(f, pprof_number(message, FUNCTION_SYSTEM_NAME));
	function.file = add_string(f, pprof_number(message, FUNCTION_FILENAME));
	function.start_line = (uint32_t)pprof_number(message, FUNCTION_START_LINE);
	if (!function.name)
		function.name = function.system_name;
	if (function.system_name == function.name)
		function.system_name = 0;
	return function.name ? hearth_build_function(&f->draft->builder, &function) : 0;
}

static uint32_t read_lines(struct pprof_frames *f, struct protobuf_reader location)
{
	struct protobuf_field field;
	uint32_t n = 0;

	while (n < MAX_LINES && protobuf_next(&location, &field) == 1) {
		if (field.number != LOCATION_LINE || field.type != PROTOBUF_BYTES)
			continue;
		f->lines[n] = (struct hearth_line){
			.function = add_function(f, pprof_number(field.bytes, LINE_FUNCTION_ID)),
			.line = (uint32_t)pprof_number(field.bytes, LINE_LINE),
			.column = (uint32_t)pprof_number(field.bytes, LINE_COLUMN),
		};
		n += f->lines[n].function != 0;
	}
	return n;
}

/* ---- places ---- */

static struct place read_place(struct pprof_frames *f, uint64_t mapping)
{
	struct place p = { .name = "", .row = pprof_find(&f->index->mappings, mapping) };
	struct protobuf_reader message;

	if (p.row < 0) {
		f->n_lost += mapping != 0;
		return p;
	}
	message = pprof_message(f->index, &f->index->mappings.rows[p.row]);
	p.start = pprof_number(message, MAPPING_MEMORY_START);
	p.limit = pprof_number(message, MAPPING_MEMORY_LIMIT);
	p.file_offset = pprof_number(message, MAPPING_FILE_OFFSET);
	p.name = pprof_string(f->index, pprof_number(message, MAPPING_FILENAME), &p.name_len);
	p.build_id = pprof_number(message, MAPPING_BUILD_ID);
	return p;
}

static bool begins(const struct place *p, const char *with)
{
	size_t n = strlen(with);

	return p->name_len >= n && memcmp(p->name, with, n) == 0;
}

static uint32_t kind_of_place(const struct place *p, uint64_t address, uint32_t n_lines)
{
	static const struct {
		const char *begin;
		uint32_t kind;
	} names[] = {
		{ "[kernel", HEARTH_FRAME_KERNEL },
		{ "[guest.kernel", HEARTH_FRAME_KERNEL },
		{ "[jit]", HEARTH_FRAME_JIT },
		{ "//anon", HEARTH_FRAME_JIT },
		{ "/tmp/perf-", HEARTH_FRAME_JIT },
		{ "[interpreted]", HEARTH_FRAME_INTERPRETED },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (begins(p, names[i].begin))
			return names[i].kind;
	if (p->row >= 0 && address >= KERNEL_ADDRESSES)
		return HEARTH_FRAME_KERNEL;
	return n_lines || p->name_len ? HEARTH_FRAME_NATIVE : HEARTH_FRAME_UNKNOWN;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes of a build id that is hex; others, as Go's own, say nothing to whoever looks for the file. */
static uint32_t read_build_id(const struct pprof_index *x, uint64_t string, uint8_t out[static 32])
{
	size_t len;
	const char *text = pprof_string(x, string, &len);

	if (len % 2 || len > 64)
		return 0;
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return (uint32_t)(len / 2);
}

static struct recorded_file *file_of_place(struct pprof_frames *f, const struct place *p, bool is_kernel)
{
	uint8_t build_id[32];
	struct recorded_key key = {
		.path = is_kernel ? HEARTH_INSPECT_KERNEL : p->name,
		.path_len = is_kernel ? strlen(HEARTH_INSPECT_KERNEL) : p->name_len,
		.build_id = build_id,
		.build_id_len = read_build_id(f->index, p->build_id, build_id),
	};

	return key.path_len ? recorded_find(f->files, &key) : NULL;
}

static bool has_file_addresses(const struct place *p)
{
	return p->limit <= FILE_ADDRESSES;
}

/* A mapping row says where a process has a file, which pprof does only for runtime addresses. */
static uint32_t add_mapping(struct pprof_frames *f, const struct place *p, struct recorded_file *file,
			    uint32_t process)
{
	struct hearth_mapping row = {
		.start = p->start, .end = p->limit, .file_offset = p->file_offset, .process = process,
	};

	if (!file || p->limit <= p->start)
		return 0;
	row.binary = draft_binary(f->draft, file);
	if (has_file_addresses(p)) {
		uint64_t base = MADE_UP_ADDRESSES + file->index * FILE_ADDRESSES;

		row.start += base;
		row.end += base;
		row.vaddr = p->start;
	}
	return hearth_build_mapping(&f->draft->builder, &row);
}

/* ---- frames ---- */

static uint32_t add_frame(struct pprof_frames *f, const struct pprof_row *location, uint32_t process)
{
	struct protobuf_reader message = pprof_message(f->index, location);
	struct place p = read_place(f, pprof_number(message, LOCATION_MAPPING_ID));
	struct hearth_frame frame = { .address = pprof_number(message, LOCATION_ADDRESS) };
	uint32_t n_lines = read_lines(f, message), mapping;
	struct recorded_file *file = NULL;

	frame.kind = kind_of_place(&p, frame.address, n_lines);
	if (frame.kind == HEARTH_FRAME_KERNEL && frame.address)
		file = file_of_place(f, &p, true);
	else if (frame.kind == HEARTH_FRAME_NATIVE)
		file = file_of_place(f, &p, false);
	if (frame.kind == HEARTH_FRAME_UNKNOWN && frame.address)
		frame.flags = HEARTH_FRAME_RAW;
	if (!file || frame.kind == HEARTH_FRAME_KERNEL || has_file_addresses(&p)) {
		frame.binary = draft_binary(f->draft, file);
		return named_frame(&f->draft->builder, &frame, f->lines, n_lines);
	}
	mapping = add_mapping(f, &p, file, process);
	if (!n_lines)
		return draft_file_frame(f->draft, file, mapping, frame.address,
					frame.address - p.start + p.file_offset, 0);
	frame.binary = draft_binary(f->draft, file);
	frame.mapping = mapping;
	frame.flags = HEARTH_FRAME_RAW;
	return named_frame(&f->draft->builder, &frame, f->lines, n_lines);
}

/* Each process of a batch gets rows of the mappings that its samples are in. */
static void place_in_process(struct pprof_frames *f, const struct pprof_row *location, uint32_t process)
{
	struct protobuf_reader message = pprof_message(f->index, location);
	int64_t row = pprof_find(&f->index->mappings, pprof_number(message, LOCATION_MAPPING_ID));
	struct place p;

	if (row < 0 || f->mapping_process[row] == process + 1)
		return;
	f->mapping_process[row] = process + 1;
	p = read_place(f, f->index->mappings.rows[row].id);
	if (kind_of_place(&p, pprof_number(message, LOCATION_ADDRESS), 1) == HEARTH_FRAME_NATIVE)
		(void)add_mapping(f, &p, file_of_place(f, &p, false), process);
}

static uint32_t frame_of_location(struct pprof_frames *f, uint64_t id, uint32_t process)
{
	int64_t row = pprof_find(&f->index->locations, id);

	if (row < 0) {
		struct hearth_frame unknown = { .address = 0 };

		f->n_lost++;
		return named_frame(&f->draft->builder, &unknown, NULL, 0);
	}
	if (!f->of_location[row])
		f->of_location[row] = add_frame(f, &f->index->locations.rows[row], process) + 1;
	place_in_process(f, &f->index->locations.rows[row], process);
	return f->of_location[row] - 1;
}

/* The name of a frame that is nothing but one; false: it is more, or the name is long. */
static bool name_of_mark(const struct hearth_flat_builder *b, uint32_t frame, char out[static MAX_MARK])
{
	const struct hearth_flat_rows *rows = b->rows;
	struct hearth_frame_lines lines;
	struct hearth_function function;
	struct hearth_flat_text text;
	struct hearth_line line;
	struct hearth_frame row;

	memcpy(&row, (struct hearth_frame *)rows[HEARTH_PROFILE_FRAMES].bytes + frame, sizeof(row));
	if (row.address || row.binary || frame >= rows[HEARTH_PROFILE_FRAME_LINES].count)
		return false;
	memcpy(&lines, (struct hearth_frame_lines *)rows[HEARTH_PROFILE_FRAME_LINES].bytes + frame, sizeof(lines));
	if (lines.count != 1)
		return false;
	memcpy(&line, (struct hearth_line *)rows[HEARTH_PROFILE_LINES].bytes + lines.first, sizeof(line));
	memcpy(&function, (struct hearth_function *)rows[HEARTH_PROFILE_FUNCTIONS].bytes + line.function,
	       sizeof(function));
	memcpy(&text, (struct hearth_flat_text *)rows[HEARTH_STRINGS].bytes + function.name, sizeof(text));
	if (text.length >= MAX_MARK)
		return false;
	memcpy(out, b->text + text.offset, text.length + (size_t)1);
	return true;
}

/* The cause, if the frame is the mark of a stack that was cut: "[truncated: cause]". */
static uint32_t cause_of_frame(struct pprof_frames *f, uint32_t frame)
{
	struct folded_frame mark = { .name = NULL };
	const char *cause;
	char name[MAX_MARK];
	size_t len;

	if (!name_of_mark(&f->draft->builder, frame, name))
		return 0;
	mark.name = name;
	mark.len = strlen(name);
	cause = folded_truncated(&mark, &len);
	return cause ? hearth_flat_string_n(&f->draft->builder, cause, len) : 0;
}

uint32_t pprof_stack(struct pprof_frames *f, struct protobuf_reader sample, uint32_t process)
{
	struct hearth_flat_builder *b = &f->draft->builder;
	struct protobuf_reader list = { NULL, NULL };
	uint32_t n = 0, cause = 0;
	uint64_t id;

	while (n < MAX_STACK && pprof_next_number(&sample, &list, SAMPLE_LOCATION_ID, &id) == 1)
		f->stack[n++] = frame_of_location(f, id, process);
	if (b->error)
		return 0;
	if (n == MAX_STACK)
		cause = hearth_flat_intern_string(b, "more frames than can be read");
	else if (n)
		cause = cause_of_frame(f, f->stack[n - 1]);
	return hearth_build_stack(b, f->stack, cause && n < MAX_STACK ? n - 1 : n, cause);
}
