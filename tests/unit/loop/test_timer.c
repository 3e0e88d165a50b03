/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "loop/loop.h"
#include "util/clock.h"
#include "util/cleanup.h"

#define START_NS (1000 * NS_PER_S)

struct fixture {
	struct loop *loop;
	struct loop_timer *timers[64];
	char order[128];
};

struct mark {
	struct fixture *f;
	char name;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	clock_fake(START_NS, 0);
	return loop_new(&f->loop);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(f->timers); i++)
		loop_timer_free(f->timers[i]);
	loop_free(f->loop);
	free(f);
	clock_fake(0, 0);
	(void)fail_configure(NULL);
	return 0;
}

static void note(void *ctx)
{
	struct mark *m = ctx;

	m->f->order[strlen(m->f->order)] = m->name;
}

static void run_at(struct fixture *f, uint64_t ns)
{
	clock_fake(START_NS + ns, 0);
	assert_int_equal(loop_run_once(f->loop, 0), 0);
}

static void timer_goes_off_once_at_its_time(void **state)
{
	struct fixture *f = *state;
	struct mark a = { f, 'a' };

	assert_int_equal(loop_timer_new(f->loop, note, &a, &f->timers[0]), 0);
	run_at(f, 100);
	assert_int_equal(loop_timer_arm(f->timers[0], 50, 0), 0);
	run_at(f, 149);
	assert_string_equal(f->order, "");
	run_at(f, 150);
	assert_string_equal(f->order, "a");
	run_at(f, 1000);
	assert_string_equal(f->order, "a");
}

static void timers_go_off_in_the_order_of_their_deadlines(void **state)
{
	static const unsigned char delays[] = { 7, 3, 9, 1, 8, 2, 6, 4, 5 };
	struct fixture *f = *state;
	struct mark marks[ARRAY_SIZE(delays)];

	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		marks[i] = (struct mark){ f, (char)('0' + delays[i]) };
		assert_int_equal(loop_timer_new(f->loop, note, &marks[i], &f->timers[i]), 0);
		loop_timer_arm(f->timers[i], delays[i], 0);
	}
	loop_timer_arm(f->timers[2], 0, 0); /* 9 is disarmed, */
	f->timers[1] = loop_timer_free(f->timers[1]); /* 3 freed, */
	loop_timer_arm(f->timers[3], 10, 0); /* and 1 put off */
	run_at(f, 5);
	assert_string_equal(f->order, "245");
	run_at(f, 100);
	assert_string_equal(f->order, "2456781");
}

static void timers_keep_their_order_through_random_changes(void **state)
{
	struct fixture *f = *state;
	struct mark m = { f, 'x' };
	uint64_t deadlines[ARRAY_SIZE(f->timers)] = {};
	unsigned int seed = 4711;

	for (size_t i = 0; i < ARRAY_SIZE(f->timers); i++)
		assert_int_equal(loop_timer_new(f->loop, note, &m, &f->timers[i]), 0);
	for (int i = 0; i < 2000; i++) {
		size_t k = (size_t)rand_r(&seed) % ARRAY_SIZE(f->timers);

		deadlines[k] = (uint64_t)rand_r(&seed) % 100;
		loop_timer_arm(f->timers[k], deadlines[k], 0);
	}
	for (uint64_t now = 0; now < 100; now++) {
		size_t n_due = 0;

		for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++)
			n_due += deadlines[i] > 0 && deadlines[i] <= now;
		run_at(f, now);
		assert_int_equal(strlen(f->order), n_due);
	}
}

static void timer_repeats_in_step_and_leaves_missed_beats_out(void **state)
{
	struct fixture *f = *state;
	struct mark a = { f, 'a' };

	assert_int_equal(loop_timer_new(f->loop, note, &a, &f->timers[0]), 0);
	loop_timer_arm(f->timers[0], 10, 100);
	run_at(f, 10);
	assert_string_equal(f->order, "a");
	run_at(f, 112);
	assert_string_equal(f->order, "aa");
	run_at(f, 555); /* 210 to 510 were missed: one call for all of them */
	assert_string_equal(f->order, "aaa");
	run_at(f, 609);
	assert_string_equal(f->order, "aaa");
	run_at(f, 610);
	assert_string_equal(f->order, "aaaa");
}

