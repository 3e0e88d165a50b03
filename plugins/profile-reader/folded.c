/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folded stacks → batches. The text says neither when nor on which CPU samples were taken, so a line
 * becomes one sample whose value is its count. Lines that make no sense are left out and counted.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

#include "folded_line.h"
#include "formats.h"
#include "named.h"
#include "text_lines.h"

enum {
	MAX_FRAMES = 64 << 10,     /* of one line */
	MAX_INLINED = 64,          /* functions of one frame */
	BATCH_BYTES = 32 << 20,
};

/* Frames of a batch by what they are: key row i is frame frames[i]. */
struct folded_key {
	uint32_t name;  /* string of the draft */
	uint32_t kind;  /* HEARTH_FRAME_*, or KEY_INLINED */
	uint32_t outer; /* of KEY_INLINED: the key that it was inlined into */
	uint32_t reserved;
};

enum { KEY_INLINED = 0x100, TABLE_KEYS = 2 };

struct folded {
	const struct format_context *context;
	struct draft draft;
	struct hearth_flat_builder keys;
	uint32_t *frames;   /* by key; 0: not made yet */
	size_t n_frames;    /* keys that there is room for */
	uint32_t *stack;    /* keys of a line, root first */
	struct text_lines lines;
	uint64_t n_stacks, n_two_counts; /* of the file */
	bool begins_with_comm, is_given, is_over;
};

static bool folded_recognise(const uint8_t *head, size_t n)
{
	const char *text = (const char *)head;

	for (size_t i = 0; i < n; i++)
		if (head[i] < ' ' && head[i] != '\n' && head[i] != '\t' && head[i] != '\r')
			return false;
	while (n) {
		const char *newline = memchr(text, '\n', n);
		size_t len = newline ? (size_t)(newline - text) : n;
		struct folded_line l = folded_line_parse(text, len);

		if (l.kind == FOLDED_STACK || l.kind == FOLDED_TOO_MUCH)
			return true;
		if (l.kind == FOLDED_NO_COUNT) /* or a long line that goes on behind the head */
			return !newline && memchr(text, ';', len);
		if (!newline)
			return false;
		n -= len + 1;
		text = newline + 1;
	}
	return false;
}

static void folded_close(void *reader)
{
	struct folded *f = reader;

	draft_done(&f->draft);
	hearth_flat_done(&f->keys);
	free(f->frames);
	free(f->stack);
	text_lines_done(&f->lines);
	free(f);
}

static int folded_open(const struct format_context *c, void **ret)
{
	struct folded *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->context = c;
	f->lines.input = c->input;
	f->begins_with_comm = c->host->option_int(c->host, "folded_comm");
	draft_init(&f->draft);
	hearth_flat_init(&f->keys);
	f->stack = calloc(MAX_FRAMES, sizeof(*f->stack));
	if (!f->stack) {
		folded_close(f);
		return -ENOMEM;
	}
	*ret = f;
	return 0;
}

/* ---- stacks ---- */

static uint32_t key_of_frame(struct folded *f, const struct folded_frame *frame, uint32_t outer)
{
	struct folded_key key = {
		.name = hearth_flat_string_n(&f->draft.builder, frame->name, frame->len),
		.kind = outer ? KEY_INLINED : frame->kind, .outer = outer,
	};

	return hearth_flat_intern(&f->keys, TABLE_KEYS, &key, sizeof(key));
}

static bool reserve_frames(struct folded *f, uint32_t key)
{
	size_t capacity = f->keys.rows[TABLE_KEYS].capacity;
	uint32_t *frames;

	if (key < f->n_frames)
		return true;
	frames = reallocarray(f->frames, capacity, sizeof(*frames));
	if (!frames) {
		f->draft.builder.error = -ENOMEM;
		return false;
	}
	memset(frames + f->n_frames, 0, (capacity - f->n_frames) * sizeof(*frames));
	f->frames = frames;
	f->n_frames = capacity;
	return true;
}

/* Inlined functions and what they were inlined into are one frame of several lines. */
static uint32_t make_frame(struct folded *f, uint32_t key)
{
	struct hearth_flat_builder *b = &f->draft.builder;
	struct hearth_line lines[MAX_INLINED];
	struct folded_key row = { .name = 0 };
	struct hearth_frame frame = { .address = 0 };
	uint32_t n = 0;

	for (; key; key = row.outer) {
		struct hearth_function function = { .name = 0 };

		memcpy(&row, hearth_flat_at(&f->keys, TABLE_KEYS, key), sizeof(row));
		function.name = row.name;
		lines[n] = (struct hearth_line){ .function = 0 };
		if (row.name)
			lines[n++].function = hearth_build_function(b, &function);
	}
	frame.kind = row.kind;
	return named_frame(b, &frame, lines, n);
}

