/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/run/command_fixture.h"

#include <sys/prctl.h>

static void command_answers_its_own_status(void **state)
{
	static const struct {
		const char *script;
		int status;
	} rows[] = {
		{ "exit 0", 0 },
		{ "exit 7", 7 },
		{ "exit 127", 127 },
		{ "kill -TERM $$", 128 + SIGTERM },
		{ "kill -KILL $$", 128 + SIGKILL },
		{ "kill -INT $$", 128 + SIGINT },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(run(f, SHELL((char *)rows[i].script)), rows[i].status);
		assert_int_equal(command_exec_error(f->command), 0);
	}
}

static void command_has_the_pid_that_was_announced(void **state)
{
	struct fixture *f = *state;
	char pid[16];

	assert_int_equal(run(f, SHELL("printf $$ >out")), 0);
	snprintf(pid, sizeof(pid), "%d", command_pid(f->command));
	assert_written("out", pid);
}

static void command_that_is_never_released_does_nothing(void **state)
{
	struct fixture *f = *state;
	pid_t pid;

	begin(f, SHELL("echo >out"));
	pid = command_pid(f->command);
	f->command = command_free(f->command);
	assert_int_equal(waitpid(pid, NULL, 0), -1); /* it is gone, and reaped */
	assert_int_equal(errno, ECHILD);
	assert_int_equal(access("out", F_OK), -1);
	assert_int_equal(f->n_exits, 0);
}

static void command_leaves_standard_output_to_others(void **state)
{
	struct command_options o = { .argv = SHELL("echo to stdout; echo to stderr >&2"),
				     .has_stderr_only = true, .fn = on_exit_of_command };
	struct fixture *f = *state;
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	int err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10), r;

	fflush(stdout);
	o.ctx = f;
	dup2(open("out", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), STDOUT_FILENO);
	dup2(open("err", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), STDERR_FILENO);
	r = command_new(f->loop, &o, &f->command);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	assert_int_equal(r, 0);
	assert_int_equal(command_release(f->command), 0);
	assert_int_equal(finish(f), 0);
	assert_written("out", "");
	assert_written("err", "to stdout\nto stderr\n");
}

struct rounds {
	struct fixture *fixture;
	int statuses[8], n, most;
};

static bool next_round(void *ctx, struct command *c, int status)
{
	struct rounds *r = ctx;

	(void)c;
	r->statuses[r->n++] = status;
	return r->n < r->most;
}

static void count_exit(void *ctx, struct command *c)
{
	struct rounds *r = ctx;

	on_exit_of_command(r->fixture, c);
}

/* The exit status of the whole. */
static int repeat(struct rounds *r, char *const *argv)
{
	struct command_options o = { .argv = argv, .again = next_round, .fn = count_exit, .ctx = r };
	struct fixture *f = r->fixture;

	f->command = command_free(f->command);
	f->n_exits = 0;
	r->n = 0;
	assert_int_equal(command_new(f->loop, &o, &f->command), 0);
	assert_int_equal(command_release(f->command), 0);
	assert_int_equal(command_release(f->command), -EALREADY);
	return finish(f);
}