static void free_all(void *ctx)
{
	struct mark *m = ctx;

	note(m);
	for (size_t i = 0; i < ARRAY_SIZE(m->f->timers); i++)
		m->f->timers[i] = loop_timer_free(m->f->timers[i]);
}

static void timer_may_free_itself_and_the_others_that_are_due(void **state)
{
	struct fixture *f = *state;
	struct mark a = { f, 'a' };

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(loop_timer_new(f->loop, free_all, &a, &f->timers[i]), 0);
		loop_timer_arm(f->timers[i], 10, 10);
	}
	run_at(f, 10);
	run_at(f, 20);
	assert_string_equal(f->order, "a");
}

static void arm_again(void *ctx)
{
	struct mark *m = ctx;

	note(m);
	loop_timer_arm(m->f->timers[0], 1, 0);
}

static void timer_that_arms_itself_does_not_keep_the_loop(void **state)
{
	struct fixture *f = *state;
	struct mark a = { f, 'a' };

	assert_int_equal(loop_timer_new(f->loop, arm_again, &a, &f->timers[0]), 0);
	loop_timer_arm(f->timers[0], 1, 0);
	run_at(f, 5);
	assert_string_equal(f->order, "a");
	run_at(f, 6);
	assert_string_equal(f->order, "aa");
}

static void timer_of_the_end_of_time_never_goes_off(void **state)
{
	struct fixture *f = *state;
	struct mark a = { f, 'a' };

	assert_int_equal(loop_timer_new(f->loop, note, &a, &f->timers[0]), 0);
	loop_timer_arm(f->timers[0], UINT64_MAX, 0);
	run_at(f, UINT64_MAX / 4);
	assert_string_equal(f->order, "");
}

static void quit(void *ctx)
{
	struct fixture *f = ctx;

	loop_quit(f->loop);
}

static void timer_wakes_a_loop_that_sleeps(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	clock_fake(0, 0);
	before = clock_monotonic_ns();
	assert_int_equal(loop_timer_new(f->loop, quit, f, &f->timers[0]), 0);
	loop_timer_arm(f->timers[0], 5 * NS_PER_MS, 0);
	assert_int_equal(loop_run(f->loop), 0);
	assert_true(clock_monotonic_ns() - before >= 5 * NS_PER_MS);
}

static void timer_without_memory_is_not_made_and_the_others_live_on(void **state)
{
	struct fixture *f = *state;
	struct mark a = { f, 'a' };
	struct loop_timer *none = NULL;

	assert_int_equal(loop_timer_new(f->loop, note, &a, &f->timers[0]), 0);
	test_fail("sys.alloc=ENOMEM");
	assert_int_equal(loop_timer_new(f->loop, note, &a, &none), -ENOMEM);
	assert_null(none);
	assert_int_equal(loop_timer_arm(f->timers[0], 1, 0), 0);
	run_at(f, 1);
	assert_string_equal(f->order, "a");
}

#define timer_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		timer_test(timer_goes_off_once_at_its_time),
		timer_test(timers_go_off_in_the_order_of_their_deadlines),
		timer_test(timers_keep_their_order_through_random_changes),
		timer_test(timer_repeats_in_step_and_leaves_missed_beats_out),
		timer_test(timer_may_free_itself_and_the_others_that_are_due),
		timer_test(timer_that_arms_itself_does_not_keep_the_loop),
		timer_test(timer_of_the_end_of_time_never_goes_off),
		timer_test(timer_wakes_a_loop_that_sleeps),
		timer_test(timer_without_memory_is_not_made_and_the_others_live_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
