/* SPDX-License-Identifier: Apache-2.0 */
/* What is held, by whom and for how long: fds, memory, threads, the end. */
#include "helpers_fixture.h"

#include <pthread.h>
#include <sys/resource.h>

#define helpers_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void the_least_used_file_is_closed_and_its_handle_is_stale(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, few = { 64, 64 };
	_cleanup_reply_ struct reply reply = {};
	uint64_t first = 0, address = 1;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	f->helpers = helpers_free(f->helpers);
	assert_int_equal(helpers_begin(f), 0);
	for (int i = 0; i < 40; i++) {
		char name[16];
		const char *path;
		uint64_t handle;

		snprintf(name, sizeof(name), "%d", i);
		path = test_path((void **)&f->folder, name);
		copy_file("/bin/true", path);
		handle = open_handle(f, path);
		if (i == 0)
			first = handle;
	}
	assert_int_equal(helpers_names(f->helpers, first, &address, 1, on_answer, &reply), 0);
	wait_for(f, &reply);
	assert_int_equal(reply.answer->named.status, -ESTALE);
	assert_string_equal(reply.answer->named.cause, "the file was closed, too many are open");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

struct asker {
	struct fixture *fixture;
	uint64_t handle;
	unsigned int n_answers; /* atomic */
	pthread_t loop_thread;
};

static void count_answer(void *ctx, struct helper_answer *answer)
{
	struct asker *a = ctx;

	assert_true(pthread_equal(pthread_self(), a->loop_thread));
	assert_int_equal(answer->named.status, 0);
	free(answer);
	a->n_answers++;
}

static void *ask_often(void *ctx)
{
	struct asker *a = ctx;
	uint64_t address = 1;

	for (int i = 0; i < 100; i++)
		if (helpers_names(a->fixture->helpers, a->handle, &address, 1, count_answer, a) < 0)
			abort();
	return NULL;
}

static void any_thread_may_ask_and_the_loop_answers(void **state)
{
	struct fixture *f = *state;
	struct asker asker = { .fixture = f, .loop_thread = pthread_self() };
	pthread_t threads[4];

	asker.handle = open_handle(f, "/bin/true");
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &asker), 0);
	while (asker.n_answers < 100 * ARRAY_SIZE(threads))
		assert_int_equal(loop_run_once(f->loop, 100), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
}

static void what_is_under_way_at_the_end_is_cancelled(void **state)
{
	struct fixture *f = *state;
	struct reply replies[3] = {};
	struct hearth_inspect_target t = target_of_path("/bin/true");

	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		assert_int_equal(helpers_open(f->helpers, &t, on_answer, &replies[i]), 0);
		if (i == 1) /* two have been sent or queued, one is still in the inbox */
			assert_int_equal(loop_run_once(f->loop, 0), 0);
	}
	f->helpers = helpers_free(f->helpers);
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		assert_int_equal(replies[i].n_answers, 1);
		assert_int_equal(replies[i].answer->inspected.status, -ECANCELED);
		reply_done(&replies[i]);
	}
}

static void more_than_can_be_held_is_refused(void **state)
{
	struct fixture *f = *state;
	static const uint64_t addresses[4096];
	struct reply reply = {};
	unsigned int n = 0;

	while (helpers_kernel(f->helpers, addresses, 4096, on_answer, &reply) == 0)
		assert_true(++n < 1000);
	assert_true(n > 100);
	f->helpers = helpers_free(f->helpers);
	assert_int_equal(reply.n_answers, n);
	reply_done(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		helpers_test(the_least_used_file_is_closed_and_its_handle_is_stale),
		helpers_test(any_thread_may_ask_and_the_loop_answers),
		helpers_test(what_is_under_way_at_the_end_is_cancelled),
		helpers_test(more_than_can_be_held_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
