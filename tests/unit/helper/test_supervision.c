/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of helpers that are killed, hang, or read a file that harms them. */
#include "helpers_fixture.h"

#include <poll.h>
#include <sys/syscall.h>

#include "helper/privilege.h"

#define helpers_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Until the kernel says so: a SIGSTOP is not there when kill() returns. */
static void stop(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

static void run_once_at_most(struct fixture *f, int timeout_ms)
{
	assert_int_equal(loop_run_once(f->loop, timeout_ms), 0);
}

static void a_killed_inspector_costs_one_answer(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply killed = {}, after = {};
	uint64_t handle = open_handle(f, "/bin/true"), address = 1;
	pid_t before = inspector_of(f);

	stop(before);
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &killed), 0);
	run_once_at_most(f, 100);
	assert_int_equal(kill(before, SIGKILL), 0);
	wait_for(f, &killed);
	assert_int_equal(killed.answer->named.status, -ECONNRESET);
	assert_string_equal(killed.answer->named.cause,
			    "the inspector was killed by signal 9 (Killed) and was restarted");

	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &after), 0);
	wait_for(f, &after);
	assert_int_equal(after.answer->named.status, 0);
	assert_int_not_equal(inspector_of(f), before);
}

static void the_cpu_time_of_a_helper_that_died_is_not_forgotten(void **state)
{
	struct fixture *f = *state;
	uint64_t end = clock_monotonic_ns() + 5 * NS_PER_S;

	(void)open_handle(f, "/bin/true");
	assert_int_equal(helpers_ended_cpu_ns(f->helpers), 0);
	assert_int_equal(kill(inspector_of(f), SIGKILL), 0);
	while (helpers_ended_cpu_ns(f->helpers) == 0 && clock_monotonic_ns() < end)
		run_once_at_most(f, 100);
	assert_in_range(helpers_ended_cpu_ns(f->helpers), NS_PER_MS / 10, 2 * NS_PER_S);
}

static void a_killed_opener_costs_one_answer(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply killed = {};
	struct hearth_inspect_target t = target_of_path("/bin/sh");
	pid_t before;

	(void)open_handle(f, "/bin/true");
	before = opener_of(f);
	stop(before);
	assert_int_equal(helpers_open(f->helpers, &t, on_answer, &killed), 0);
	run_once_at_most(f, 100);
	assert_int_equal(kill(before, SIGKILL), 0);
	wait_for(f, &killed);
	assert_int_equal(killed.answer->inspected.status, -ECONNRESET);
	assert_string_equal(killed.answer->inspected.cause,
			    "the opener was killed by signal 9 (Killed) and was restarted");
	(void)open_handle(f, "/bin/sh");
	assert_int_not_equal(opener_of(f), before);
}

static void those_who_wait_behind_a_killed_request_are_served(void **state)
{
	struct fixture *f = *state;
	struct reply replies[5] = {};
	uint64_t handle = open_handle(f, "/bin/true"), address = 1;
	pid_t before = inspector_of(f);

	stop(before);
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++)
		assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer,
					       &replies[i]), 0);
	run_once_at_most(f, 100);
	assert_int_equal(kill(before, SIGKILL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		wait_for(f, &replies[i]);
		assert_int_equal(replies[i].answer->named.status, i == 0 ? -ECONNRESET : 0);
		reply_done(&replies[i]);
	}
}

static void a_hanging_opener_is_replaced_and_what_hung_it_is_left_alone(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply hung = {}, other = {}, again = {};
	struct hearth_inspect_target hanging = target_of_path("/bin/sh");
	struct hearth_inspect_target good = target_of_path("/bin/sleep");
	uint64_t start;
	pid_t before;

	(void)open_handle(f, "/bin/true");
	before = opener_of(f);
	stop(before);
	start = clock_monotonic_ns();
	assert_int_equal(helpers_open(f->helpers, &hanging, on_answer, &hung), 0);
	assert_int_equal(helpers_open(f->helpers, &good, on_answer, &other), 0);
	wait_for(f, &hung);
	assert_int_equal(hung.answer->inspected.status, -ETIMEDOUT);
	assert_string_equal(hung.answer->inspected.cause, "the opener did not answer for 1000 ms");
	wait_for(f, &other);
	assert_int_equal(other.answer->inspected.status, 0);
	assert_true(other.at_ns - start < 2 * NS_PER_S);
	assert_int_not_equal(opener_of(f), before);

	assert_int_equal(helpers_open(f->helpers, &hanging, on_answer, &again), 0);
	wait_for(f, &again);
	assert_int_equal(again.answer->inspected.status, -ETIMEDOUT);
	assert_string_equal(again.answer->inspected.cause,
			    "the opener did not answer for 1000 ms when it was to open it");
}

