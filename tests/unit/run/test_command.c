/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher is this program itself, called as `test launch -- CMD`, as hearth would be. */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "loop/signal.h"
#include "run/command.h"
#include "util/file.h"
#include "util/str.h"

#define COMMAND(...) ((char *const[]){ __VA_ARGS__, NULL })
#define SHELL(script) COMMAND("sh", "-c", script)

struct fixture {
	char *folder;
	struct loop *loop;
	struct command *command;
	unsigned int n_exits;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(test_folder_setup(state), 0);
	f->folder = *state;
	assert_int_equal(chdir(f->folder), 0);
	*state = f;
	assert_int_equal(signal_block_all(), 0);
	signal(SIGPIPE, SIG_IGN);
	return loop_new(&f->loop);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)fail_configure(NULL);
	command_free(f->command);
	loop_free(f->loop);
	signal(SIGPIPE, SIG_IGN); /* takes back one that came while it was blocked */
	signal_reset();
	assert_int_equal(chdir("/"), 0);
	*state = f->folder;
	free(f);
	return test_folder_teardown(state);
}

static void on_exit_of_command(void *ctx, struct command *c)
{
	struct fixture *f = ctx;

	assert_true(command_has_exited(c));
	f->n_exits++;
}

static void begin(struct fixture *f, char *const *argv)
{
	f->command = command_free(f->command);
	f->n_exits = 0;
	assert_int_equal(command_new(f->loop, argv, on_exit_of_command, f, &f->command), 0);
}

/* The exit status. */
static int finish(struct fixture *f)
{
	while (f->n_exits == 0)
		assert_int_equal(loop_run_once(f->loop, -1), 0);
	assert_int_equal(f->n_exits, 1);
	return command_exit_status(f->command);
}

static int run(struct fixture *f, char *const *argv)
{
	begin(f, argv);
	assert_int_equal(command_release(f->command), 0);
	return finish(f);
}

static void assert_written(const char *name, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(file_read(name, 1 << 16, &text, NULL), 0);
	assert_string_equal(text, expected);
}

/* fd 2 is a file for as long as this runs. */
static int run_quietly(struct fixture *f, char *const *argv)
{
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10), r;
	int file = open("stderr", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	dup2(file, STDERR_FILENO);
	close(file);
	r = run(f, argv);
	dup2(saved, STDERR_FILENO);
	close(saved);
	return r;
}

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

static void command_that_cannot_begin_says_why(void **state)
{
	static const struct {
		const char *program;
		int status, error;
		const char *text;
	} rows[] = {
		{ "no-such-program", 127, ENOENT,
		  "hearth: error: cannot execute \"no-such-program\": no such program in PATH\n" },
		{ "./none", 127, ENOENT,
		  "hearth: error: cannot execute \"./none\": it, or the interpreter that it names, "
		  "does not exist\n" },
		{ "./orphan", 127, ENOENT,
		  "hearth: error: cannot execute \"./orphan\": it, or the interpreter that it names, "
		  "does not exist\n" },
		{ "./plain", 126, EACCES,
		  "hearth: error: cannot execute \"./plain\": Permission denied\n" },
		{ "./folder", 126, EACCES,
		  "hearth: error: cannot execute \"./folder\": Permission denied\n" },
	};
	struct fixture *f = *state;

	assert_int_equal(file_write_atomic("plain", "x", 1, 0644, true), 0);
	assert_int_equal(file_write_atomic("orphan", "#!/none\n", 8, 0755, true), 0);
	assert_int_equal(dir_make("folder", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(run_quietly(f, COMMAND((char *)rows[i].program)), rows[i].status);
		assert_int_equal(command_exec_error(f->command), rows[i].error);
		assert_written("stderr", rows[i].text);
	}
}

static void command_may_be_a_script_without_interpreter(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(file_write_atomic("script", "exit 5\n", 7, 0755, true), 0);
	assert_int_equal(run(f, COMMAND("./script")), 5);
}

static void command_gets_its_arguments_as_they_are(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, COMMAND("sh", "-c", "printf '[%s]' \"$@\" >out", "sh", "a b", "",
					"--", "-x", "--help")), 0);
	assert_written("out", "[a b][][--][-x][--help]");
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

