/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc/stat and the ticks of the clock say of the rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "rate.h"

static void idle_time_is_what_no_clock_can_tick_in(void **state)
{
	static const char text[] = "cpu  9 9 9 9 9 9 9 9 0 0\n"
				   "cpu0 100 2 30 4000 500 6 7 80 9 10\n"
				   "cpu2 1 1 1 7 0 0 0 0 0 0\n"
				   "cpu9 1 1 1 7 0 0 0 0 0 0\n"
				   "intr 123 4 5 6\nctxt 99\n";
	struct rate_cpu cpus[3] = {};

	(void)state;
	assert_int_equal(rate_parse(text, cpus, ARRAY_SIZE(cpus)), 0);
	assert_true(cpus[0].is_online);
	assert_int_equal(cpus[0].idle_ns, (4000 + 500 + 80) * 10000000ull);
	assert_false(cpus[1].is_online);
	assert_int_equal(cpus[2].idle_ns, 70000000);
}

static void a_line_that_is_cut_is_refused(void **state)
{
	static const char *const texts[] = { "cpu0", "cpu0 1 2 3", "cpu0 1 2 3 4 5 6 x 8\n",
					     "cpu1 1 2 3 4 5 6 7" };
	struct rate_cpu cpus[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(rate_parse(texts[i], cpus, ARRAY_SIZE(cpus)), -EBADMSG);
	assert_int_equal(rate_parse("", cpus, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_time_is_what_no_clock_can_tick_in),
		cmocka_unit_test(a_line_that_is_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
