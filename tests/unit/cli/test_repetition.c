/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <jansson.h>

#include "cli/repetition.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* One run that takes some milliseconds. */
static void run(struct repetition *r, uint64_t ms, int status)
{
	repetition_begin(r, 5 * NS_PER_S);
	repetition_note(r, 5 * NS_PER_S + ms * NS_PER_MS, status);
}

static void repetition_goes_on_until_both_wishes_are_met(void **state)
{
	static const struct {
		uint64_t want_runs, want_samples, n, samples;
		bool goes_on;
	} rows[] = {
		{ 3, 0, 2, 0, true },
		{ 3, 0, 3, 0, false },
		{ 0, 100, 1, 99, true },
		{ 0, 100, 1, 100, false },
		{ 3, 100, 3, 99, true },
		{ 3, 100, 2, 500, true },
		{ 3, 100, 3, 500, false },
		{ 0, 100, REPETITION_MOST, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct repetition r = { .want_runs = rows[i].want_runs,
					.want_samples = rows[i].want_samples };

		while (r.n < rows[i].n)
			run(&r, 1, 0);
		assert_int_equal(repetition_goes_on(&r, rows[i].samples), rows[i].goes_on);
	}
}

static void repetition_ends_with_the_run_that_fails(void **state)
{
	struct repetition r = { .want_runs = 10, .want_samples = 1000 };

	(void)state;
	run(&r, 1, 0);
	assert_true(repetition_goes_on(&r, 0));
	run(&r, 1, 1);
	assert_false(repetition_goes_on(&r, 0));
}

static void one_run_is_no_repetition(void **state)
{
	(void)state;
	assert_false(repetition_is_wanted(&(struct repetition){}));
	assert_false(repetition_is_wanted(&(struct repetition){ .want_runs = 1 }));
	assert_true(repetition_is_wanted(&(struct repetition){ .want_runs = 2 }));
	assert_true(repetition_is_wanted(&(struct repetition){ .want_runs = 1, .want_samples = 1 }));
}

static void runs_are_summed_up_by_status_and_time(void **state)
{
	static const struct {
		int last;
		const char *json;
	} rows[] = {
		{ 0, "{\"n\": 3, \"exit_statuses\": {\"0\": 3}, "
		     "\"seconds\": {\"min\": 0.1, \"mean\": 0.2, \"max\": 0.3}}" },
		{ 137, "{\"n\": 3, \"exit_statuses\": {\"0\": 2, \"137\": 1}, "
		       "\"seconds\": {\"min\": 0.1, \"mean\": 0.2, \"max\": 0.3}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct repetition r = {};
		json_t *json;

		run(&r, 300, 0);
		run(&r, 100, 0);
		run(&r, 200, rows[i].last);
		json = repetition_json(&r);
		text = json_dumps(json, JSON_REAL_PRECISION(3));
		assert_string_equal(text, rows[i].json);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repetition_goes_on_until_both_wishes_are_met),
		cmocka_unit_test(repetition_ends_with_the_run_that_fails),
		cmocka_unit_test(one_run_is_no_repetition),
		cmocka_unit_test(runs_are_summed_up_by_status_and_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
