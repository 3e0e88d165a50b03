/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What batches hold as text for tests: one line per sample, sorted, equal ones added up, so that a
 * test compares with what a person would write down, or the batches of two ways with each other.
 */
#pragma once

#include "common/test_profile.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include <hearth/profile.h>

#include "common/cleanup.h"

/* Zero it before use, free `text` afterwards. */
struct batch_text {
	char *text;
	size_t len, capacity;
	bool is_with_types; /* tells events and types too */
};

__attribute__((format(printf, 2, 3))) static inline void batch_text_say(struct batch_text *t, const char *format,
								     ...)
{
	va_list args;
	int n;

	if (t->capacity - t->len < 8192) {
		t->capacity = t->capacity * 2 + (64 << 10);
		t->text = realloc(t->text, t->capacity);
		assert_non_null(t->text);
	}
	va_start(args, format);
	n = vsnprintf(t->text + t->len, t->capacity - t->len, format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < t->capacity - t->len);
	t->len += (size_t)n;
}

static inline void batch_text_lines(struct batch_text *t, const struct hearth_flat *f,
				     struct hearth_frame_lines lines)
{
	for (uint32_t i = 0; i < lines.count; i++) {
		struct hearth_line line = hearth_profile_line(f, lines.first + i);
		struct hearth_function function = hearth_profile_function(f, line.function);

		batch_text_say(t, "%s%s", i ? "<" : "", hearth_flat_string(f, function.name));
		if (function.system_name)
			batch_text_say(t, "(%s)", hearth_flat_string(f, function.system_name));
		if (function.file || line.line || line.column || function.start_line)
			batch_text_say(t, "@%s:%u:%u from %u", hearth_flat_string(f, function.file), line.line,
				    line.column, function.start_line);
	}
}

/* "name<outer[k] /bin/x+0x10", a return address as the byte before. */
static inline void batch_text_frame(struct batch_text *t, const struct hearth_flat *f, uint32_t index)
{
	static const char *const kinds[] = { "[?]", "[k]", "", "[j]", "[i]" };
	struct hearth_frame frame = hearth_profile_frame(f, index);
	struct hearth_binary binary = hearth_profile_binary(f, frame.binary);

	batch_text_lines(t, f, hearth_profile_frame_lines(f, index));
	assert_in_range(frame.kind, 0, ARRAY_SIZE(kinds) - 1);
	batch_text_say(t, "%s", kinds[frame.kind]);
	if (frame.binary)
		batch_text_say(t, " %s", hearth_flat_string(f, binary.path));
	for (uint32_t i = 0; i < binary.build_id_len; i++)
		batch_text_say(t, "%s%02x", i ? "" : "#", binary.build_id[i]);
	if (frame.address)
		batch_text_say(t, "%s0x%" PRIx64, frame.flags & HEARTH_FRAME_RAW ? "!" : "+",
			    frame.address - !!(frame.flags & HEARTH_FRAME_IS_RETURN));
}

/* "comm pid/tid thread_comm container | [cause] root; leaf | value weight" */
static inline void batch_text_sample(struct batch_text *t, const struct hearth_flat *f,
				      const struct hearth_profile_info *info, const struct hearth_sample *s)
{
	struct hearth_thread thread = hearth_profile_thread(f, s->thread);
	struct hearth_process process = hearth_profile_process(f, thread.process);
	struct hearth_stack stack = hearth_profile_stack(f, s->stack);

	if (t->is_with_types)
		batch_text_say(t, "%s ", hearth_flat_string(f, info->event));
	batch_text_say(t, "%s", hearth_flat_string(f, process.comm));
	if (process.pid || thread.tid)
		batch_text_say(t, " %u/%u", process.pid, thread.tid);
	if (thread.comm || process.container)
		batch_text_say(t, " %s %s", hearth_flat_string(f, thread.comm),
			    hearth_flat_string(f, process.container));
	if (s->cpu != HEARTH_NO_CPU)
		batch_text_say(t, " cpu%u", s->cpu);
	if (s->time_ns)
		batch_text_say(t, " at %" PRIu64, s->time_ns - info->clock_monotonic_ns + info->clock_realtime_ns);
	batch_text_say(t, " |");
	if (stack.truncated)
		batch_text_say(t, " [%s]", hearth_flat_string(f, stack.truncated));
	for (uint32_t i = stack.count; i-- > 0;) {
		batch_text_say(t, " ");
		batch_text_frame(t, f, hearth_profile_stack_frame(f, &stack, i));
		batch_text_say(t, i ? ";" : "");
	}
	batch_text_say(t, "\t%" PRIu64 " %" PRIu64 "\n", s->value,
		    s->period ? s->period : s->value * info->period);
}

static inline void batch_text_add(struct batch_text *t, const struct hearth_batch *b)
{
	struct hearth_profile_info info;
	struct hearth_flat f = {};

	assert_int_equal(hearth_profile_open(&f, b), 0);
	info = hearth_profile_info(&f);
	assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES), b->n_items);
	if (t->is_with_types)
		batch_text_say(t, "%s: %s/%s %s/%s %" PRIu64 "\t0 0\n", hearth_flat_string(&f, info.event),
			    hearth_flat_string(&f, info.sample_type), hearth_flat_string(&f, info.sample_unit),
			    hearth_flat_string(&f, info.period_type), hearth_flat_string(&f, info.period_unit),
			    info.period);
	for (uint64_t i = 0; i < hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES); i++) {
		struct hearth_sample s = hearth_profile_sample(&f, i);

		batch_text_sample(t, &f, &info, &s);
	}
}

static inline int batch_text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted lines, those of equal samples added up. */
static inline const char *batch_text_sorted(struct batch_text *t)
{
	_cleanup_free_ char *raw = t->text, **lines = calloc(t->len + 1, sizeof(*lines));
	size_t n = 0, next;

	t->text = NULL;
	t->len = t->capacity = 0;
	batch_text_say(t, "%s", "");
	for (char *line = raw, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		lines[n++] = line;
	}
	qsort(lines, n, sizeof(*lines), batch_text_order);
	for (size_t i = 0; i < n; i = next) {
		size_t len = (size_t)(strchr(lines[i], '\t') - lines[i]);
		uint64_t value = 0, weight = 0;

		for (next = i; next < n && strncmp(lines[i], lines[next], len + 1) == 0; next++) {
			char *end;

			value += strtoull(lines[next] + len, &end, 10);
			weight += strtoull(end, NULL, 10);
		}
		batch_text_say(t, "%.*s | %" PRIu64 " %" PRIu64 "\n", (int)len, lines[i], value, weight);
	}
	return t->text;
}
