/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "run/budget.h"
#include "util/cleanup.h"

#define ONE_PERCENT 10000u
#define WINDOW BUDGET_WINDOW_NS

/* Runs one window in which Hearth used `share_percent` of a CPU. True if the scale changed. */
static bool pass_window(struct budget *b, double share_percent)
{
	return budget_update(b, b->last_ns + WINDOW,
			     b->last_cpu_ns + (uint64_t)((double)WINDOW * share_percent / 100));
}

static void begin(struct budget *b, uint64_t limit_millionths)
{
	budget_init(b, limit_millionths);
	assert_false(budget_update(b, WINDOW, 1));
}

static void scale_follows_the_cost(void **state)
{
	static const struct {
		uint32_t before;
		double share_percent;
		uint32_t after;
	} cases[] = {
		{ 1000, 0.5, 1000 }, /* below the budget, at full rate already */
		{ 1000, 1.1, 500 },  /* above: half */
		{ 1000, 1.0, 1000 }, /* just kept */
		{ 500, 0.9, 500 },   /* near it: neither */
		{ 500, 0.7, 625 },   /* well below: a quarter more */
		{ 900, 0.1, 1000 },
		{ 1, 5, 1 },         /* never nothing at all */
		{ 2, 5, 1 },
		{ 1, 0.1, 2 },       /* and it comes back from the lowest */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct budget b;

		begin(&b, ONE_PERCENT);
		b.scale = cases[i].before;
		assert_int_equal(pass_window(&b, cases[i].share_percent),
				 cases[i].before != cases[i].after);
		assert_int_equal(b.scale, cases[i].after);
	}
}

static void nothing_is_decided_before_a_window_is_over(void **state)
{
	struct budget b;

	(void)state;
	begin(&b, ONE_PERCENT);
	assert_false(budget_is_due(&b, b.last_ns + WINDOW - 1));
	assert_true(budget_is_due(&b, b.last_ns + WINDOW));
	assert_false(budget_update(&b, b.last_ns + WINDOW - 1, b.last_cpu_ns + WINDOW));
	assert_int_equal(b.scale, 1000);
	assert_true(b.share < 0);
	assert_true(budget_update(&b, b.last_ns + WINDOW, b.last_cpu_ns + WINDOW));
}

static void share_is_that_of_the_last_window(void **state)
{
	struct budget b;

	(void)state;
	begin(&b, ONE_PERCENT);
	(void)pass_window(&b, 2.5);
	assert_true(b.share > 0.0249 && b.share < 0.0251);
	(void)pass_window(&b, 0.5);
	assert_true(b.share > 0.0049 && b.share < 0.0051);
}

static void without_a_budget_the_rate_is_full_whatever_it_costs(void **state)
{
	struct budget b;

	(void)state;
	begin(&b, 0);
	for (int i = 0; i < 5; i++)
		assert_false(pass_window(&b, 90));
	assert_int_equal(b.scale, 1000);
	assert_true(b.share > 0.89); /* but it is measured */
}

/* The CPU time of a helper is gone with it. */
static void less_cpu_time_than_before_begins_a_new_window(void **state)
{
	struct budget b;

	(void)state;
	begin(&b, ONE_PERCENT);
	(void)pass_window(&b, 0.5);
	assert_false(budget_update(&b, b.last_ns + WINDOW, b.last_cpu_ns - 1));
	assert_int_equal(b.scale, 1000);
	assert_true(pass_window(&b, 2));
}

static void recovery_takes_more_windows_than_the_fall(void **state)
{
	struct budget b;
	int n_down = 0, n_up = 0;

	(void)state;
	begin(&b, ONE_PERCENT);
	while (b.scale > 100 && ++n_down < 100)
		(void)pass_window(&b, 5);
	while (b.scale < 1000 && ++n_up < 100)
		(void)pass_window(&b, 0.1);
	assert_int_equal(n_down, 4);
	assert_in_range(n_up, n_down + 1, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scale_follows_the_cost),
		cmocka_unit_test(nothing_is_decided_before_a_window_is_over),
		cmocka_unit_test(share_is_that_of_the_last_window),
		cmocka_unit_test(without_a_budget_the_rate_is_full_whatever_it_costs),
		cmocka_unit_test(less_cpu_time_than_before_begins_a_new_window),
		cmocka_unit_test(recovery_takes_more_windows_than_the_fall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
