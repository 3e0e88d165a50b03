/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of profiles with an end, whose stacks stand in a file. A line is a stack:
 *
 *   PID TID COMM THREAD CONTAINER COUNT FRAME;FRAME;…     parted by tabs, root first
 *
 * CONTAINER and the frames may be empty. A frame ends in `_[k]`, `_[j]`, `_[i]` or `_[u]` where it is
 * of the kernel, compiled at run time, interpreted or unknown; `outer|inner` is a frame with an
 * inlined function, `read in /lib/libc.so.6` one of a certain binary; `[cut] CAUSE` in front of the
 * frames says why the stack begins there.
 */
#include <stdio.h>
#include <string.h>

#include <hearth/profile_builder.h>

#include "fake.h"

enum { MAX_FIELDS = 7, MAX_FRAMES = 1024 };

static const struct hearth_option options[] = {
	{ .name = "path", .type = HEARTH_STRING, .help = "The file" },
	{ .name = "seconds", .type = HEARTH_INT, .def = "60", .min = 1, .max = 86400,
	  .help = "What the recording is said to have taken" },
	{ .name = "batch", .type = HEARTH_INT, .def = "4000", .min = 1, .max = 1000000,
	  .help = "Lines per batch" },
	{ .name = "event", .type = HEARTH_STRING, .def = "cpu-clock", .help = "What is sampled" },
	{ .name = "sample_period", .type = HEARTH_INT, .def = "0", .min = 0, .max = 1000000000,
	  .help = "A period of their own that samples have; 0: none" },
};

struct stacks {
	const struct hearth_host *host;
	FILE *file;
	struct hearth_flat_builder b;
	uint64_t start_ns, n_lines;
	uint32_t is_sent, is_over;
};

static uint32_t line_of(struct hearth_flat_builder *b, const char *name, size_t len)
{
	struct hearth_function function = { .name = hearth_flat_string_n(b, name, len) };
	struct hearth_line line = { .function = hearth_build_function(b, &function), .line = 1 };

	return hearth_flat_append(b, HEARTH_PROFILE_LINES, &line, sizeof(line));
}

/* Cuts "_[k]" off; answers the kind. */
static uint32_t take_kind(const char *name, size_t *len)
{
	static const char letters[] = "ukNji"; /* in the order of HEARTH_FRAME_* */
	const char *tail = name + *len - 4, *letter;

	if (*len < 5 || strncmp(tail, "_[", 2) != 0 || tail[3] != ']')
		return HEARTH_FRAME_NATIVE;
	letter = strchr(letters, tail[2]);
	if (!letter || !*letter)
		return HEARTH_FRAME_NATIVE;
	*len -= 4;
	return (uint32_t)(letter - letters);
}

/* Cuts " in /lib/libc.so.6" off; without it, the binary is one that is made up. */
static uint32_t take_binary(struct hearth_flat_builder *b, const char *name, size_t *len)
{
	static const char in[] = " in ";
	const char *path = memmem(name, *len, in, sizeof(in) - 1);
	const char *end = name + *len;

	if (!path)
		return hearth_flat_intern_string(b, *len > 4 && strncmp(end - 4, "_[k]", 4) == 0 ?
							    "[kernel]" : "/opt/fake/bin/compiler");
	*len = (size_t)(path - name);
	path += sizeof(in) - 1;
	return hearth_flat_string_n(b, path, (size_t)(end - path));
}

static uint32_t frame_of(struct hearth_flat_builder *b, const char *name, size_t len)
{
	struct hearth_frame frame = { .address = (uint64_t)hearth_flat_hash(name, len) << 32 |
						 hearth_flat_hash(name, len / 2) };
	struct hearth_frame_lines lines = { .count = 1 };
	struct hearth_binary binary = { .path = 0 };
	const char *inner;
	uint32_t known = (uint32_t)b->rows[HEARTH_PROFILE_FRAMES].count, index;

	binary.path = take_binary(b, name, &len);
	frame.kind = take_kind(name, &len);
	frame.binary = hearth_build_binary(b, &binary);
	index = hearth_build_frame(b, &frame);
	if (index < known)
		return index;
	if (known == 0) {
		hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, NULL, sizeof(lines));
		hearth_flat_append(b, HEARTH_PROFILE_LINES, NULL, sizeof(struct hearth_line));
	}
	inner = (const char *)memchr(name, '|', len);
	if (inner) {
		lines.first = line_of(b, inner + 1, len - (size_t)(inner + 1 - name));
		line_of(b, name, (size_t)(inner - name));
		lines.count = 2;
	} else {
		lines.first = line_of(b, name, len);
	}
	hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, &lines, sizeof(lines));
	return index;
}

