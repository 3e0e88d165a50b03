/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame without a name says why, and so does the batch: people look at "[unknown]" for minutes
 * when the tool knew all along that the file was gone.
 */
#include "window.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "losses.h"

/* A table that the names extend: rows that the batch came with stay where they are. */
static void copy_table(struct window *w, uint32_t id, size_t size)
{
	uint8_t row[64];

	for (uint64_t i = 0; i < hearth_flat_count(&w->flat, id); i++) {
		hearth_flat_row(&w->flat, id, i, row, size);
		hearth_flat_append(&w->names, id, row, size);
	}
}

static int order_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->handle != y->handle)
		return x->handle < y->handle ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

static uint32_t unnamed_cause(struct window *w, const struct hearth_frame *frame,
			      const struct hearth_binary *binary)
{
	if (frame->cause)
		return frame->cause;
	if (binary->cause)
		return binary->cause;
	if (frame->kind == HEARTH_FRAME_JIT)
		return hearth_flat_intern_string(&w->names, "generated code");
	if (frame->binary == 0)
		return hearth_flat_intern_string(&w->names, "no file is mapped there");
	return hearth_flat_intern_string(&w->names, "file was not opened");
}

/*
 * A kernel with a handle is that of a recording. One without is the running one, but for a recording
 * whose kernel was not found: this one's names would be wrong there.
 */
static bool is_kernel_askable(const struct hearth_binary *binary)
{
	return binary->handle != CACHE_KERNEL || binary->cause == 0;
}

/* True if the frame can be asked about; *ret says what to ask. */
static bool is_askable(const struct hearth_frame *frame, const struct hearth_binary *binary,
		       struct wanted *ret)
{
	bool is_kernel = frame->kind == HEARTH_FRAME_KERNEL;
	bool is_file = frame->kind == HEARTH_FRAME_NATIVE && !(frame->flags & HEARTH_FRAME_RAW);
	bool is_code = frame->kind == HEARTH_FRAME_JIT && (frame->flags & HEARTH_FRAME_RAW);

	if (is_kernel ? !is_kernel_askable(binary)
		      : !(is_file || is_code) || binary->handle == CACHE_KERNEL)
		return false;
	ret->is_code = is_code;
	ret->handle = binary->handle;
	ret->address = frame->address - ((frame->flags & HEARTH_FRAME_IS_RETURN) ? 1 : 0);
	return true;
}

static void name_from_cache(struct window *w, uint32_t frame, const struct cache_answer *a)
{
	struct hearth_symbol symbol = { .cause = a->cause, .module = a->module };
	_cleanup_free_ struct hearth_symbol_line *lines = NULL;

	lines = calloc(a->n_lines + (size_t)1, sizeof(*lines));
	if (!lines) {
		w->names.error = -ENOMEM;
		return;
	}
	symbol.n_lines = a->n_lines;
	for (uint32_t i = 0; i < a->n_lines; i++)
		lines[i] = cache_line(a, i);
	window_name(w, frame, &symbol, lines);
}

static void look_at_frame(struct window *w, uint32_t i, struct cache *cache)
{
	struct hearth_frame frame = hearth_profile_frame(&w->flat, i);
	struct hearth_binary binary = hearth_profile_binary(&w->flat, frame.binary);
	struct wanted wanted = { .frame = i };
	struct cache_answer answer;

	w->frames[i] = hearth_profile_frame_lines(&w->flat, i);
	if (w->frames[i].count)
		return;
	if (!is_askable(&frame, &binary, &wanted))
		w->frames[i].cause = unnamed_cause(w, &frame, &binary);
	else if (!wanted.is_code && cache_find(cache, wanted.handle, wanted.address, &answer))
		name_from_cache(w, i, &answer);
	else
		w->wanted[w->n_wanted++] = wanted;
}

int window_new(const struct hearth_host *h, const struct hearth_batch *b, struct cache *cache,
	       struct missing *missing, struct window **ret)
{
	_cleanup_(window_freep) struct window *w = calloc(1, sizeof(*w));
	uint64_t n;
	int r;

