/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/run/command_fixture.h"

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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		command_test(command_that_cannot_begin_says_why),
		command_test(command_may_be_a_script_without_interpreter),
		command_test(command_gets_its_arguments_as_they_are),
		command_test(command_has_default_signals_and_none_blocked),
		command_test(command_under_nohup_stays_deaf_to_hangups),
		command_test(command_has_the_standard_streams_and_no_other_fd),
		command_test(launcher_sends_people_to_record),
	};

	if (is_launcher(argc, argv))
		return launcher_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