static void a_hanging_inspector_is_answered_for_in_two_seconds(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply hung = {}, blocked = {}, kernel = {};
	uint64_t handle = open_handle(f, "/bin/true"), address = 1, start;
	pid_t before = inspector_of(f);

	stop(before);
	start = clock_monotonic_ns();
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &hung), 0);
	wait_for(f, &hung);
	assert_int_equal(hung.answer->named.status, -ETIMEDOUT);
	assert_true(hung.at_ns - start <= 2 * NS_PER_S);

	/* The file is blamed, others are served by the next process. */
	assert_int_equal(helpers_kernel(f->helpers, &address, 1, on_answer, &kernel), 0);
	wait_for(f, &kernel);
	assert_int_equal(kernel.answer->named.status, 0);
	assert_int_not_equal(inspector_of(f), before);
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &blocked), 0);
	wait_for(f, &blocked);
	assert_int_equal(blocked.answer->named.status, -EBUSY);
	assert_string_equal(blocked.answer->named.cause,
			    "the inspector did not answer for 2000 ms when it read the file");
}

static void a_file_that_crashes_the_inspector_is_not_read_again_at_once(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply crashed = {}, blocked = {};
	uint64_t handle = open_handle(f, "/bin/true"), address = 1;
	pid_t before = inspector_of(f);

	stop(before);
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &crashed), 0);
	run_once_at_most(f, 100);
	assert_int_equal(kill(before, SIGSEGV), 0);
	assert_int_equal(kill(before, SIGCONT), 0);
	wait_for(f, &crashed);
	assert_int_equal(crashed.answer->named.status, -ECONNRESET);
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &blocked), 0);
	wait_for(f, &blocked);
	assert_int_equal(blocked.answer->named.status, -EBUSY);
}

static void kill_and_wait(struct fixture *f, pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (inspector_of(f) == pid)
		run_once_at_most(f, 100);
}

/* The second death within a minute is answered for by a pause of one second. */
static void a_helper_that_dies_often_is_held_back(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply reply = {};
	uint64_t handle = open_handle(f, "/bin/true"), address = 1, start;

	kill_and_wait(f, inspector_of(f));
	(void)open_handle(f, "/bin/sh"); /* at once */
	kill_and_wait(f, inspector_of(f));
	start = clock_monotonic_ns();
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &reply), 0);
	wait_for(f, &reply);
	assert_int_equal(reply.answer->named.status, 0);
	assert_true(reply.at_ns - start > NS_PER_S / 2);
	kill_and_wait(f, inspector_of(f));
	reply_done(&reply);
	reply = (struct reply){};
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &reply), 0);
	wait_for(f, &reply);
	assert_int_equal(reply.answer->named.status, -EAGAIN);
	assert_non_null(strstr(reply.answer->named.cause, "the inspector does not stay up"));
}

/* Each call on the way to a process fails once or for ever: there is an answer and nothing leaks. */
static void a_helper_that_cannot_be_started_is_answered_for(void **state)
{
	static const struct {
		const char *spec;
		int status;
	} rows[] = {
		{ "sys.socketpair=EMFILE@1", 0 },
		{ "sys.socketpair=EMFILE", -EAGAIN },
		{ "sys.send=ENOBUFS@1", -ENOBUFS },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_reply_ struct reply reply = {};
		int before = dup(0), after;

		close(before);
		test_fail(rows[i].spec);
		f->helpers = helpers_free(f->helpers);
		assert_int_equal(helpers_begin(f), 0);
		assert_int_equal(ask_open(f, "/bin/true", &reply)->status, rows[i].status);
		assert_in_range(fail_count(i < 2 ? "sys.socketpair" : "sys.send"), 1, 3);
		assert_int_equal(fail_configure(NULL), 0);
		f->helpers = helpers_free(f->helpers);
		assert_int_equal(helpers_begin(f), 0);
		after = dup(0);
		close(after);
		assert_int_equal(after, before);
	}
}

/* A line of /proc/PID/status, without its name. */
static void status_line(pid_t pid, const char *name, char *ret, size_t size)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	ret[0] = '\0';
	while (fgets(line, sizeof(line), file))
		if (str_starts(line, name) && line[strlen(name)] == ':') {
			line[strcspn(line, "\n")] = '\0';
			snprintf(ret, size, "%s", line + strlen(name) + 2);
		}
	fclose(file);
}

