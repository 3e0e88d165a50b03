/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "loop/loop.h"
#include "util/sys.h"

#define N_PIPES 8

struct fixture {
	struct loop *loop;
	int pipes[N_PIPES][2];
	unsigned int n_calls, n_wakes;
	uint32_t events;
	int fd;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	for (size_t i = 0; i < N_PIPES; i++)
		if (sys_pipe(f->pipes[i]) < 0)
			return -1;
	return loop_new(&f->loop);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	loop_free(f->loop);
	for (size_t i = 0; i < N_PIPES; i++) {
		closep(&f->pipes[i][0]);
		closep(&f->pipes[i][1]);
	}
	free(f);
	return fail_configure(NULL) == 0 || fail_configure(NULL) == -ENOSYS ? 0 : -1;
}

static void make_readable(struct fixture *f, size_t i)
{
	assert_int_equal(write(f->pipes[i][1], "x", 1), 1);
}

static void count(void *ctx, int fd, uint32_t events)
{
	struct fixture *f = ctx;

	f->n_calls++;
	f->events = events;
	f->fd = fd;
}

static void loop_calls_for_an_fd_that_is_ready(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(loop_watch(f->loop, f->pipes[0][0], EPOLLIN, count, f), 0);
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n_calls, 0);
	make_readable(f, 0);
	assert_int_equal(loop_run_once(f->loop, -1), 0);
	assert_int_equal(f->n_calls, 1);
	assert_int_equal(f->fd, f->pipes[0][0]);
	assert_int_equal(f->events, EPOLLIN);
}

static void loop_delivers_a_hangup_unasked(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(loop_watch(f->loop, f->pipes[0][0], EPOLLPRI, count, f), 0);
	close(f->pipes[0][1]);
	f->pipes[0][1] = -1;
	assert_int_equal(loop_run_once(f->loop, -1), 0);
	assert_int_equal(f->events, EPOLLHUP);
}

static void loop_forgets_an_fd_when_told(void **state)
{
	struct fixture *f = *state;

	make_readable(f, 0);
	assert_int_equal(loop_watch(f->loop, f->pipes[0][0], EPOLLIN, count, f), 0);
	assert_int_equal(loop_watch(f->loop, f->pipes[0][0], 0, NULL, NULL), 0);
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n_calls, 0);
	assert_int_equal(loop_watch(f->loop, f->pipes[0][0], 0, NULL, NULL), 0);
	assert_int_equal(loop_watch(f->loop, 4000, 0, NULL, NULL), 0);
}

static void loop_watches_a_number_again_whose_fd_was_closed(void **state)
{
	struct fixture *f = *state;
	int fd = f->pipes[0][0];

	assert_int_equal(loop_watch(f->loop, fd, EPOLLIN, count, f), 0);
	assert_int_equal(dup2(f->pipes[1][0], fd), fd); /* closes it behind the loop's back */
	assert_int_equal(loop_watch(f->loop, fd, EPOLLIN, count, f), 0);
	make_readable(f, 1);
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n_calls, 1);
	close(fd);
	f->pipes[0][0] = -1;
	assert_int_equal(loop_watch(f->loop, fd, 0, NULL, NULL), 0);
}

static void loop_refuses_what_cannot_be_watched(void **state)
{
	struct fixture *f = *state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), regular;

	assert_int_equal(loop_watch(f->loop, -1, EPOLLIN, count, f), -EBADF);
	close(fd);
	assert_int_equal(loop_watch(f->loop, fd, EPOLLIN, count, f), -EBADF);
	regular = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_int_equal(loop_watch(f->loop, regular, EPOLLIN, count, f), -EPERM);
	close(regular);
}

/* Forgets and closes every other fd of the batch. */
static void forget_the_others(void *ctx, int fd, uint32_t events)
{
	struct fixture *f = ctx;

	(void)events;
	f->n_calls++;
	for (size_t i = 0; i < N_PIPES; i++) {
		if (f->pipes[i][0] == fd)
			continue;
		loop_watch(f->loop, f->pipes[i][0], 0, NULL, NULL);
		close(f->pipes[i][0]);
		f->pipes[i][0] = -1;
	}
}

static void loop_delivers_nothing_for_an_fd_that_left_in_the_same_batch(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < N_PIPES; i++) {
		loop_watch(f->loop, f->pipes[i][0], EPOLLIN, forget_the_others, f);
		make_readable(f, i);
	}
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n_calls, 1);
}

/* Every other fd of the batch becomes another one under the same number. */
static void replace_the_others(void *ctx, int fd, uint32_t events)
{
	struct fixture *f = ctx;

	(void)events;
	f->n_calls++;
	for (size_t i = 0; i < N_PIPES; i++) {
		int silent[2];

		if (f->pipes[i][0] == fd)
			continue;
		assert_int_equal(sys_pipe(silent), 0);
		loop_watch(f->loop, f->pipes[i][0], 0, NULL, NULL);
		dup2(silent[0], f->pipes[i][0]);
		dup2(silent[1], f->pipes[i][1]);
		close(silent[0]);
		close(silent[1]);
		loop_watch(f->loop, f->pipes[i][0], EPOLLIN, replace_the_others, f);
	}
}

