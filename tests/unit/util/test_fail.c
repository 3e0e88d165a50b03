/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/clock.h"

static void failpoint_strikes_the_passages_it_names(void **state)
{
	static const struct {
		const char *spec;
		bool struck[5];
	} rows[] = {
		{ "p=EIO", { true, true, true, true, true } },
		{ "p=EIO@1", { true, false, false, false, false } },
		{ "p=EIO@3", { false, false, true, false, false } },
		{ "p=EIO@3+", { false, false, true, true, true } },
		{ "p=EIO@2,p=EIO@4", { false, true, false, true, false } },
		{ "q=EIO", { false, false, false, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long n = 0;

		test_fail(rows[i].spec);
		for (size_t k = 0; k < ARRAY_SIZE(rows[i].struck); k++) {
			assert_int_equal(fail_point("p"), rows[i].struck[k] ? -EIO : 0);
			n += rows[i].struck[k];
		}
		assert_int_equal(fail_count("p"), n);
	}
	(void)fail_configure(NULL);
}

static void failpoint_knows_errno_names(void **state)
{
	(void)state;
	test_fail("a=ENOSPC,b=EINTR,c=EKEYREJECTED");
	assert_int_equal(fail_point("a"), -ENOSPC);
	assert_int_equal(fail_point("b"), -EINTR);
	assert_int_equal(fail_point("c"), -EKEYREJECTED);
	(void)fail_configure(NULL);
	assert_int_equal(fail_point("a"), 0);
}

static void failpoint_refuses_what_it_does_not_understand(void **state)
{
	static const char *const specs[] = {
		"p", "=EIO", "p=", "p=ENOSUCH", "p=EIO@", "p=EIO@0", "p=EIO@x", "p=EIO@1x",
		"p=EIO@-1", "p=delay", "p=delay:", "p=delay:1s", "p=EIO@99999999999999999999",
		"a-name-that-is-far-longer-than-any-failpoint-of-this-project-will-be-one-day=EIO",
		"1=EIO,2=EIO,3=EIO,4=EIO,5=EIO,6=EIO,7=EIO,8=EIO,9=EIO,10=EIO,11=EIO,12=EIO,13=EIO,"
		"14=EIO,15=EIO,16=EIO,17=EIO",
	};

	(void)state;
	test_fail("p=EPERM");
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		assert_int_equal(fail_configure(specs[i]), -EINVAL);
	assert_int_equal(fail_point("p"), -EPERM); /* the old ones stay */
	(void)fail_configure(NULL);
}

static void failpoint_delays(void **state)
{
	uint64_t before;

	(void)state;
	test_fail("p=delay:20");
	before = clock_monotonic_ns();
	assert_int_equal(fail_point("p"), 0);
	assert_true(clock_monotonic_ns() - before >= 20 * NS_PER_MS);
	assert_int_equal(fail_count("p"), 1);
	(void)fail_configure(NULL);
}

static void failpoint_kills(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	test_fail("p=kill");
	pid = fork();
	if (pid == 0) {
		fail_point("p");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	(void)fail_configure(NULL);
}

/* What the process writes to stderr while HEARTH_FAILPOINT is set; and how it ends. */
static int run_with_environment(const char *spec, char *ret_text, size_t size)
{
	int pipe_fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		setenv("HEARTH_FAILPOINT", spec, 1);
		dup2(pipe_fds[1], STDERR_FILENO);
		execl("/proc/self/exe", "test", "child", NULL);
		_exit(99);
	}
	close(pipe_fds[1]);
	n = read(pipe_fds[0], ret_text, size - 1);
	ret_text[n > 0 ? n : 0] = '\0';
	close(pipe_fds[0]);
	waitpid(pid, &status, 0);
	return status;
}

static void failpoint_in_the_environment_that_is_misspelt_ends_the_process(void **state)
{
	char text[512];
	int status;

	(void)state;
	test_fail("");
	status = run_with_environment("p=ENOSUCH", text, sizeof(text));
	assert_true(WIFSIGNALED(status));
	assert_non_null(strstr(text, "HEARTH_FAILPOINT=p=ENOSUCH is not understood"));
}

static void failpoint_is_read_from_the_environment(void **state)
{
	char text[512];
	int status;

	(void)state;
	test_fail("");
	status = run_with_environment("child=EDOM@2", text, sizeof(text));
	assert_int_equal(WEXITSTATUS(status), EDOM);
	assert_string_equal(text, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failpoint_strikes_the_passages_it_names),
		cmocka_unit_test(failpoint_knows_errno_names),
		cmocka_unit_test(failpoint_refuses_what_it_does_not_understand),
		cmocka_unit_test(failpoint_delays),
		cmocka_unit_test(failpoint_kills),
		cmocka_unit_test(failpoint_in_the_environment_that_is_misspelt_ends_the_process),
		cmocka_unit_test(failpoint_is_read_from_the_environment),
	};

	(void)argv;
	if (argc > 1) {
		fail_point("child");
		return -fail_point("child");
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