static void helpers_have_their_names_and_few_rights(void **state)
{
#ifdef HAS_SANITIZER
	static const char seccomp[] = "0";
#else
	static const char seccomp[] = "2";
#endif
	struct fixture *f = *state;
	char text[128];

	(void)open_handle(f, "/bin/true");
	status_line(inspector_of(f), "Name", text, sizeof(text));
	assert_string_equal(text, "hearth-inspect");
	status_line(opener_of(f), "Name", text, sizeof(text));
	assert_string_equal(text, "hearth-opener");
	status_line(inspector_of(f), "Uid", text, sizeof(text));
	assert_string_equal(text, "65534\t65534\t65534\t65534");
	status_line(inspector_of(f), "Gid", text, sizeof(text));
	assert_string_equal(text, "65534\t65534\t65534\t65534");
	status_line(inspector_of(f), "CapPrm", text, sizeof(text));
	assert_string_equal(text, "0000000000000000");
	status_line(inspector_of(f), "NoNewPrivs", text, sizeof(text));
	assert_string_equal(text, "1");
	status_line(inspector_of(f), "Seccomp", text, sizeof(text));
	assert_string_equal(text, seccomp);

	status_line(opener_of(f), "CapPrm", text, sizeof(text));
	/* dac_read_search 2, sys_ptrace 19, syslog 34, checkpoint_restore 40 */
	assert_int_equal(strtoull(text, NULL, 16) & ~(1ull << 2 | 1ull << 19 | 1ull << 34 | 1ull << 40), 0);
	assert_int_not_equal(strtoull(text, NULL, 16), 0);
	status_line(opener_of(f), "NoNewPrivs", text, sizeof(text));
	assert_string_equal(text, "1");
}

static void assert_lacks_fd(pid_t pid, const char *path)
{
	char proc_path[64], link[PATH_MAX];

	for (int fd = 0; fd < 256; fd++) {
		ssize_t n;

		snprintf(proc_path, sizeof(proc_path), "/proc/%d/fd/%d", pid, fd);
		n = readlink(proc_path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		assert_string_not_equal(link, path);
	}
}

static void helpers_hold_no_fd_of_the_host(void **state)
{
	struct fixture *f = *state;
	int leaked = open("/etc/hostname", O_RDONLY); /* no CLOEXEC, as a careless library does */

	assert_true(leaked > 3);
	(void)open_handle(f, "/bin/true");
	assert_lacks_fd(inspector_of(f), "/etc/hostname");
	assert_lacks_fd(opener_of(f), "/etc/hostname");
	close(leaked);
}

/* A host that is killed leaves no helper behind. */
static void helpers_end_with_the_host(void **state)
{
	struct fixture *f = *state;
	int pids[2], pidfd;
	struct pollfd end;
	pid_t host, helper;

	assert_int_equal(pipe2(pids, O_CLOEXEC), 0);
	host = fork();
	if (host == 0) {
		if (loop_new(&f->loop) < 0 || helpers_begin(f) < 0)
			_exit(1);
		(void)open_handle(f, "/bin/true");
		helper = opener_of(f);
		if (write(pids[1], &helper, sizeof(helper)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(pids[1]);
	assert_int_equal(read(pids[0], &helper, sizeof(helper)), sizeof(helper));
	close(pids[0]);
	pidfd = (int)syscall(SYS_pidfd_open, helper, 0);
	assert_true(pidfd >= 0);
	child_end(host);
	end = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	assert_int_equal(poll(&end, 1, 5000), 1);
	close(pidfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		helpers_test(a_killed_inspector_costs_one_answer),
		helpers_test(the_cpu_time_of_a_helper_that_died_is_not_forgotten),
		helpers_test(a_killed_opener_costs_one_answer),
		helpers_test(those_who_wait_behind_a_killed_request_are_served),
		helpers_test(a_hanging_opener_is_replaced_and_what_hung_it_is_left_alone),
		helpers_test(a_hanging_inspector_is_answered_for_in_two_seconds),
		helpers_test(a_file_that_crashes_the_inspector_is_not_read_again_at_once),
		helpers_test(a_helper_that_dies_often_is_held_back),
		helpers_test(a_helper_that_cannot_be_started_is_answered_for),
		helpers_test(helpers_have_their_names_and_few_rights),
		helpers_test(helpers_hold_no_fd_of_the_host),
		helpers_test(helpers_end_with_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