static void loop_takes_no_event_of_an_old_fd_for_a_new_one(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < N_PIPES; i++) {
		loop_watch(f->loop, f->pipes[i][0], EPOLLIN, replace_the_others, f);
		make_readable(f, i);
	}
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n_calls, 1);
}

static void watch_for_hangup_only(void *ctx, int fd, uint32_t events)
{
	struct fixture *f = ctx;

	(void)fd;
	(void)events;
	f->n_calls++;
	for (size_t i = 0; i < 2; i++)
		loop_watch(f->loop, f->pipes[i][0], EPOLLPRI, watch_for_hangup_only, f);
}

static void loop_delivers_nothing_that_is_no_longer_asked_for(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		loop_watch(f->loop, f->pipes[i][0], EPOLLIN, watch_for_hangup_only, f);
		make_readable(f, i);
	}
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n_calls, 1);
}

static void count_wake(void *ctx)
{
	struct fixture *f = ctx;

	f->n_wakes++;
}

static void loop_makes_one_wake_of_many(void **state)
{
	struct fixture *f = *state;

	loop_on_wake(f->loop, count_wake, f);
	for (int i = 0; i < 100; i++)
		assert_int_equal(loop_wake(f->loop), 0);
	assert_int_equal(loop_run_once(f->loop, -1), 0);
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n_wakes, 1);
	assert_int_equal(loop_wake(f->loop), 0);
	assert_int_equal(loop_run_once(f->loop, -1), 0);
	assert_int_equal(f->n_wakes, 2);
}

static void *wake_and_quit(void *arg)
{
	struct fixture *f = arg;

	assert_int_equal(loop_wake(f->loop), 0);
	while (!__atomic_load_n(&f->n_wakes, __ATOMIC_ACQUIRE))
		sched_yield();
	loop_quit(f->loop);
	return NULL;
}

static void count_wake_atomically(void *ctx)
{
	struct fixture *f = ctx;

	__atomic_add_fetch(&f->n_wakes, 1, __ATOMIC_RELEASE);
}

static void loop_is_woken_and_ended_by_another_thread(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	loop_on_wake(f->loop, count_wake_atomically, f);
	pthread_create(&thread, NULL, wake_and_quit, f);
	assert_int_equal(loop_run(f->loop), 0);
	pthread_join(thread, NULL);
	assert_true(f->n_wakes >= 1);
}

static void loop_that_was_told_to_quit_before_it_ran_does_not_run(void **state)
{
	struct fixture *f = *state;

	loop_on_wake(f->loop, count_wake, f);
	loop_quit(f->loop);
	assert_int_equal(loop_run(f->loop), 0);
	assert_int_equal(f->n_wakes, 0);
}

static void append_one(void *ctx)
{
	unsigned int *order = ctx;

	*order = *order * 10 + 1;
}

static void append_two(void *ctx)
{
	unsigned int *order = ctx;

	*order = *order * 10 + 2;
}

static void loop_free_calls_what_was_registered_last_first(void **state)
{
	struct fixture *f = *state;
	unsigned int order = 0;

	assert_int_equal(loop_on_free(f->loop, append_one, &order), 0);
	assert_int_equal(loop_on_free(f->loop, append_two, &order), 0);
	f->loop = loop_free(f->loop);
	assert_int_equal(order, 21);
}

static void loop_survives_every_failure_to_begin(void **state)
{
	static const struct {
		const char *spec;
		int error;
	} rows[] = {
		{ "sys.alloc=ENOMEM@1", -ENOMEM },
		{ "sys.alloc=ENOMEM@2", -ENOMEM },
		{ "sys.eventfd=EMFILE", -EMFILE },
	};
	struct fixture *f = *state;
	struct loop *l = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_fail(rows[i].spec);
		assert_int_equal(loop_new(&l), rows[i].error);
		assert_null(l);
	}
	test_fail("sys.alloc=ENOMEM");
	assert_int_equal(loop_on_free(f->loop, append_one, f), -ENOMEM);
	assert_int_equal(loop_watch(f->loop, 1000, EPOLLIN, count, f), -ENOMEM);
}

#define loop_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(loop_calls_for_an_fd_that_is_ready),
		loop_test(loop_delivers_a_hangup_unasked),
		loop_test(loop_forgets_an_fd_when_told),
		loop_test(loop_watches_a_number_again_whose_fd_was_closed),
		loop_test(loop_refuses_what_cannot_be_watched),
		loop_test(loop_delivers_nothing_for_an_fd_that_left_in_the_same_batch),
		loop_test(loop_takes_no_event_of_an_old_fd_for_a_new_one),
		loop_test(loop_delivers_nothing_that_is_no_longer_asked_for),
		loop_test(loop_makes_one_wake_of_many),
		loop_test(loop_is_woken_and_ended_by_another_thread),
		loop_test(loop_that_was_told_to_quit_before_it_ran_does_not_run),
		loop_test(loop_free_calls_what_was_registered_last_first),
		loop_test(loop_survives_every_failure_to_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