	if (!w)
		return -ENOMEM;
	r = hearth_profile_open(&w->flat, b);
	if (r < 0)
		return r;
	n = hearth_flat_count(&w->flat, HEARTH_PROFILE_FRAMES);
	if (n > UINT32_MAX / sizeof(*w->wanted))
		return -EBADMSG;
	w->host = h;
	w->missing = missing;
	w->batch = b;
	h->batch_retain(h, b);
	w->n_frames = (uint32_t)n;
	w->frames = calloc(n ? n : 1, sizeof(*w->frames));
	w->wanted = calloc(n ? n : 1, sizeof(*w->wanted));
	if (!w->frames || !w->wanted)
		return -ENOMEM;
	hearth_flat_derive(&w->names, &w->flat);
	copy_table(w, HEARTH_PROFILE_FUNCTIONS, sizeof(struct hearth_function));
	copy_table(w, HEARTH_PROFILE_LINES, sizeof(struct hearth_line));
	for (uint32_t i = 1; i < w->n_frames; i++)
		look_at_frame(w, i, cache);
	qsort(w->wanted, w->n_wanted, sizeof(*w->wanted), order_wanted);
	*ret = TAKE_PTR(w);
	return 0;
}

struct window *window_free(struct window *w)
{
	if (!w)
		return NULL;
	if (w->batch)
		w->host->batch_release(w->host, w->batch);
	hearth_flat_done(&w->names);
	free(w->frames);
	free(w->wanted);
	free(w);
	return NULL;
}

static uint32_t add_function(struct window *w, const struct hearth_symbol_line *line,
			     const char *module)
{
	struct hearth_function row = { .start = line->start };
	char with_module[1024];
	const char *system_name = line->function ? line->function : "";
	const char *name = line->name ? line->name : system_name;

	if (module && *module) {
		snprintf(with_module, sizeof(with_module), "%s [%s]", name, module);
		name = with_module;
	}
	row.name = hearth_flat_intern_string(&w->names, name);
	if (line->name)
		row.system_name = hearth_flat_intern_string(&w->names, system_name);
	row.file = hearth_flat_intern_string(&w->names, line->file);
	return hearth_flat_intern(&w->names, HEARTH_PROFILE_FUNCTIONS, &row, sizeof(row));
}

void window_name(struct window *w, uint32_t frame, const struct hearth_symbol *symbol,
		 const struct hearth_symbol_line *lines)
{
	struct hearth_frame_lines *f = &w->frames[frame];

	*f = (struct hearth_frame_lines){ .count = symbol->n_lines };
	if (symbol->n_lines == 0) {
		f->cause = hearth_flat_intern_string(&w->names, symbol->cause ? symbol->cause :
						     NO_SYMBOL);
		return;
	}
	if (w->names.rows[HEARTH_PROFILE_LINES].count == 0)
		hearth_flat_append(&w->names, HEARTH_PROFILE_LINES, NULL,
				   sizeof(struct hearth_line));
	f->first = (uint32_t)w->names.rows[HEARTH_PROFILE_LINES].count;
	for (uint32_t i = 0; i < symbol->n_lines; i++) {
		struct hearth_line row = {
			.function = add_function(w, &lines[i], symbol->module),
			.line = lines[i].line,
			.column = lines[i].column,
		};

		hearth_flat_append(&w->names, HEARTH_PROFILE_LINES, &row, sizeof(row));
	}
}

void window_give_up(struct window *w, const char *cause)
{
	for (uint32_t i = 0; i < w->n_wanted; i++) {
		struct hearth_frame_lines *f = &w->frames[w->wanted[i].frame];

		if (f->count == 0 && f->cause == 0)
			f->cause = hearth_flat_intern_string(&w->names, cause);
	}
}

static void window_seal(struct window *w)
{
	w->is_sealed = true;
	for (uint32_t i = 0; i < w->n_frames; i++)
		hearth_flat_append(&w->names, HEARTH_PROFILE_FRAME_LINES, &w->frames[i],
				   sizeof(w->frames[i]));
	copy_table(w, HEARTH_PROFILE_LOSSES, sizeof(struct hearth_loss));
	losses_add_unnamed(w);
}

/* Names are worth less than samples: without memory for names the batch goes on without. */
static void window_drop_names(struct window *w)
{
	hearth_flat_done(&w->names);
	w->host->count(w->host, "windows_unnamed.out of memory", 1);
}

int32_t window_emit(struct window *w)
{
	if (!w->is_sealed)
		window_seal(w);
	if (w->names.error)
		window_drop_names(w);
	return hearth_flat_emit(&w->names, w->host, HEARTH_PROFILE_SCHEMA, &w->flat);
}