static uint32_t stack_of(struct hearth_flat_builder *b, char *text)
{
	static const char cut[] = "[cut] ";
	uint32_t frames[MAX_FRAMES], n = 0, cause = 0, leaf_first[MAX_FRAMES];
	char *next;

	for (; *text && n < MAX_FRAMES; text = next) {
		size_t len = strcspn(text, ";");

		next = text + len + (text[len] == ';');
		if (n == 0 && strncmp(text, cut, sizeof(cut) - 1) == 0)
			cause = hearth_flat_string_n(b, text + sizeof(cut) - 1, len - (sizeof(cut) - 1));
		else
			frames[n++] = frame_of(b, text, len);
	}
	for (uint32_t i = 0; i < n; i++)
		leaf_first[i] = frames[n - 1 - i];
	return hearth_build_stack(b, leaf_first, n, cause);
}

static void add_line(struct stacks *s, char *text)
{
	struct hearth_sample sample = {
		.time_ns = s->start_ns, .value = 1,
		.period = (uint64_t)s->host->option_int(s->host, "sample_period"),
	};
	struct hearth_process process = { .start_time = 1 };
	struct hearth_thread thread = { .tid = 0 };
	char *field[MAX_FIELDS];

	for (size_t i = 0; i < MAX_FIELDS; i++) {
		field[i] = text;
		text += strcspn(text, "\t\n");
		if (*text)
			*text++ = 0;
	}
	process.pid = (uint32_t)strtoul(field[0], NULL, 10);
	process.comm = hearth_flat_intern_string(&s->b, field[2]);
	process.container = hearth_flat_intern_string(&s->b, field[4]);
	thread.tid = (uint32_t)strtoul(field[1], NULL, 10);
	thread.comm = hearth_flat_intern_string(&s->b, field[3]);
	thread.process = hearth_build_process(&s->b, &process);
	sample.thread = hearth_build_thread(&s->b, &thread);
	sample.stack = stack_of(&s->b, field[6]);
	for (uint64_t n = strtoull(field[5], NULL, 10); n > 0; n--) {
		sample.cpu = (uint32_t)(s->b.n_items % 2);
		hearth_build_sample(&s->b, &sample);
	}
}

static void add_info(struct stacks *s)
{
	const struct hearth_host *h = s->host;
	struct hearth_profile_info info = {
		.period = 1003009,
		.samples_taken = s->b.n_items,
		.window_start_ns = s->start_ns,
		.window_end_ns = s->start_ns + (uint64_t)h->option_int(h, "seconds") * 1000000000u,
		.clock_monotonic_ns = s->start_ns,
		.clock_realtime_ns = 1790000000000000000u,
	};

	info.event = hearth_flat_intern_string(
		&s->b, h->option_string(h, "event"));
	info.sample_type = hearth_flat_intern_string(&s->b, "samples");
	info.sample_unit = hearth_flat_intern_string(&s->b, "count");
	info.period_type = hearth_flat_intern_string(&s->b, "cpu");
	info.period_unit = hearth_flat_intern_string(&s->b, "nanoseconds");
	hearth_build_info(&s->b, &info);
}

static void fill(struct stacks *s)
{
	int64_t left = s->host->option_int(s->host, "batch");
	char *text = NULL;
	size_t size = 0;

	while (left-- > 0) {
		if (getline(&text, &size, s->file) < 0) {
			s->is_over = 1;
			break;
		}
		add_line(s, text);
	}
	free(text);
	add_info(s);
}

/* Emits one batch, then lets other callbacks have their turn; a full route is waited for. */
static void go_on(void *instance)
{
	struct stacks *s = instance;
	const struct hearth_host *h = s->host;
	uint64_t n;

	if (s->is_over && s->is_sent)
		return h->finished(h);
	if (s->is_sent || s->b.n_items == 0) {
		hearth_flat_reset(&s->b);
		fill(s);
		s->is_sent = 0;
	}
	n = s->b.n_items;
	if (hearth_flat_emit(&s->b, h, HEARTH_PROFILE_SCHEMA, NULL) < 0)
		return; /* on_writable follows */
	h->count(h, "samples_taken", n);
	s->is_sent = 1;
	(void)h->wake(h);
}

static int32_t stacks_create(const struct hearth_host *h, void **ret)
{
	struct stacks *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->host = h;
	hearth_flat_init(&s->b);
	*ret = s;
	return 0;
}

static int32_t start(void *instance)
{
	struct stacks *s = instance;
	const char *path = s->host->option_string(s->host, "path");

	s->file = path ? fopen(path, "re") : NULL;
	if (!s->file)
		return -ENOENT;
	s->start_ns = s->host->now_ns(s->host);
	return s->host->wake(s->host);
}

static void destroy(void *instance)
{
	struct stacks *s = instance;

	if (s->file)
		fclose(s->file);
	hearth_flat_done(&s->b);
	free(s);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SOURCE,
	.flags = HEARTH_FINITE,
	.name = "fake-stacks",
	.summary = "Samples whose stacks stand in a file",
	.emits = HEARTH_PROFILE_SCHEMA,
	FAKE_OPTIONS(options),
	.create = stacks_create,
	.start = start,
	.on_wake = go_on,
	.on_writable = go_on,
	.destroy = destroy,
};

FAKE_PLUGIN("fake-stacks");
