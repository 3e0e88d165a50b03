/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample costs no allocation: a window of ten thousand makes as many as one of ten, once the
 * recorder has seen windows of that size. Everybody's are counted, libc's own in qsort() too.
 */
#include <stdlib.h>
#include <string.h>

#include "common/perf_format.h"
#include "common/test_profile.h"
#include "perf_file.h"
#include "recorder.h"

static uint64_t n_allocations;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CAN_COUNT = 0 }; /* a sanitizer's allocator cannot be put aside */
#else
enum { CAN_COUNT = 1 };

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	n_allocations++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	n_allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	n_allocations++;
	return __libc_realloc(p, n);
}
#endif

enum { THREADS = 7, STACKS = 50, FEW = 10, MANY = 10000 };

struct writing {
	struct test_profile p;
	struct kernel_map kernel;
	struct recorder recorder;
	uint64_t n_bytes;
};

static int take(void *ctx, const void *records, size_t len)
{
	struct writing *w = ctx;

	w->n_bytes += len;
	return records ? 0 : -1;
}

static uint32_t stack(struct writing *w, uint32_t process, uint64_t i)
{
	struct hearth_binary app = { .path = hearth_flat_intern_string(&w->p.b, "/bin/app") };
	struct hearth_mapping map = { .start = 0x10000, .end = 0x90000, .process = process };
	uint32_t frames[12];

	map.binary = hearth_build_binary(&w->p.b, &app);
	if (w->p.b.rows[HEARTH_PROFILE_MAPPINGS].count == 0)
		hearth_build_mapping(&w->p.b, &map);
	for (uint64_t f = 0; f < 12; f++) {
		struct hearth_frame row = { .address = 0x100 * f + i, .kind = HEARTH_FRAME_NATIVE, .binary = map.binary };

		frames[f] = hearth_build_frame(&w->p.b, &row);
	}
	return hearth_build_stack(&w->p.b, frames, 12, 0);
}

/* The next window, with n samples of the same threads and stacks as ever. */
static const struct hearth_batch *window(struct writing *w, uint64_t n)
{
	struct hearth_process process = { .pid = 100, .start_time = 7 };
	uint32_t p, t[THREADS], s[STACKS];

	process.comm = hearth_flat_intern_string(&w->p.b, "app");
	p = hearth_build_process(&w->p.b, &process);
	for (uint32_t i = 0; i < THREADS; i++) {
		struct hearth_thread thread = { .process = p, .tid = 100 + i, .comm = process.comm };

		t[i] = hearth_build_thread(&w->p.b, &thread);
	}
	for (uint32_t i = 0; i < STACKS; i++)
		s[i] = stack(w, p, i);
	w->p.info.window_start_ns = w->p.info.window_end_ns;
	w->p.info.window_end_ns += MANY;
	for (uint64_t i = 0; i < n; i++) {
		struct hearth_sample row = {
			.time_ns = w->p.info.window_start_ns + i, .value = 1,
			.stack = s[i % STACKS], .thread = t[i % THREADS],
		};

		hearth_build_sample(&w->p.b, &row);
	}
	return test_profile_end(&w->p);
}

static uint64_t allocations_of(struct writing *w, uint64_t n)
{
	const struct event event = { .name = "cpu-clock", .period = 1000, .id = 1 };
	const struct hearth_batch *b = window(w, n);
	uint64_t before = n_allocations;
	struct hearth_flat flat;

	assert_int_equal(hearth_profile_open(&flat, b), 0);
	assert_int_equal(recorder_add(&w->recorder, &flat, &event, 1), 0);
	assert_int_equal(recorder_flush(&w->recorder), 0);
	return n_allocations - before;
}

static void check(bool is_merging)
{
	struct writing w = { .n_bytes = 0 };
	uint64_t few, many;

	test_profile_begin(&w.p);
	recorder_init(&w.recorder, &w.kernel);
	w.recorder.outlet = (struct recorder_outlet){ take, &w };
	w.recorder.order.is_merging = is_merging;
	assert_int_equal(recorder_begin(&w.recorder), 0);
	assert_true(allocations_of(&w, MANY) > 0 || !CAN_COUNT); /* it does count */
	w.n_bytes = 0;
	for (int round = 0; round < 5; round++) {
		few = allocations_of(&w, FEW);
		many = allocations_of(&w, MANY);
		assert_true(few <= 1 && many <= 2); /* qsort() of what does not fit on its stack */
	}
	assert_true(w.n_bytes >= 5 * (is_merging ? STACKS * THREADS : MANY + FEW) * 160u);
	recorder_done(&w.recorder);
	test_profile_done(&w.p);
}

TEST(a_sample_costs_no_allocation)
{
	check(false);
}

TEST(nor_does_one_that_is_merged)
{
	check(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_costs_no_allocation),
		cmocka_unit_test(nor_does_one_that_is_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
