/* SPDX-License-Identifier: Apache-2.0 */
/* A round that comes too early makes readers attribute samples wrongly, with no error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rounds.h"

enum { A = 1, B = 2 };

static void each_window_of_one_source_is_a_round(void **state)
{
	struct rounds r = {};

	(void)state;
	for (uint64_t t = 0; t < 5; t++)
		assert_true(rounds_end_window(&r, A, 10 * t, 10 * t + 10));
}

static void a_window_told_in_two_batches_is_one_round(void **state)
{
	struct rounds r = {};

	(void)state;
	assert_true(rounds_end_window(&r, A, 0, 10));
	assert_false(rounds_end_window(&r, A, 0, 10));
}

/* Simulates a reader: nothing may be older than what it has let go of. */
static void a_slow_source_is_waited_for(void **state)
{
	struct rounds r = {};
	uint64_t newest = 50, next_flush = 50, flushed = 0;

	(void)state;
	assert_true(rounds_end_window(&r, B, 0, 50));
	for (uint64_t t = 0; t < 200; t++) {
		uint64_t source = t % 6 == 5 ? B : A; /* five windows of A, then one of B as long as they */
		uint64_t start = 50 + (source == B ? t / 6 * 50 : (t - t / 6) * 10);
		uint64_t end = start + (source == B ? 50 : 10);

		assert_true(rounds_allow(&r, start));
		assert_true(start >= flushed);
		newest = end > newest ? end : newest;
		if (rounds_end_window(&r, source, start, end)) {
			flushed = next_flush;
			next_flush = newest;
		}
	}
	assert_true(flushed > 1000);
}

static void a_source_that_comes_too_late_is_not_allowed(void **state)
{
	struct rounds r = {};

	(void)state;
	(void)rounds_end_window(&r, A, 0, 10);
	(void)rounds_end_window(&r, A, 10, 20);
	assert_false(rounds_allow(&r, 5));
	assert_true(rounds_allow(&r, 10));
	assert_false(rounds_end_window(&r, B, 5, 15));
	assert_false(rounds_end_window(&r, A, 20, 30)); /* never again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_window_of_one_source_is_a_round),
		cmocka_unit_test(a_window_told_in_two_batches_is_one_round),
		cmocka_unit_test(a_slow_source_is_waited_for),
		cmocka_unit_test(a_source_that_comes_too_late_is_not_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
