/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <time.h>

#include "util/clock.h"
#include "util/cleanup.h"

static void clock_is_that_of_the_kernel(void **state)
{
	struct timespec before, after;
	uint64_t now;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	now = clock_monotonic_ns();
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_in_range(now, (uint64_t)before.tv_sec * NS_PER_S + (uint64_t)before.tv_nsec,
			(uint64_t)after.tv_sec * NS_PER_S + (uint64_t)after.tv_nsec);
	assert_true(clock_realtime_ns() > 1700000000 * NS_PER_S);
}

static void clock_stands_still_where_a_test_puts_it(void **state)
{
	(void)state;
	clock_fake(7, 11);
	assert_int_equal(clock_monotonic_ns(), 7);
	assert_int_equal(clock_realtime_ns(), 11);
	clock_fake(0, 0);
	assert_true(clock_monotonic_ns() > 11);
	assert_true(clock_realtime_ns() > 11);
}

static void clock_formats_utc(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 951782399, "2000-02-28T23:59:59Z" },
		{ 951782400, "2000-02-29T00:00:00Z" },
		{ 1795253400, "2026-11-21T09:30:00Z" },
		{ UINT64_MAX / NS_PER_S, "2554-07-21T23:34:33Z" },
	};
	char text[21];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		clock_format_utc(rows[i].seconds * NS_PER_S, text);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_is_that_of_the_kernel),
		cmocka_unit_test(clock_stands_still_where_a_test_puts_it),
		cmocka_unit_test(clock_formats_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
