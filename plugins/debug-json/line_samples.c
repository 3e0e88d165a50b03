/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a profile as they are: samples refer to stacks, stacks to frames, by index. */
#include <inttypes.h>
#include <stdio.h>

#include <hearth/profile.h>

#include "common/cleanup.h"
#include "line_internal.h"

static const char *frame_kind(uint32_t kind)
{
	static const char *const names[] = {
		[HEARTH_FRAME_UNKNOWN] = "unknown",
		[HEARTH_FRAME_KERNEL] = "kernel",
		[HEARTH_FRAME_NATIVE] = "native",
		[HEARTH_FRAME_JIT] = "jit",
		[HEARTH_FRAME_INTERPRETED] = "interpreted",
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}

static void write_lines(struct json_text *j, const struct hearth_flat *f,
			const struct hearth_frame_lines *lines)
{
	uint64_t n = hearth_flat_count(f, HEARTH_PROFILE_LINES);

	json_put_key(j, "lines");
	json_open(j, '[');
	for (uint32_t i = 0; i < lines->count && lines->first + (uint64_t)i < n; i++) {
		struct hearth_line line = hearth_profile_line(f, lines->first + (uint64_t)i);
		struct hearth_function function = hearth_profile_function(f, line.function);

		json_open(j, '{');
		line_string(j, "function", f, function.name);
		line_string(j, "system_name", f, function.system_name);
		line_string(j, "file", f, function.file);
		json_member_uint(j, "line", line.line);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_frame(struct json_text *j, const struct hearth_flat *f, uint64_t i)
{
	struct hearth_frame frame = hearth_profile_frame(f, i);
	struct hearth_binary binary = hearth_profile_binary(f, frame.binary);
	struct hearth_frame_lines lines = hearth_profile_frame_lines(f, i);
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, frame.address);
	json_open(j, '{');
	json_put_key(j, "kind");
	json_put_string(j, frame_kind(frame.kind));
	json_put_key(j, "address");
	json_put_string(j, address);
	json_put_key(j, "is_return");
	json_put_bool(j, frame.flags & HEARTH_FRAME_IS_RETURN);
	json_put_key(j, "is_raw");
	json_put_bool(j, frame.flags & HEARTH_FRAME_RAW);
	line_string(j, "binary", f, binary.path);
	write_lines(j, f, &lines);
	line_string(j, "cause", f, lines.cause ? lines.cause : frame.cause);
	json_close(j, '}');
}

static void write_stack(struct json_text *j, const struct hearth_flat *f, uint64_t i)
{
	struct hearth_stack stack = hearth_profile_stack(f, i);
	uint64_t n = hearth_flat_count(f, HEARTH_PROFILE_STACK_FRAMES);

	json_open(j, '{');
	json_put_key(j, "frames");
	json_open(j, '[');
	for (uint32_t k = 0; k < stack.count && stack.first + (uint64_t)k < n; k++)
		json_put_uint(j, hearth_profile_stack_frame(f, &stack, k));
	json_close(j, ']');
	line_string(j, "truncated", f, stack.truncated);
	json_close(j, '}');
}

static void write_sample(struct json_text *j, const struct hearth_flat *f, uint64_t i)
{
	struct hearth_sample s = hearth_profile_sample(f, i);
	struct hearth_thread t = hearth_profile_thread(f, s.thread);
	struct hearth_process p = hearth_profile_process(f, t.process);

	json_open(j, '{');
	json_member_uint(j, "time_ns", s.time_ns);
	json_member_uint(j, "value", s.value);
	json_member_uint(j, "stack", s.stack);
	json_member_uint(j, "pid", p.pid);
	json_member_uint(j, "tid", t.tid);
	line_string(j, "comm", f, t.comm ? t.comm : p.comm);
	json_put_key(j, "cpu");
	if (s.cpu == HEARTH_NO_CPU)
		json_put_null(j);
	else
		json_put_uint(j, s.cpu);
	if (s.period)
		json_member_uint(j, "period", s.period);
	json_close(j, '}');
}

static void write_table(struct json_text *j, const struct hearth_flat *f, const char *key,
			uint32_t id,
			void (*write_row)(struct json_text *, const struct hearth_flat *, uint64_t))
{
	json_put_key(j, key);
	json_open(j, '[');
	for (uint64_t i = 0; i < hearth_flat_count(f, id); i++)
		write_row(j, f, i);
	json_close(j, ']');
}

void line_samples(struct json_text *j, const struct hearth_flat *f)
{
	write_table(j, f, "frames", HEARTH_PROFILE_FRAMES, write_frame);
	write_table(j, f, "stacks", HEARTH_PROFILE_STACKS, write_stack);
	write_table(j, f, "samples", HEARTH_PROFILE_SAMPLES, write_sample);
}
