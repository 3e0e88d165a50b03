/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of plugins: cmocka, the mock host, and profiles of a few lines.
 *
 *	struct test_profile p;
 *
 *	test_profile_begin(&p);
 *	uint32_t leaf = test_frame(&p, HEARTH_FRAME_NATIVE, "/usr/bin/gzip", 7, 0x4883, 0);
 *	test_sample(&p, "gzip", (uint32_t[]){ leaf }, 1, NULL);
 *	hearth_mock_feed(&m, test_profile_end(&p));
 *	test_profile_done(&p);
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hearth/mock.h>
#include <hearth/profile_builder.h>

#undef fail /* cmocka's; it hides hearth_host.fail */

#define TEST(name) static void name(void **state __attribute__((unused)))

struct test_profile {
	struct hearth_mock source;
	struct hearth_flat_builder b;
	struct hearth_profile_info info;
	uint32_t n_batches;
};

static inline void test_profile_begin(struct test_profile *p)
{
	memset(p, 0, sizeof(*p));
	hearth_mock_init(&p->source, NULL);
	hearth_flat_init(&p->b);
	p->info.period = 1003009;
	p->info.window_start_ns = 1000 * HEARTH_MOCK_SECOND;
	p->info.window_end_ns = 1005 * HEARTH_MOCK_SECOND;
	p->info.clock_monotonic_ns = 1000 * HEARTH_MOCK_SECOND;
	p->info.clock_realtime_ns = 1790000000ull * HEARTH_MOCK_SECOND;
}

/* A frame with an ELF address in a file; handle 0: the file was not opened. */
static inline uint32_t test_frame(struct test_profile *p, uint32_t kind, const char *path,
				  uint64_t handle, uint64_t address, uint32_t flags)
{
	struct hearth_binary binary = { .handle = handle };
	struct hearth_frame frame = { .address = address, .kind = kind, .flags = flags };

	binary.path = hearth_flat_intern_string(&p->b, path);
	frame.binary = path ? hearth_build_binary(&p->b, &binary) : 0;
	return hearth_build_frame(&p->b, &frame);
}

/* Names a frame, made last: innermost first. NULL-ended. */
static inline void test_names(struct test_profile *p, uint32_t frame, const char *const *names)
{
	struct hearth_flat_builder *b = &p->b;
	struct hearth_frame_lines lines = { .count = 0 };

	if (b->rows[HEARTH_PROFILE_LINES].count == 0)
		hearth_flat_append(b, HEARTH_PROFILE_LINES, NULL, sizeof(struct hearth_line));
	while (b->rows[HEARTH_PROFILE_FRAME_LINES].count < frame)
		hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, NULL, sizeof(lines));
	if (b->rows[HEARTH_PROFILE_FRAME_LINES].count > frame)
		return;
	lines.first = (uint32_t)b->rows[HEARTH_PROFILE_LINES].count;
	for (; *names; names++, lines.count++) {
		struct hearth_function function = { .name = hearth_flat_intern_string(b, *names) };
		struct hearth_line line = {
			.function = hearth_flat_intern(b, HEARTH_PROFILE_FUNCTIONS, &function,
						       sizeof(function)),
		};

		hearth_flat_append(b, HEARTH_PROFILE_LINES, &line, sizeof(line));
	}
	hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, &lines, sizeof(lines));
}

/* A frame with one name, at an address made of it. */
static inline uint32_t test_named(struct test_profile *p, uint32_t kind, const char *name)
{
	const char *const names[] = { name, NULL };
	uint32_t frame = test_frame(p, kind, kind == HEARTH_FRAME_KERNEL ? "[kernel]" : "/bin/test", 1,
				    hearth_flat_hash(name, strlen(name)), 0);

	test_names(p, frame, names);
	return frame;
}

/* n frames, leaf first; cut: why the stack is truncated, or NULL. */
static inline void test_sample(struct test_profile *p, const char *comm, const uint32_t *frames,
			       uint32_t n, const char *cut)
{
	struct hearth_process process = { .pid = 100 };
	struct hearth_thread thread = { .tid = 100 };
	struct hearth_sample sample = { .time_ns = p->info.window_start_ns + 1, .value = 1, .cpu = 0 };

	process.comm = hearth_flat_intern_string(&p->b, comm);
	thread.process = hearth_build_process(&p->b, &process);
	sample.thread = hearth_build_thread(&p->b, &thread);
	sample.stack = hearth_build_stack(&p->b, frames, n, hearth_flat_intern_string(&p->b, cut));
	hearth_build_sample(&p->b, &sample);
}

/* Lays a batch of an event out and begins the next one; valid until done. */
static inline const struct hearth_batch *test_profile_end_as(struct test_profile *p,
							     const char *event, const char *unit)
{
	p->info.event = hearth_flat_intern_string(&p->b, event);
	p->info.sample_type = hearth_flat_intern_string(&p->b, "samples");
	p->info.sample_unit = hearth_flat_intern_string(&p->b, unit);
	p->info.period_type = hearth_flat_intern_string(&p->b, "cpu");
	p->info.period_unit = hearth_flat_intern_string(&p->b, "nanoseconds");
	p->info.samples_taken = p->b.n_items;
	hearth_build_info(&p->b, &p->info);
	if (hearth_flat_emit(&p->b, &p->source.host, HEARTH_PROFILE_SCHEMA, NULL) < 0)
		abort();
	hearth_flat_reset(&p->b);
	return hearth_mock_emitted(&p->source, p->n_batches++);
}

static inline const struct hearth_batch *test_profile_end(struct test_profile *p)
{
	return test_profile_end_as(p, "cpu-clock", "count");
}

static inline void test_profile_done(struct test_profile *p)
{
	hearth_flat_done(&p->b);
	assert_int_equal(hearth_mock_done(&p->source), 0);
}
