/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "plugin/once.h"

static atomic_int n_calls;
static atomic_bool is_ready;

static int32_t count(void)
{
	return ++n_calls;
}

static int32_t answer_enodev(void)
{
	n_calls++;
	return -ENODEV;
}

static void function_runs_once_per_name(void **state)
{
	(void)state;
	n_calls = 0;
	assert_int_equal(once_run("first library", count), 1);
	assert_int_equal(once_run("first library", count), 1);
	assert_int_equal(once_run("second library", count), 2);
	assert_int_equal(n_calls, 2);
}

static void failure_is_remembered(void **state)
{
	(void)state;
	n_calls = 0;
	assert_int_equal(once_run("missing library", answer_enodev), -ENODEV);
	assert_int_equal(once_run("missing library", count), -ENODEV);
	assert_int_equal(n_calls, 1);
}

static int32_t make_ready(void)
{
	for (int i = 0; i < 1000; i++)
		sched_yield();
	is_ready = true;
	return 0;
}

static void *use(void *ctx)
{
	atomic_int *n_too_early = ctx;

	(void)once_run("slow library", make_ready);
	if (!is_ready)
		(*n_too_early)++;
	return NULL;
}

static void nobody_goes_on_before_the_library_is_ready(void **state)
{
	atomic_int n_too_early = 0;
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, &n_too_early), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(n_too_early, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function_runs_once_per_name),
		cmocka_unit_test(failure_is_remembered),
		cmocka_unit_test(nobody_goes_on_before_the_library_is_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
