/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "stat/report.h"

static int setup(void **state)
{
	return counters_new((struct counters **)state);
}

static int teardown(void **state)
{
	counters_free(*state);
	(void)fail_configure(NULL);
	return 0;
}

static void report_of_no_counters_is_an_empty_object(void **state)
{
	_cleanup_(buf_done) struct buf b = {};

	assert_int_equal(counters_write_json(*state, &b), 0);
	assert_string_equal(buf_text(&b), "{}");
}

static void report_is_json_in_the_order_of_the_names(void **state)
{
	_cleanup_(buf_done) struct buf b = {};

	counters_add(*state, "sent", UINT64_MAX);
	counters_add(*state, "dropped \"full\"", 1);
	assert_int_equal(counters_write_json(*state, &b), 0);
	assert_string_equal(buf_text(&b),
			    "{\"dropped \\\"full\\\"\":1,\"sent\":18446744073709551615}");
}

static void report_without_memory_says_so(void **state)
{
	_cleanup_(buf_done) struct buf b = {};

	counters_add(*state, "sent", 1);
	test_fail("sys.alloc=ENOMEM");
	assert_int_equal(counters_write_json(*state, &b), -ENOMEM);
}

#define report_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		report_test(report_of_no_counters_is_an_empty_object),
		report_test(report_is_json_in_the_order_of_the_names),
		report_test(report_without_memory_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
