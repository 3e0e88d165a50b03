/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What perf prints of a frame: for the kernel and for code without a file the address that it had,
 * for a file the offset in it; the name, and how far into the function; whose code it is.
 */
#include "frame_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_name.h"
#include "places.h"

struct frame_span {
	size_t at, len; /* 0 bytes: not made yet */
};

int frame_lines_begin(struct frame_lines *l, const struct hearth_flat *batch)
{
	uint64_t n = hearth_flat_count(batch, HEARTH_PROFILE_FRAMES);
	int r;

	if (n > UINT32_MAX)
		return -EBADMSG;
	*l = (struct frame_lines){ .batch = batch, .n_frames = n };
	l->spans = calloc(n + 1, sizeof(*l->spans)); /* without a table frame 0 is there all the same */
	if (!l->spans)
		return -ENOMEM;
	r = places_new(batch, &l->places);
	if (r < 0)
		frame_lines_done(l);
	return r;
}

void frame_lines_done(struct frame_lines *l)
{
	l->places = places_free(l->places);
	text_done(&l->text);
	free(l->spans);
	*l = (struct frame_lines){ .n_frames = 0 };
}

/* perf takes these for memory without a file, at addresses of its own. */
static bool is_file(const char *path)
{
	return *path && strncmp(path, "[stack", 6) != 0 && strncmp(path, "[heap", 5) != 0;
}

static uint64_t shown_address(const struct frame_lines *l, const struct hearth_frame *f, const char *path)
{
	struct hearth_mapping m = hearth_profile_mapping(l->batch, f->mapping);

	if (f->kind != HEARTH_FRAME_NATIVE || !is_file(path))
		return f->address;
	if (!(f->flags & HEARTH_FRAME_RAW))
		return places_file_offset(l->places, f->binary, f->address);
	if (f->address < m.start || f->address >= m.end)
		return f->address;
	return f->address - m.start + m.file_offset;
}

/* "xfs_read [xfs]" → where the module's name begins, or NULL. */
static const char *module_in(const struct hearth_frame *f, const char *name)
{
	size_t len = strlen(name);
	const char *bracket = strrchr(name, '[');

	if (f->kind != HEARTH_FRAME_KERNEL || len < 4 || name[len - 1] != ']' || !bracket ||
	    bracket == name || bracket[-1] != ' ')
		return NULL;
	return bracket;
}

/* n bytes of a name, or what stands for none. */
static void put_name(struct text *t, const char *name, size_t n, enum text_name kind)
{
	static const char unknown[] = "[unknown]";

	text_put_name(t, n ? name : unknown, n ? n : sizeof(unknown) - 1, kind);
}

/* A file that was removed is the file still. */
static void put_path(struct text *t, const char *path)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(path), tail = sizeof(deleted) - 1;

	if (len > tail && strcmp(path + len - tail, deleted) == 0)
		len -= tail;
	put_name(t, path, len, TEXT_WORD);
}

/* perf looks for the names of generated code in this file, and so do those who colour by it. */
static bool put_code_map(struct frame_lines *l, const struct hearth_frame *f)
{
	struct hearth_mapping m = hearth_profile_mapping(l->batch, f->mapping);
	struct hearth_process p = hearth_profile_process(l->batch, m.process);

	if (p.pid)
		text_format(&l->text, "/tmp/perf-%" PRIu32 ".map", p.pid);
	return p.pid;
}

static void put_file(struct frame_lines *l, const struct hearth_frame *f, const char *path)
{
	if (f->kind == HEARTH_FRAME_JIT && put_code_map(l, f))
		return;
	if (f->kind == HEARTH_FRAME_KERNEL && (!*path || strcmp(path, "[kernel]") == 0))
		path = "[kernel.kallsyms]";
	put_path(&l->text, path);
}

static void put_address(struct frame_lines *l, uint64_t address)
{
	text_format(&l->text, "\t%16" PRIx64 " ", address);
}

static void put_inlined(struct frame_lines *l, uint64_t address, const char *name)
{
	put_address(l, address);
	put_name(&l->text, name, strlen(name), TEXT_SYMBOL);
	text_format(&l->text, " (inlined)\n");
}

static void put_function(struct frame_lines *l, const struct hearth_frame *f, const char *path,
			 uint64_t address, const struct hearth_function *function)
{
	const char *name = hearth_flat_string(l->batch, function->name);
	const char *module = module_in(f, name);

	put_address(l, address);
	put_name(&l->text, name, module ? (size_t)(module - 1 - name) : strlen(name), TEXT_SYMBOL);
	if (*name && function->start && f->address >= function->start)
		text_format(&l->text, "+0x%" PRIx64, f->address - function->start);
	text_put(&l->text, " (", 2);
	if (module)
		put_path(&l->text, module);
	else
		put_file(l, f, path);
	text_put(&l->text, ")\n", 2);
}

static struct hearth_function function_of(const struct frame_lines *l, uint64_t line)
{
	return hearth_profile_function(l->batch, hearth_profile_line(l->batch, line).function);
}

static void make_lines(struct frame_lines *l, uint32_t frame)
{
	struct hearth_frame f = hearth_profile_frame(l->batch, frame);
	struct hearth_frame_lines names = hearth_profile_frame_lines(l->batch, frame);
	const char *path = frame_module(l->batch, &f);
	uint64_t address = shown_address(l, &f, path);
	uint64_t n_lines = hearth_flat_count(l->batch, HEARTH_PROFILE_LINES), last;
	struct hearth_function physical = { .name = 0 };

	if (names.count == 0 || (uint64_t)names.first + names.count > n_lines) {
		put_function(l, &f, path, address, &physical);
		return;
	}
	last = names.first + (uint64_t)names.count - 1;
	for (uint64_t i = names.first; i < last; i++) {
		struct hearth_function function = function_of(l, i);

		put_inlined(l, address, hearth_flat_string(l->batch, function.name));
	}
	physical = function_of(l, last);
	put_function(l, &f, path, address, &physical);
}

int frame_lines_of(struct frame_lines *l, uint32_t frame, const char **ret, size_t *ret_len)
{
	struct frame_span *span;

	if (frame >= l->n_frames)
		frame = 0;
	span = &l->spans[frame];
	if (!span->len) {
		span->at = l->text.len;
		make_lines(l, frame);
		if (l->text.error)
			return l->text.error;
		span->len = l->text.len - span->at;
	}
	*ret = l->text.bytes + span->at;
	*ret_len = span->len;
	return 0;
}