static void command_runs_as_often_as_it_is_asked_to(void **state)
{
	struct rounds r = { .fixture = *state, .most = 3 };

	assert_int_equal(repeat(&r, SHELL("printf x >>out; exit $(wc -c <out)")), 3);
	assert_int_equal(r.n, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(r.statuses[i], i + 1);
	assert_written("out", "xxx");
	assert_int_equal(repeat(&r, SHELL("kill -KILL $$")), 128 + SIGKILL);
	assert_int_equal(repeat(&r, COMMAND("./nowhere")), COMMAND_NOT_FOUND);
	assert_int_equal(command_exec_error(r.fixture->command), ENOENT);
}

static void command_that_runs_again_inherits_what_one_that_runs_once_does(void **state)
{
	struct rounds r = { .fixture = *state, .most = 2 };

	/* Signals 1 to 32: of those above, thread libraries keep some for themselves. */
	assert_int_equal(repeat(&r, SHELL("ls /proc/self/fd >fds; sed -nE "
					  "'/^Sig(Blk|Ign)/s/.*(.{8})$/\\1/p' "
					  "/proc/self/status >>fds")), 0);
	assert_int_equal(run(r.fixture, SHELL("ls /proc/self/fd >fds1; sed -nE "
					      "'/^Sig(Blk|Ign)/s/.*(.{8})$/\\1/p' "
					      "/proc/self/status >>fds1")), 0);
	assert_int_equal(run(r.fixture, COMMAND("cmp", "fds", "fds1")), 0);
}

static void signal_to_a_command_that_runs_again_reaches_it(void **state)
{
	struct rounds r = { .fixture = *state, .most = 1 };
	struct command_options o = {
		.argv = SHELL("trap 'exit 9' TERM; : >ready; while :; do sleep 0.01; done"),
		.again = next_round, .fn = count_exit, .ctx = &r,
	};
	struct fixture *f = *state;

	assert_int_equal(command_new(f->loop, &o, &f->command), 0);
	assert_int_equal(command_release(f->command), 0);
	while (access("ready", F_OK) < 0)
		assert_int_equal(loop_run_once(f->loop, 1), 0);
	assert_int_equal(command_signal(f->command, SIGTERM), 0);
	assert_int_equal(finish(f), 9);
}

static void command_released_twice_is_refused(void **state)
{
	struct fixture *f = *state;

	begin(f, COMMAND("true"));
	assert_int_equal(command_release(f->command), 0);
	assert_int_equal(command_release(f->command), -EALREADY);
	assert_int_equal(finish(f), 0);
}

static void command_whose_launcher_was_killed_cannot_be_released(void **state)
{
	struct fixture *f = *state;

	begin(f, COMMAND("true"));
	assert_int_equal(command_signal(f->command, SIGKILL), 0);
	assert_int_equal(finish(f), 128 + SIGKILL);
	assert_int_equal(command_release(f->command), -EPIPE);
	assert_int_equal(command_signal(f->command, SIGKILL), -ESRCH);
}

static void command_never_begins_if_hearth_dies_first(void **state)
{
	struct fixture *f = *state;
	int ends[2], status;
	pid_t hearth, launcher;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	hearth = fork();
	if (hearth == 0) {
		begin(f, SHELL("echo >out"));
		launcher = command_pid(f->command);
		_exit(write(ends[1], &launcher, sizeof(launcher)) != sizeof(launcher));
	}
	assert_int_equal(waitpid(hearth, &status, 0), hearth);
	assert_int_equal(read(ends[0], &launcher, sizeof(launcher)), sizeof(launcher));
	assert_int_equal(waitpid(launcher, &status, 0), launcher);
	assert_int_equal(WEXITSTATUS(status), COMMAND_NOT_BEGUN);
	assert_int_equal(access("out", F_OK), -1);
	close(ends[0]);
	close(ends[1]);
}

static void command_gets_a_signal_that_was_sent_but_not_one_of_the_terminal(void **state)
{
	static const int codes[] = { SI_USER, SI_QUEUE, SI_TKILL };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct signalfd_siginfo terminal = { .ssi_signo = SIGINT, .ssi_code = SI_KERNEL };
		struct signalfd_siginfo sent = { .ssi_signo = SIGTERM, .ssi_code = codes[i] };

		begin(f, COMMAND("sleep", "1000"));
		assert_int_equal(command_release(f->command), 0);
		command_forward_signal(f->command, &terminal);
		command_forward_signal(f->command, &sent);
		assert_int_equal(finish(f), 128 + SIGTERM);
	}
}

static void command_that_runs_on_is_left_alone(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid;

	begin(f, COMMAND("sleep", "1000"));
	pid = command_pid(f->command);
	assert_int_equal(command_release(f->command), 0);
	f->command = command_free(f->command);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void command_leaves_the_children_of_others_alone(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t other = fork();

	if (other == 0)
		_exit(9);
	assert_int_equal(run(f, COMMAND("true")), 0);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(WEXITSTATUS(status), 9);
}

static void free_command(void *ctx, struct command *c)
{
	struct fixture *f = ctx;

	f->n_exits++;
	f->command = command_free(c);
}

static void command_may_be_freed_by_its_own_callback(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(make(f, COMMAND("true"), free_command), 0);
	assert_int_equal(command_release(f->command), 0);
	while (f->n_exits == 0)
		assert_int_equal(loop_run_once(f->loop, -1), 0);
	assert_null(f->command);
}

static void command_that_cannot_be_made_leaves_nothing_behind(void **state)
{
	static const struct {
		const char *point, *error;
		int expected;
	} rows[] = {
		{ "sys.pipe", "EMFILE", -EMFILE },
		{ "sys.alloc", "ENOMEM", -ENOMEM },
	};
	struct fixture *f = *state;
	int before = dup(0), after;

	close(before);
	assert_int_equal(make(f, (char *const[]){ NULL }, free_command), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int n = 1;; n++) {
			char spec[64];
			int r;

			snprintf(spec, sizeof(spec), "%s=%s@%u", rows[i].point, rows[i].error, n);
			test_fail(spec);
			r = make(f, COMMAND("true"), free_command);
			assert_int_equal(r, fail_count(rows[i].point) ? rows[i].expected : 0);
			f->command = command_free(f->command);
			assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
			after = dup(0);
			assert_int_equal(after, before);
			close(after);
			if (r == 0)
				break;
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		command_test(command_answers_its_own_status),
		command_test(command_has_the_pid_that_was_announced),
		command_test(command_that_is_never_released_does_nothing),
		command_test(command_leaves_standard_output_to_others),
		command_test(command_runs_as_often_as_it_is_asked_to),
		command_test(command_that_runs_again_inherits_what_one_that_runs_once_does),
		command_test(signal_to_a_command_that_runs_again_reaches_it),
		command_test(command_released_twice_is_refused),
		command_test(command_whose_launcher_was_killed_cannot_be_released),
		command_test(command_never_begins_if_hearth_dies_first),
		command_test(command_gets_a_signal_that_was_sent_but_not_one_of_the_terminal),
		command_test(command_that_runs_on_is_left_alone),
		command_test(command_leaves_the_children_of_others_alone),
		command_test(command_may_be_freed_by_its_own_callback),
		command_test(command_that_cannot_be_made_leaves_nothing_behind),
	};

	if (is_launcher(argc, argv))
		return launcher_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