static uint32_t frame_of_key(struct folded *f, uint32_t key)
{
	if (f->keys.error || !reserve_frames(f, key))
		return 0;
	if (!f->frames[key])
		f->frames[key] = make_frame(f, key);
	return f->frames[key];
}

/* Keys, root first, as they are written. An inlined function joins the frame before it. */
static uint32_t parse_frames(struct folded *f, const char *at, size_t len)
{
	struct folded_frame frame;
	uint32_t n = 0, n_lines = 0; /* of the frame before; 0: it has no name that could be joined */

	while (n < MAX_FRAMES && folded_next_frame(&at, &len, &frame)) {
		bool is_joining = frame.is_inlined && n_lines && n_lines < MAX_INLINED;

		if (is_joining)
			f->stack[n - 1] = key_of_frame(f, &frame, f->stack[n - 1]);
		else
			f->stack[n++] = key_of_frame(f, &frame, 0);
		n_lines = is_joining ? n_lines + 1 : frame.len != 0;
	}
	return n;
}

/* "[truncated: cause]" in front of all frames says why the stack was cut. */
static uint32_t take_cause(struct folded *f, const char **at, size_t *len)
{
	struct folded_frame frame;
	const char *rest = *at, *cause;
	size_t rest_len = *len, cause_len;

	if (!folded_next_frame(&rest, &rest_len, &frame))
		return 0;
	cause = folded_truncated(&frame, &cause_len);
	if (!cause)
		return 0;
	*at = rest;
	*len = rest_len;
	return hearth_flat_string_n(&f->draft.builder, cause, cause_len);
}

static uint32_t add_stack(struct folded *f, const char *at, size_t len)
{
	uint32_t cause = take_cause(f, &at, &len), n = parse_frames(f, at, len);

	if (f->keys.error)
		f->draft.builder.error = f->keys.error;
	for (uint32_t i = 0; i < n; i++)
		f->stack[i] = frame_of_key(f, f->stack[i]);
	for (uint32_t i = 0; i < n / 2; i++) { /* leaf first */
		uint32_t root = f->stack[i];

		f->stack[i] = f->stack[n - 1 - i];
		f->stack[n - 1 - i] = root;
	}
	return hearth_build_stack(&f->draft.builder, f->stack, n, cause);
}

/* The first part of a line, which names the process. */
static uint32_t take_thread(struct folded *f, const char **at, size_t *len)
{
	struct hearth_flat_builder *b = &f->draft.builder;
	struct hearth_process process = { .pid = 0 };
	struct hearth_thread thread = { .tid = 0 };
	const char *comm;
	size_t comm_len;

	if (!f->begins_with_comm)
		return 0;
	folded_take_comm(at, len, &comm, &comm_len);
	process.comm = hearth_flat_string_n(b, comm, comm_len);
	thread.process = hearth_build_process(b, &process);
	return hearth_build_thread(b, &thread);
}

static void add_sample(struct folded *f, const struct folded_line *l)
{
	struct hearth_sample s = { .value = l->count, .cpu = HEARTH_NO_CPU };
	const char *at = l->stack;
	size_t len = l->len;

	s.thread = take_thread(f, &at, &len);
	s.stack = add_stack(f, at, len);
	hearth_build_sample(&f->draft.builder, &s);
	f->n_stacks++;
	f->n_two_counts += l->has_two_counts;
}

/* ---- lines ---- */

static size_t n_parts(const struct folded_line *l)
{
	size_t n = 1;

	for (size_t i = 0; i < l->len; i++)
		n += l->stack[i] == ';';
	return n;
}

