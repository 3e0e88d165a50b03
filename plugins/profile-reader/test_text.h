/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file read to its end for tests, its samples as text: one line each, sorted, equal ones added up,
 * so that a test compares with what a person would write down.
 */
#pragma once

#include "common/test_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <hearth/profile.h>
#include <zlib.h>

#include "common/cleanup.h"
#include "format.h"
#include "formats.h"

struct reading {
	struct hearth_mock mock;
	struct hearth_mock emitted;     /* takes the batches */
	struct format_context context;
	struct recorded_files files;
	struct warnings warnings;
	struct input *input;
	const struct format *format;    /* NULL: not recognised */
	char path[64], *text;           /* what reading_text() answers */
	size_t len, capacity;
	uint32_t n_batches;
	int result;                     /* of the last read(): 0, or why it ended */
	bool is_with_types;             /* text tells events and types too */
};

/* Only the options that formats look at. */
static const struct hearth_option reading_options[] = {
	{ .name = "folded_comm", .type = HEARTH_BOOL, .def = "true" },
};

static const struct hearth_component reading_component = {
	.size = sizeof(reading_component),
	.kind = HEARTH_SOURCE,
	.name = "profile-reader",
	.emits = HEARTH_PROFILE_SCHEMA,
	.options = reading_options,
	.n_options = 1,
	.option_stride = sizeof(reading_options[0]),
};

static inline void reading_begin(struct reading *r, const void *bytes, size_t len)
{
	int fd;

	memset(r, 0, sizeof(*r));
	snprintf(r->path, sizeof(r->path), "/tmp/hearth-test-reading-XXXXXX");
	fd = mkostemp(r->path, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	hearth_mock_init(&r->mock, &reading_component);
	r->warnings = (struct warnings){ .host = &r->mock.host, .file = "file" };
	recorded_init(&r->files, &r->mock.host);
	assert_int_equal(input_open(r->path, &r->input), 0);
	r->context = (struct format_context){
		.host = &r->mock.host, .input = r->input, .files = &r->files, .warnings = &r->warnings,
	};
}

static inline void reading_done(struct reading *r)
{
	input_free(r->input);
	recorded_done(&r->files);
	free(r->text);
	assert_int_equal(hearth_mock_done(&r->mock), 0);
	assert_int_equal(unlink(r->path), 0);
}

__attribute__((format(printf, 2, 3))) static inline void reading_say(struct reading *r, const char *format,
								     ...)
{
	va_list args;
	int n;

	if (r->capacity - r->len < 8192) {
		r->capacity = r->capacity * 2 + (64 << 10);
		r->text = realloc(r->text, r->capacity);
		assert_non_null(r->text);
	}
	va_start(args, format);
	n = vsnprintf(r->text + r->len, r->capacity - r->len, format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < r->capacity - r->len);
	r->len += (size_t)n;
}

static inline void reading_say_lines(struct reading *r, const struct hearth_flat *f,
				     struct hearth_frame_lines lines)
{
	for (uint32_t i = 0; i < lines.count; i++) {
		struct hearth_line line = hearth_profile_line(f, lines.first + i);
		struct hearth_function function = hearth_profile_function(f, line.function);

		reading_say(r, "%s%s", i ? "<" : "", hearth_flat_string(f, function.name));
		if (function.system_name)
			reading_say(r, "(%s)", hearth_flat_string(f, function.system_name));
		if (function.file || line.line || line.column || function.start_line)
			reading_say(r, "@%s:%u:%u from %u", hearth_flat_string(f, function.file), line.line,
				    line.column, function.start_line);
	}
}

/* "name<outer[k] /bin/x+0x10", a return address as the byte before. */
static inline void reading_say_frame(struct reading *r, const struct hearth_flat *f, uint32_t index)
{
	static const char *const kinds[] = { "[?]", "[k]", "", "[j]", "[i]" };
	struct hearth_frame frame = hearth_profile_frame(f, index);
	struct hearth_binary binary = hearth_profile_binary(f, frame.binary);

	reading_say_lines(r, f, hearth_profile_frame_lines(f, index));
	assert_in_range(frame.kind, 0, ARRAY_SIZE(kinds) - 1);
	reading_say(r, "%s", kinds[frame.kind]);
	if (frame.binary)
		reading_say(r, " %s", hearth_flat_string(f, binary.path));
	for (uint32_t i = 0; i < binary.build_id_len; i++)
		reading_say(r, "%s%02x", i ? "" : "#", binary.build_id[i]);
	if (frame.address)
		reading_say(r, "%s0x%" PRIx64, frame.flags & HEARTH_FRAME_RAW ? "!" : "+",
			    frame.address - !!(frame.flags & HEARTH_FRAME_IS_RETURN));
}

/* "comm pid/tid thread_comm container | [cause] root; leaf | value weight" */
static inline void reading_say_sample(struct reading *r, const struct hearth_flat *f,
				      const struct hearth_profile_info *info, const struct hearth_sample *s)
{
	struct hearth_thread thread = hearth_profile_thread(f, s->thread);
	struct hearth_process process = hearth_profile_process(f, thread.process);
	struct hearth_stack stack = hearth_profile_stack(f, s->stack);

	if (r->is_with_types)
		reading_say(r, "%s ", hearth_flat_string(f, info->event));
	reading_say(r, "%s", hearth_flat_string(f, process.comm));
	if (process.pid || thread.tid)
		reading_say(r, " %u/%u", process.pid, thread.tid);
	if (thread.comm || process.container)
		reading_say(r, " %s %s", hearth_flat_string(f, thread.comm),
			    hearth_flat_string(f, process.container));
	if (s->cpu != HEARTH_NO_CPU)
		reading_say(r, " cpu%u", s->cpu);
	if (s->time_ns)
		reading_say(r, " at %" PRIu64, s->time_ns - info->clock_monotonic_ns + info->clock_realtime_ns);
	reading_say(r, " |");
	if (stack.truncated)
		reading_say(r, " [%s]", hearth_flat_string(f, stack.truncated));
	for (uint32_t i = stack.count; i-- > 0;) {
		reading_say(r, " ");
		reading_say_frame(r, f, hearth_profile_stack_frame(f, &stack, i));
		reading_say(r, i ? ";" : "");
	}
	reading_say(r, "\t%" PRIu64 " %" PRIu64 "\n", s->value,
		    s->period ? s->period : s->value * info->period);
}

static inline void reading_say_batch(struct reading *r, const struct hearth_batch *b)
{
	struct hearth_profile_info info;
	struct hearth_flat f = {};

	assert_int_equal(hearth_profile_open(&f, b), 0);
	info = hearth_profile_info(&f);
	assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES), b->n_items);
	if (r->is_with_types)
		reading_say(r, "%s: %s/%s %s/%s %" PRIu64 "\t0 0\n", hearth_flat_string(&f, info.event),
			    hearth_flat_string(&f, info.sample_type), hearth_flat_string(&f, info.sample_unit),
			    hearth_flat_string(&f, info.period_type), hearth_flat_string(&f, info.period_unit),
			    info.period);
	for (uint64_t i = 0; i < hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES); i++) {
		struct hearth_sample s = hearth_profile_sample(&f, i);

		reading_say_sample(r, &f, &info, &s);
	}
}

