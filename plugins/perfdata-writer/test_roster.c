/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "roster.h"

static int set_up(void **state)
{
	static struct roster r;

	roster_init(&r);
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(roster_error(*state), 0);
	roster_done(*state);
	return 0;
}

static void a_process_is_new_once(void **state)
{
	assert_true(roster_meet(*state, 100, 0, 7));
	assert_false(roster_meet(*state, 100, 0, 7));
	assert_true(roster_meet(*state, 101, 0, 7));
}

static void a_pid_of_another_start_time_or_program_is_new(void **state)
{
	assert_true(roster_meet(*state, 100, 0, 7));
	assert_true(roster_meet(*state, 100, 1, 7));
	assert_true(roster_meet(*state, 100, 0, 8));
	assert_false(roster_meet(*state, 100, 0, 8));
}

static void an_unknown_start_time_fits_any(void **state)
{
	assert_true(roster_meet(*state, 100, 0, 0));
	assert_false(roster_meet(*state, 100, 0, 7));
	assert_false(roster_meet(*state, 100, 0, 0));
	assert_true(roster_meet(*state, 100, 0, 8));
}

static void a_thread_is_told_again_under_another_name(void **state)
{
	struct roster_thread t;

	(void)roster_meet(*state, 100, 0, 7);
	t = roster_meet_thread(*state, 100, 101, "worker");
	assert_true(t.is_new && t.is_renamed);
	t = roster_meet_thread(*state, 100, 101, "worker");
	assert_false(t.is_new || t.is_renamed);
	t = roster_meet_thread(*state, 100, 101, "idle");
	assert_true(!t.is_new && t.is_renamed);
}

static void a_thread_that_left_is_new_again(void **state)
{
	(void)roster_meet(*state, 100, 0, 7);
	assert_false(roster_leave(*state, 100, 101));
	(void)roster_meet_thread(*state, 100, 101, "worker");
	assert_true(roster_leave(*state, 100, 101));
	assert_false(roster_leave(*state, 100, 101));
	assert_true(roster_meet_thread(*state, 100, 101, "worker").is_new);
}

static void who_takes_over_a_pid_inherits_nothing(void **state)
{
	(void)roster_meet(*state, 100, 0, 7);
	(void)roster_meet_thread(*state, 100, 101, "worker");
	assert_true(roster_meet_mapping(*state, 100, 0x1000, 0x2000, 0, "/bin/a"));
	assert_false(roster_meet_mapping(*state, 100, 0x1000, 0x2000, 0, "/bin/a"));
	assert_true(roster_meet_mapping(*state, 100, 0x1000, 0x2000, 0, "/bin/b"));
	(void)roster_meet(*state, 100, 1, 7);
	assert_true(roster_meet_mapping(*state, 100, 0x1000, 0x2000, 0, "/bin/a"));
	assert_true(roster_meet_thread(*state, 100, 101, "worker").is_new);
}

static void the_next_file_knows_nobody(void **state)
{
	(void)roster_meet(*state, 100, 0, 7);
	roster_reset(*state);
	assert_true(roster_meet(*state, 100, 0, 7));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_is_new_once),
		TEST(a_pid_of_another_start_time_or_program_is_new),
		TEST(an_unknown_start_time_fits_any),
		TEST(a_thread_is_told_again_under_another_name),
		TEST(a_thread_that_left_is_new_again),
		TEST(who_takes_over_a_pid_inherits_nothing),
		TEST(the_next_file_knows_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