static void add_line(struct folded *f, const char *text, size_t len)
{
	struct folded_line l = folded_line_parse(text, len);
	struct warnings *w = f->context->warnings;

	if (l.is_rounded)
		warnings_add(w, "a count with a fraction was rounded", "line %" PRIu64 " has a fraction of "
			     "a sample; such counts are rounded", f->lines.number);
	if (l.kind == FOLDED_STACK && n_parts(&l) > MAX_FRAMES)
		warnings_add(w, "a line with too many frames was left out", "line %" PRIu64 " has more than %d "
			     "frames, so it is left out", f->lines.number, MAX_FRAMES);
	else if (l.kind == FOLDED_STACK)
		add_sample(f, &l);
	else if (l.kind == FOLDED_NO_COUNT)
		warnings_add(w, "a line without a count was left out", "line %" PRIu64 " does not end in a "
			     "count, so it is left out", f->lines.number);
	else if (l.kind == FOLDED_TOO_MUCH)
		warnings_add(w, "a line with an impossible count was left out", "line %" PRIu64 " has a "
			     "count of more than 64 bits, so it is left out", f->lines.number);
}

/* 1: a line was added or left out; else as text_lines_next(). */
static int next_line(struct folded *f)
{
	const struct format_context *c = f->context;
	const char *line;
	size_t len;
	int r = text_lines_next(&f->lines, &line, &len);

	if (r == 1) {
		add_line(f, line, len);
	} else if (r == -E2BIG) {
		warnings_add(c->warnings, "a line that is too long was left out", "line %" PRIu64 " is longer "
			     "than %d MiB, so it is left out", f->lines.number, TEXT_MAX_LINE_BYTES >> 20);
		return 1;
	} else if (r == -EBADMSG) {
		warnings_add(c->warnings, "the packed data is damaged", "the %s data is damaged or cut off at "
			     "byte %" PRIu64 " of the text, in line %" PRIu64 "; what comes before is read",
			     input_packing(c->input), input_offset(c->input), f->lines.number);
		return 0;
	}
	return r;
}

/* ---- batches ---- */

static void begin_batch(struct folded *f)
{
	draft_reset(&f->draft);
	hearth_flat_reset(&f->keys);
	if (f->n_frames)
		memset(f->frames, 0, f->n_frames * sizeof(*f->frames));
	f->is_given = false;
}

static bool is_full(const struct folded *f)
{
	const struct hearth_flat_builder *b = &f->draft.builder;

	return b->n_items >= FORMAT_BATCH_SAMPLES || b->error ||
	       b->text_len + 4 * b->rows[HEARTH_PROFILE_STACK_FRAMES].count >= BATCH_BYTES;
}

static int give_batch(struct folded *f, struct draft **ret)
{
	struct hearth_flat_builder *b = &f->draft.builder;
	struct hearth_profile_info info = {
		.event = hearth_flat_intern_string(b, "samples"),
		.sample_type = hearth_flat_intern_string(b, "samples"),
		.sample_unit = hearth_flat_intern_string(b, "count"),
	};

	for (uint64_t i = 0; i < b->n_items && !b->error; i++) {
		struct hearth_sample *s = hearth_flat_at(b, HEARTH_PROFILE_SAMPLES, (uint32_t)i);

		if (__builtin_add_overflow(info.samples_taken, s->value, &info.samples_taken))
			info.samples_taken = UINT64_MAX;
	}
	hearth_build_info(b, &info);
	f->is_given = true;
	*ret = &f->draft;
	return b->error ? b->error : 1;
}

static int judge(struct folded *f)
{
	struct warnings *w = f->context->warnings;

	if (f->context->event && strcmp(f->context->event, "samples") != 0)
		return warnings_fail(w, "folded stacks do not say of which event they are; leave out the "
				     "event %s", f->context->event);
	if (f->n_stacks && f->n_stacks == f->n_two_counts)
		return warnings_fail(w, "every stack has two counts, as difffolded.pl writes them: this is "
				     "a comparison; read one of the two profiles that it was made of");
	if (f->is_over && f->n_stacks == 0)
		return warnings_fail(w, "holds no stack with a count");
	return 0;
}

static int folded_read(void *reader, struct draft **ret)
{
	struct folded *f = reader;
	int r;

	if (f->is_given)
		begin_batch(f);
	while (!f->is_over && !is_full(f)) {
		r = next_line(f);
		if (r < 0)
			return r;
		f->is_over = r == 0;
	}
	r = judge(f);
	if (r < 0)
		return r;
	return f->draft.builder.n_items || f->draft.builder.error ? give_batch(f, ret) : 0;
}

const struct format folded_format = {
	.name = "folded",
	.recognise = folded_recognise,
	.open = folded_open,
	.read = folded_read,
	.close = folded_close,
};
