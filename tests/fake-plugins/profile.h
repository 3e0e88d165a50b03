/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small well-formed profile as a third-party source would send it: process 4242 "fake", four
 * stacks of named functions, each of the n samples in one of them in turn.
 *
 *   fake;main;serve;parse   fake;main;serve;render   fake;main;serve   fake;main;idle
 */
#pragma once

#include <hearth/profile_builder.h>

/* A frame named `name`; frame and line tables stay parallel because each name is added once. */
static inline uint32_t fake_frame(struct hearth_flat_builder *b, const char *name, uint64_t address)
{
	struct hearth_function function = { .name = hearth_flat_intern_string(b, name),
					    .start = address };
	struct hearth_binary binary = { .path = hearth_flat_intern_string(b, "/opt/fake") };
	struct hearth_frame frame = { .address = address + 4,
				      .binary = hearth_build_binary(b, &binary),
				      .kind = HEARTH_FRAME_NATIVE };
	struct hearth_line line = { .function = hearth_build_function(b, &function), .line = 7 };
	struct hearth_frame_lines lines = { .count = 1 };
	uint32_t known = b->rows[HEARTH_PROFILE_FRAMES].count;
	uint32_t index = hearth_build_frame(b, &frame);

	if (index < known)
		return index;
	if (known == 0)
		hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, NULL, sizeof(lines));
	lines.first = hearth_flat_intern(b, HEARTH_PROFILE_LINES, &line, sizeof(line));
	hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, &lines, sizeof(lines));
	return index;
}

static inline uint32_t fake_stack(struct hearth_flat_builder *b, uint64_t which)
{
	uint32_t main_ = fake_frame(b, "main", 0x1000), serve = fake_frame(b, "serve", 0x2000);
	const uint32_t parse[] = { fake_frame(b, "parse", 0x3000), serve, main_ };
	const uint32_t render[] = { fake_frame(b, "render", 0x4000), serve, main_ };
	const uint32_t idle[] = { fake_frame(b, "idle", 0x5000), main_ };

	switch (which % 4) {
	case 0:
		return hearth_build_stack(b, parse, 3, 0);
	case 1:
		return hearth_build_stack(b, render, 3, 0);
	case 2:
		return hearth_build_stack(b, parse + 1, 2, 0);
	default:
		return hearth_build_stack(b, idle, 2, 0);
	}
}

/* Emits n samples of the window [start_ns, end_ns); the first has number `first`. */
static inline int32_t fake_profile_emit(const struct hearth_host *h, uint64_t first, uint64_t n,
					uint64_t start_ns, uint64_t end_ns)
{
	struct hearth_profile_info info = { .period = 10000000, .samples_taken = n,
					    .window_start_ns = start_ns, .window_end_ns = end_ns };
	struct hearth_process process = { .pid = 4242 };
	struct hearth_thread thread = { .tid = 4242 };
	struct hearth_sample sample = { .value = 1, .cpu = HEARTH_NO_CPU };
	struct hearth_flat_builder b;
	int32_t r;

	hearth_flat_init(&b);
	info.event = hearth_flat_intern_string(&b, "fake-clock");
	info.sample_type = hearth_flat_intern_string(&b, "samples");
	info.sample_unit = hearth_flat_intern_string(&b, "count");
	info.period_type = hearth_flat_intern_string(&b, "cpu");
	info.period_unit = hearth_flat_intern_string(&b, "nanoseconds");
	hearth_build_info(&b, &info);
	process.comm = thread.comm = hearth_flat_intern_string(&b, "fake");
	thread.process = hearth_build_process(&b, &process);
	sample.thread = hearth_build_thread(&b, &thread);
	for (uint64_t i = 0; i < n; i++) {
		sample.stack = fake_stack(&b, first + i);
		sample.time_ns = start_ns;
		hearth_build_sample(&b, &sample);
	}
	r = hearth_flat_emit(&b, h, HEARTH_PROFILE_SCHEMA, NULL);
	hearth_flat_done(&b);
	if (r == 0)
		h->count(h, "samples_taken", n);
	return r;
}
