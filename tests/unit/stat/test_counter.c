/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <pthread.h>

#include "stat/counter.h"
#include "util/str.h"

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

static void counter_adds_up(void **state)
{
	counters_add(*state, "sent", 2);
	counters_add(*state, "sent", 3);
	counters_add(*state, "dropped.full", 1);
	assert_int_equal(counters_value(*state, "sent"), 5);
	assert_int_equal(counters_value(*state, "dropped.full"), 1);
}

static void counter_that_was_never_added_to_is_zero(void **state)
{
	assert_int_equal(counters_value(*state, "never"), 0);
	assert_int_equal(counters_value(*state, "other"), 0);
}

static void append(void *ctx, const char *name, uint64_t value)
{
	char *text = ctx;

	snprintf(text + strlen(text), 100, "%s=%d ", name, (int)value);
}

static void counters_come_in_the_order_of_their_names(void **state)
{
	char text[200] = "";

	counters_add(*state, "b", 1);
	counters_add(*state, "c", 0);
	counters_add(*state, "a.z", 2);
	counters_add(*state, "a", 3);
	counters_each(*state, append, text);
	assert_string_equal(text, "a=3 a.z=2 b=1 c=0 ");
}

static void counter_copies_its_name(void **state)
{
	char name[] = "first";

	counters_add(*state, name, 1);
	memcpy(name, "other", 5);
	assert_int_equal(counters_value(*state, "first"), 1);
}

static void count_names(void *ctx, const char *name, uint64_t value)
{
	(void)name;
	(void)value;
	++*(unsigned int *)ctx;
}

static void counters_of_more_than_256_names_add_up_under_other(void **state)
{
	unsigned int n = 0;
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		counters_add(*state, name, 1);
		counters_add(*state, name, 1);
	}
	assert_int_equal(counters_value(*state, "name-255"), 2);
	assert_int_equal(counters_value(*state, "name-256"), 0);
	assert_int_equal(counters_value(*state, "other"), 2 * 44);
	counters_each(*state, count_names, &n);
	assert_int_equal(n, 257);
}

static void *add_from_a_thread(void *arg)
{
	char name[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "name-%d", i % 100);
		counters_add(arg, name, 1);
	}
	return NULL;
}

static void counters_lose_nothing_between_threads(void **state)
{
	pthread_t threads[4];
	char name[32];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, add_from_a_thread, *state);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		assert_int_equal(counters_value(*state, name), 800);
	}
}

static void counter_without_memory_adds_to_other(void **state)
{
	test_fail("sys.alloc=ENOMEM@1");
	counters_add(*state, "sent", 3);
	assert_int_equal(fail_count("sys.alloc"), 1);
	counters_add(*state, "sent", 4);
	assert_int_equal(counters_value(*state, "other"), 3);
	assert_int_equal(counters_value(*state, "sent"), 4);
}

static void counters_new_without_memory_fails_whole(void **state)
{
	struct counters *c = NULL;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		char spec[32];

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%d", i);
		test_fail(spec);
		assert_int_equal(counters_new(&c), -ENOMEM);
		assert_null(c);
	}
}

#define counter_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		counter_test(counter_adds_up),
		counter_test(counter_that_was_never_added_to_is_zero),
		counter_test(counters_come_in_the_order_of_their_names),
		counter_test(counter_copies_its_name),
		counter_test(counters_of_more_than_256_names_add_up_under_other),
		counter_test(counters_lose_nothing_between_threads),
		counter_test(counter_without_memory_adds_to_other),
		counter_test(counters_new_without_memory_fails_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