/* Without signals 32 and 33, which belong to the C library and stay as its caller left them. */
static void assert_signals_of_command(struct fixture *f, unsigned long long ignored)
{
	const unsigned long long libc = 3ull << 31;
	unsigned long long blocked_now, ignored_now;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(run(f, SHELL("grep -E '^Sig(Blk|Ign)' /proc/self/status >out")), 0);
	assert_int_equal(file_read("out", 1 << 16, &text, NULL), 0);
	assert_int_equal(sscanf(text, "SigBlk: %llx SigIgn: %llx", &blocked_now, &ignored_now), 2);
	assert_int_equal(blocked_now, 0);
	assert_int_equal(ignored_now & ~libc, ignored);
}

static void command_has_default_signals_and_none_blocked(void **state)
{
	struct fixture *f = *state;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	assert_signals_of_command(f, 0);
}

static void command_under_nohup_stays_deaf_to_hangups(void **state)
{
	struct fixture *f = *state;

	signal(SIGHUP, SIG_IGN);
	assert_signals_of_command(f, 1ull << (SIGHUP - 1));
}

static void command_has_the_standard_streams_and_no_other_fd(void **state)
{
	struct fixture *f = *state;
	int inherited[8];

	for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
		inherited[i] = dup(STDOUT_FILENO); /* without CLOEXEC */
	assert_int_equal(run(f, SHELL("ls /proc/self/fd >out")), 0);
	assert_written("out", "0\n1\n2\n3\n"); /* 3: the folder that ls reads */
	for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
		close(inherited[i]);
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

	assert_int_equal(command_new(f->loop, COMMAND("true"), free_command, f, &f->command), 0);
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
	assert_int_equal(command_new(f->loop, (char *const[]){ NULL }, free_command, f,
				     &f->command), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int n = 1;; n++) {
			char spec[64];
			int r;

			snprintf(spec, sizeof(spec), "%s=%s@%u", rows[i].point, rows[i].error, n);
			test_fail(spec);
			r = command_new(f->loop, COMMAND("true"), free_command, f, &f->command);
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

/* What `hearth launch ARGUMENTS` says and answers when a person types it. */
static int launch_by_hand(char *const *argv)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int file = open("stderr", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

		dup2(file, STDERR_FILENO);
		close_range(3, ~0u, 0);
		execv("/proc/self/exe", argv);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void launcher_sends_people_to_record(void **state)
{
	static const char text[] =
		"hearth: error: `hearth launch` is for hearth itself; use `hearth record -- CMD`\n";

	(void)state;
	assert_int_equal(launch_by_hand(COMMAND("hearth", "launch", "--", "true")), EXIT_USAGE);
	assert_written("stderr", text);
	assert_int_equal(launch_by_hand(COMMAND("hearth", "launch")), EXIT_USAGE);
	assert_written("stderr", text);
}

#define command_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		command_test(command_answers_its_own_status),
		command_test(command_that_cannot_begin_says_why),
		command_test(command_may_be_a_script_without_interpreter),
		command_test(command_gets_its_arguments_as_they_are),
		command_test(command_has_the_pid_that_was_announced),
		command_test(command_that_is_never_released_does_nothing),
		command_test(command_released_twice_is_refused),
		command_test(command_whose_launcher_was_killed_cannot_be_released),
		command_test(command_never_begins_if_hearth_dies_first),
		command_test(command_has_default_signals_and_none_blocked),
		command_test(command_under_nohup_stays_deaf_to_hangups),
		command_test(command_has_the_standard_streams_and_no_other_fd),
		command_test(command_gets_a_signal_that_was_sent_but_not_one_of_the_terminal),
		command_test(command_that_runs_on_is_left_alone),
		command_test(command_leaves_the_children_of_others_alone),
		command_test(command_may_be_freed_by_its_own_callback),
		command_test(command_that_cannot_be_made_leaves_nothing_behind),
		command_test(launcher_sends_people_to_record),
	};

	if (argc > 1 && str_equal(argv[1], "launch")) {
		struct cli_call call = { .name = "launch", .command = argc > 3 ? argv + 3 : NULL };

		return cli_launch.run(&call);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
