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

static bool is_new(struct roster *r, uint32_t pid, uint32_t generation, uint64_t start_time, uint64_t time_ns)
{
	return roster_meet(r, pid, generation, start_time, time_ns).is_new;
}

static bool is_new_mapping(struct roster *r, uint32_t identity, const char *path, uint64_t time_ns)
{
	return roster_meet_mapping(r, identity, 0x1000, 0x2000, 0, path, time_ns);
}

static void a_process_is_new_once(void **state)
{
	assert_true(is_new(*state, 100, 0, 7, 1));
	assert_false(is_new(*state, 100, 0, 7, 1));
	assert_true(is_new(*state, 101, 0, 7, 1));
}

static void a_pid_of_another_start_time_or_program_is_new(void **state)
{
	assert_true(is_new(*state, 100, 0, 7, 1));
	assert_true(is_new(*state, 100, 1, 7, 2));
	assert_true(is_new(*state, 100, 0, 8, 3));
	assert_false(is_new(*state, 100, 0, 8, 4));
}

static void an_unknown_start_time_fits_any(void **state)
{
	assert_true(is_new(*state, 100, 0, 0, 1));
	assert_false(is_new(*state, 100, 0, 7, 2));
	assert_false(is_new(*state, 100, 0, 0, 3));
	assert_true(is_new(*state, 100, 0, 8, 4));
}

static void who_comes_back_to_a_pid_is_new_after_another_and_known_before(void **state)
{
	assert_true(is_new(*state, 100, 0, 0, 10));
	assert_true(is_new(*state, 100, 1, 0, 20));
	assert_false(is_new(*state, 100, 0, 0, 15));
	assert_true(is_new(*state, 100, 0, 0, 30));
}

static void who_is_needed_earlier_than_known_is_told_again(void **state)
{
	struct roster_process p = roster_meet(*state, 100, 0, 7, 20), q;

	assert_true(is_new_mapping(*state, p.identity, "/bin/a", 20));
	(void)roster_meet_thread(*state, p.identity, 101, "worker", 20);
	q = roster_meet(*state, 100, 0, 7, 10);
	assert_true(q.is_new && q.identity == p.identity && q.last_ns == 20);
	assert_true(is_new_mapping(*state, q.identity, "/bin/a", 10));
	assert_false(is_new_mapping(*state, q.identity, "/bin/a", 15));
	assert_true(roster_meet_thread(*state, q.identity, 101, "worker", 10).is_new);
	assert_false(is_new(*state, 100, 0, 7, 15));
}

static void a_thread_is_told_again_under_another_name(void **state)
{
	uint32_t p = roster_meet(*state, 100, 0, 7, 1).identity;
	struct roster_thread t;

	t = roster_meet_thread(*state, p, 101, "worker", 1);
	assert_true(t.is_new && t.is_renamed);
	t = roster_meet_thread(*state, p, 101, "worker", 1);
	assert_false(t.is_new || t.is_renamed);
	t = roster_meet_thread(*state, p, 101, "idle", 1);
	assert_true(!t.is_new && t.is_renamed);
}

static void a_thread_that_left_is_new_again(void **state)
{
	uint32_t p = roster_meet(*state, 100, 0, 7, 1).identity;

	assert_false(roster_leave(*state, p, 101));
	(void)roster_meet_thread(*state, p, 101, "worker", 1);
	assert_true(roster_leave(*state, p, 101));
	assert_false(roster_leave(*state, p, 101));
	assert_true(roster_meet_thread(*state, p, 101, "worker", 1).is_new);
}

static void who_takes_over_a_pid_inherits_nothing(void **state)
{
	uint32_t p = roster_meet(*state, 100, 0, 7, 1).identity;

	(void)roster_meet_thread(*state, p, 101, "worker", 1);
	assert_true(is_new_mapping(*state, p, "/bin/a", 1));
	assert_false(is_new_mapping(*state, p, "/bin/a", 1));
	assert_true(is_new_mapping(*state, p, "/bin/b", 1));
	p = roster_meet(*state, 100, 1, 7, 2).identity;
	assert_int_equal(roster_identity(*state, 100, 1), p);
	assert_true(is_new_mapping(*state, p, "/bin/a", 2));
	assert_true(roster_meet_thread(*state, p, 101, "worker", 2).is_new);
}

static void the_next_file_knows_nobody(void **state)
{
	(void)roster_meet(*state, 100, 0, 7, 1);
	roster_reset(*state);
	assert_true(is_new(*state, 100, 0, 7, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_is_new_once),
		TEST(a_pid_of_another_start_time_or_program_is_new),
		TEST(an_unknown_start_time_fits_any),
		TEST(who_comes_back_to_a_pid_is_new_after_another_and_known_before),
		TEST(who_is_needed_earlier_than_known_is_told_again),
		TEST(a_thread_is_told_again_under_another_name),
		TEST(a_thread_that_left_is_new_again),
		TEST(who_takes_over_a_pid_inherits_nothing),
		TEST(the_next_file_knows_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