static inline int reading_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted lines, those of equal samples added up. */
static inline const char *reading_text(struct reading *r)
{
	_cleanup_free_ char *raw = r->text, **lines = calloc(r->len + 1, sizeof(*lines));
	size_t n = 0, next;

	r->text = NULL;
	r->len = r->capacity = 0;
	reading_say(r, "%s", "");
	for (char *line = raw, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		lines[n++] = line;
	}
	qsort(lines, n, sizeof(*lines), reading_order);
	for (size_t i = 0; i < n; i = next) {
		size_t len = (size_t)(strchr(lines[i], '\t') - lines[i]);
		uint64_t value = 0, weight = 0;

		for (next = i; next < n && strncmp(lines[i], lines[next], len + 1) == 0; next++) {
			char *end;

			value += strtoull(lines[next] + len, &end, 10);
			weight += strtoull(end, NULL, 10);
		}
		reading_say(r, "%.*s | %" PRIu64 " %" PRIu64 "\n", (int)len, lines[i], value, weight);
	}
	return r->text;
}

/* Reads to the end; answers r->result. The text of all batches is collected. */
static inline int reading_all(struct reading *r)
{
	uint8_t head[FORMAT_HEAD_BYTES];
	ssize_t n = input_peek(r->input, head, sizeof(head));
	struct draft *draft;
	void *reader;

	for (size_t i = 0; n > 0 && formats[i] && !r->format; i++)
		if (formats[i]->recognise(head, (size_t)n))
			r->format = formats[i];
	r->result = n < 0 ? (int)n : -ENOTSUP;
	if (!r->format)
		return r->result;
	assert_int_equal(r->format->open(&r->context, &reader), 0);
	while ((r->result = r->format->read(reader, &draft)) != 0) {
		if (r->result == -EINPROGRESS)
			continue;
		if (r->result < 0)
			break;
		assert_int_equal(draft_emit(draft, &r->mock.host), 0);
		reading_say_batch(r, hearth_mock_emitted(&r->mock, r->mock.n_emitted - 1));
		hearth_mock_forget_emitted(&r->mock);
		r->n_batches++;
	}
	r->format->close(reader);
	return r->result;
}
