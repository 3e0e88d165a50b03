/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording says when it did not get the rate that it asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <hearth/mock.h>

#include "report.h"
#include "settings.h"

#define S HEARTH_MOCK_SECOND

/* One CPU, busy for 10 s; answers whether the report has the words. */
static bool says(double asked_hz, uint64_t achieved_hz, uint64_t run_ns, const char *words)
{
	struct rate_row row = {
		.cpu = 1, .busy_ns = 10 * S, .ticks = 10 * achieved_hz, .run_ns = run_ns,
	};
	struct rate_result rate = { .rows = &row, .n = 1 };
	struct hearth_mock m;
	bool found;

	hearth_mock_init(&m, NULL);
	report_rate(&m.host, asked_hz, &rate);
	found = strstr(hearth_mock_reported(&m, "rate"), words) != NULL;
	assert_int_equal(hearth_mock_done(&m), 0);
	return found;
}

static void a_rate_that_was_kept_needs_no_words(void **state)
{
	(void)state;
	assert_false(says(100, 100, 5 * S, "mend"));
	assert_false(says(100, 96, 5 * S, "mend"));
}

static void samples_that_hold_up_their_clock_are_told_from_what_else_does(void **state)
{
	(void)state;
	assert_true(says(100, 60, S, "samples holds up their own clock: record with -F 45 or less"));
	assert_true(says(100, 60, S / 10, "held up, by other work in interrupts or by a hyperv"));
}

static void the_rate_to_ask_for_is_one_that_was_surpassed(void **state)
{
	(void)state;
	assert_true(says(90, 59, S, "-F 44 or less"));
	assert_true(says(1, 0, S, "-F 1 or less"));
}

static void a_limit_of_the_kernel_is_named_with_its_setting(void **state)
{
	int64_t max = 0;

	(void)state;
	assert_true(sysctl_read(SETTINGS_MAX_RATE_PATH, &max));
	assert_true(says((double)max * 2, 1, S, "sysctl kernel.perf_event_max_sample_rate="));
	assert_false(says((double)max, 1, S, "sysctl")); /* as -F max asks */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_that_was_kept_needs_no_words),
		cmocka_unit_test(samples_that_hold_up_their_clock_are_told_from_what_else_does),
		cmocka_unit_test(the_rate_to_ask_for_is_one_that_was_surpassed),
		cmocka_unit_test(a_limit_of_the_kernel_is_named_with_its_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
