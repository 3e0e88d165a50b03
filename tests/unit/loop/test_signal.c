/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <sys/wait.h>

#include "loop/signal.h"

struct fixture {
	struct loop *loop;
	int signals[8];
	int codes[8];
	unsigned int n;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return loop_new(&f->loop);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	loop_free(f->loop);
	free(f);
	signal_reset();
	(void)fail_configure(NULL);
	return 0;
}

static void note(void *ctx, const struct signalfd_siginfo *info)
{
	struct fixture *f = ctx;

	f->signals[f->n] = (int)info->ssi_signo;
	f->codes[f->n++] = info->ssi_code;
}

static void signal_comes_to_the_loop_and_says_who_sent_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(signal_block_all(), 0);
	assert_int_equal(signal_watch(f->loop, (const int[]){ SIGTERM, SIGINT, 0 }, note, f), 0);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGINT);
	while (f->n < 2)
		assert_int_equal(loop_run_once(f->loop, 5000), 0);
	assert_int_equal(f->signals[0] + f->signals[1], SIGTERM + SIGINT);
	assert_int_equal(f->codes[0], SI_USER);
}

static void signal_that_is_not_watched_stays_pending(void **state)
{
	struct fixture *f = *state;
	sigset_t pending;

	assert_int_equal(signal_block_all(), 0);
	assert_int_equal(signal_watch(f->loop, (const int[]){ SIGTERM, 0 }, note, f), 0);
	kill(getpid(), SIGUSR1);
	assert_int_equal(loop_run_once(f->loop, 0), 0);
	assert_int_equal(f->n, 0);
	assert_int_equal(sigpending(&pending), 0);
	assert_true(sigismember(&pending, SIGUSR1));
	signal(SIGUSR1, SIG_IGN); /* takes it back */
}

static void signal_block_all_leaves_faults_and_ctrl_z(void **state)
{
	static const int open_ones[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
					 SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t set;

	(void)state;
	assert_int_equal(signal_block_all(), 0);
	sigprocmask(SIG_SETMASK, NULL, &set);
	for (size_t i = 0; i < ARRAY_SIZE(open_ones); i++)
		assert_false(sigismember(&set, open_ones[i]));
	assert_true(sigismember(&set, SIGTERM));
	assert_true(sigismember(&set, SIGRTMIN));
}

static void signal_block_all_keeps_children_from_vanishing(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(signal_block_all(), 0);
	pid = fork();
	if (pid == 0)
		_exit(7);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void signal_watch_ignores_a_broken_pipe(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	assert_int_equal(signal_watch(f->loop, (const int[]){ SIGTERM, 0 }, note, f), 0);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

static void signal_reset_gives_defaults_and_an_empty_mask(void **state)
{
	struct sigaction action;
	sigset_t set;

	(void)state;
	assert_int_equal(signal_block_all(), 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal_reset();
	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int s = 1; s < NSIG; s++) {
		assert_false(sigismember(&set, s) == 1);
		if (sigaction(s, NULL, &action) == 0)
			assert_true(action.sa_handler == SIG_DFL);
	}
}

static void signal_watch_that_fails_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	int before = dup(0), after;

	close(before);
	for (int i = 1; i <= 2; i++) {
		char spec[32];

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%d", i);
		test_fail(spec);
		assert_int_equal(signal_watch(f->loop, (const int[]){ SIGTERM, 0 }, note, f),
				 -ENOMEM);
		assert_int_equal(fail_count("sys.alloc"), 1);
	}
	after = dup(0);
	assert_int_equal(after, before);
	close(after);
}

#define signal_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		signal_test(signal_comes_to_the_loop_and_says_who_sent_it),
		signal_test(signal_that_is_not_watched_stays_pending),
		signal_test(signal_block_all_leaves_faults_and_ctrl_z),
		signal_test(signal_block_all_keeps_children_from_vanishing),
		signal_test(signal_watch_ignores_a_broken_pipe),
		signal_test(signal_reset_gives_defaults_and_an_empty_mask),
		signal_test(signal_watch_that_fails_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
