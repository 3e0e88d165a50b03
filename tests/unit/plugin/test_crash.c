/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/crashing.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "plugin/crash.h"
#include "util/cleanup.h"

#define PROGRAM "test-plugin-crash"

static void crash_in_consume(void *ctx)
{
	void (*volatile crash)(void) = *(void (**)(void))ctx; /* not to be inlined: it has a frame */

	(void)crash_init();
	crash_enter("my-sink", "consume");
	crash();
	crash_leave();
}

static void crash_names_instance_callback_and_signal(void **state)
{
	static const struct {
		void (*crash)(void);
		const char *says;
	} cases[] = {
		{ dereference_null, "SIGSEGV at address 0x0 (nothing is mapped there)" },
		{ call_null, "SIGSEGV at address 0x0" },
		{ divide_by_zero, "SIGFPE at address 0x" },
		{ abort_it, "consume(): SIGABRT\n" },
		{ read_behind_the_end_of_a_file,
		  "(the file behind the mapping has become shorter)" },
		{ run_an_illegal_instruction, "SIGILL at address 0x" },
		{ overflow_the_stack, "SIGSEGV at address 0x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		void (*crash)(void) = cases[i].crash;
		struct ending e;

		run_child(crash_in_consume, &crash, &e);
		assert_true(WIFEXITED(e.status));
		assert_int_equal(WEXITSTATUS(e.status), CRASH_STATUS);
		assert_says(&e, "hearth: crash: plugin instance \"my-sink\" in consume(): ");
		assert_says(&e, "what to do: take \"my-sink\" out of the configuration");
		assert_says(&e, cases[i].says);
	}
}

static void report_shows_where_by_module_and_offset(void **state)
{
	void (*crash)(void) = dereference_null;
	struct ending e;

	(void)state;
	run_child(crash_in_consume, &crash, &e);
	assert_says(&e, "  #0 " PROGRAM "+0x");
	assert_says(&e, "  #2 ");
	assert_says(&e, "libcmocka");
}

static void measure_nothing(void)
{
	size_t (*volatile measure)(const char *) = strlen;

	zero = (int)measure((const char *)nowhere);
}

static void caller_of_a_function_without_frame_is_guessed(void **state)
{
	void (*crash)(void) = measure_nothing;
	struct ending e;

	(void)state;
	run_child(crash_in_consume, &crash, &e);
	assert_says(&e, "  #0 libc.so.6+0x");
	assert_says(&e, "  #1 ? "); /* this program, or a sanitizer's own strlen() around it */
}

static void call_through_null_shows_its_caller(void **state)
{
	void (*crash)(void) = call_null;
	struct ending e;

	(void)state;
	run_child(crash_in_consume, &crash, &e);
	assert_says(&e, "  #0 0x0\n");
	assert_says(&e, "  #1 " PROGRAM "+0x");
}

static void crash_while_calls_are_nested(void *ctx)
{
	(void)ctx;
	(void)crash_init();
	crash_enter("outer", "consume");
	crash_enter("inner", "release");
	crash_enter("gone", "release");
	crash_leave();
	dereference_null();
}

static void innermost_call_is_named_with_its_callers(void **state)
{
	struct ending e;

	(void)state;
	run_child(crash_while_calls_are_nested, NULL, &e);
	assert_says(&e, "plugin instance \"inner\" in release(), called by plugin instance \"outer\" "
			"in consume()");
	assert_null(strstr(e.text, "gone"));
}

static void nest_deeply(void *ctx)
{
	(void)ctx;
	(void)crash_init();
	for (int i = 0; i < 100; i++)
		crash_enter("deep", "consume");
	for (int i = 0; i < 99; i++)
		crash_leave();
	dereference_null();
}

static void calls_nest_deeper_than_is_remembered(void **state)
{
	struct ending e;

	(void)state;
	run_child(nest_deeply, NULL, &e);
	assert_int_equal(WEXITSTATUS(e.status), CRASH_STATUS);
	assert_says(&e, "plugin instance \"deep\" in consume(): ");
}

static void crash_after_leave(void *ctx)
{
	(void)ctx;
	(void)crash_init();
	crash_enter("my-sink", "consume");
	crash_leave();
	dereference_null();
}

static void crash_outside_of_callbacks_is_hearths_own(void **state)
{
	struct ending e;

	(void)state;
	run_child(crash_after_leave, NULL, &e);
	assert_int_equal(WEXITSTATUS(e.status), CRASH_STATUS);
	assert_says(&e, "hearth: crash: hearth itself: SIGSEGV");
	assert_null(strstr(e.text, "my-sink"));
}

static void *crash_on_thread(void *ctx)
{
	(void)crash_thread_init();
	crash_enter(ctx, "on_timer");
	overflow_the_stack();
	return NULL;
}

static void crash_beside_another_call(void *ctx)
{
	pthread_t t;

	(void)ctx;
	(void)crash_init();
	crash_enter("innocent", "consume");
	(void)pthread_create(&t, NULL, crash_on_thread, (void *)"guilty");
	(void)pthread_join(t, NULL);
}

static void crash_is_blamed_on_the_thread_that_crashed(void **state)
{
	struct ending e;

	(void)state;
	run_child(crash_beside_another_call, NULL, &e);
	assert_int_equal(WEXITSTATUS(e.status), CRASH_STATUS);
	assert_says(&e, "plugin instance \"guilty\" in on_timer()");
	assert_null(strstr(e.text, "innocent"));
}

static void *crash_at_the_same_time(void *ctx)
{
	(void)crash_thread_init();
	crash_enter("one-of-many", "consume");
	pthread_barrier_wait(ctx);
	dereference_null();
	return NULL;
}

static void crash_in_many_threads(void *ctx)
{
	pthread_barrier_t barrier;
	pthread_t threads[8];

	(void)ctx;
	(void)crash_init();
	(void)pthread_barrier_init(&barrier, NULL, ARRAY_SIZE(threads));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		(void)pthread_create(&threads[i], NULL, crash_at_the_same_time, &barrier);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		(void)pthread_join(threads[i], NULL);
}

static void only_one_of_many_crashes_is_reported(void **state)
{
	const char *first;
	struct ending e;

	(void)state;
	run_child(crash_in_many_threads, NULL, &e);
	assert_int_equal(WEXITSTATUS(e.status), CRASH_STATUS);
	first = strstr(e.text, "one-of-many\" in consume");
	assert_non_null(first);
	assert_null(strstr(first + 1, "one-of-many\" in consume"));
}

static void wait_to_be_killed(void *ctx)
{
	(void)ctx;
	(void)crash_init();
	crash_enter("victim", "consume");
	(void)fputs("ready\n", stderr);
	for (;;)
		pause();
}

static void signal_from_outside_is_told_from_a_fault(void **state)
{
	int ends[2], status;
	char text[4096] = "", byte;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		wait_to_be_killed(NULL);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGSEGV), 0);
	while ((n = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_non_null(strstr(text, "SIGSEGV, sent by process "));
	close(ends[0]);
}

/* Nobody reads stderr and its pipe is full: the process ends all the same. */
static void crash_into_a_full_pipe(void *ctx)
{
	static const char block[4096];
	int ends[2];

	(void)ctx;
	if (pipe2(ends, O_NONBLOCK) < 0)
		return;
	while (write(ends[1], block, sizeof(block)) > 0)
		;
	(void)fcntl(ends[1], F_SETFL, 0);
	(void)dup2(ends[1], STDERR_FILENO);
	(void)crash_init();
	crash_enter("my-sink", "consume");
	abort(); /* of which no sanitizer says anything before us */
}

static void reader_that_does_not_read_does_not_keep_the_process(void **state)
{
	struct timespec before, after;
	struct ending e;

	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	run_child(crash_into_a_full_pipe, NULL, &e);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(WEXITSTATUS(e.status), CRASH_STATUS);
	assert_true(after.tv_sec - before.tv_sec < 5);
}

static void crash_with_log(void *ctx)
{
	(void)crash_init();
	crash_set_log_fd(*(int *)ctx);
	crash_enter("my-sink", "consume");
	dereference_null();
}

static void log_file_gets_the_report_too(void **state)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	struct ending e, log = {};

	(void)state;
	run_child(crash_with_log, &fd, &e);
	assert_true(pread(fd, log.text, sizeof(log.text) - 1, 0) > 0);
	assert_says(&log, "plugin instance \"my-sink\" in consume()");
	assert_says(&e, "plugin instance \"my-sink\" in consume()");
	close(fd);
}

#ifdef __SANITIZE_ADDRESS__
static void use_after_free(void)
{
	char *volatile p = malloc(1);

	free(p);
	*(volatile char *)p = 1;
}

static void what_a_sanitizer_finds_in_a_callback_has_a_name_too(void **state)
{
	void (*crash)(void) = use_after_free;
	struct ending e;

	(void)state;
	run_child(crash_in_consume, &crash, &e);
	assert_int_equal(WEXITSTATUS(e.status), CRASH_STATUS);
	assert_says(&e, "heap-use-after-free");
	assert_says(&e, "plugin instance \"my-sink\" in consume(): see the sanitizer's report above");
}
#endif

static void thread_gives_its_signal_stack_back(void **state)
{
	stack_t before, during, after;

	(void)state;
	assert_int_equal(sigaltstack(NULL, &before), 0);
	assert_int_equal(crash_thread_init(), 0);
	assert_int_equal(sigaltstack(NULL, &during), 0);
	crash_thread_done();
	assert_int_equal(sigaltstack(NULL, &after), 0);
	assert_int_equal(after.ss_flags, before.ss_flags);
	assert_ptr_equal(after.ss_sp, before.ss_sp);
	assert_int_equal(during.ss_flags, 0);
	assert_true(during.ss_size >= 64 << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crash_names_instance_callback_and_signal),
		cmocka_unit_test(report_shows_where_by_module_and_offset),
		cmocka_unit_test(call_through_null_shows_its_caller),
		cmocka_unit_test(caller_of_a_function_without_frame_is_guessed),
		cmocka_unit_test(innermost_call_is_named_with_its_callers),
		cmocka_unit_test(calls_nest_deeper_than_is_remembered),
		cmocka_unit_test(crash_outside_of_callbacks_is_hearths_own),
		cmocka_unit_test(crash_is_blamed_on_the_thread_that_crashed),
		cmocka_unit_test(only_one_of_many_crashes_is_reported),
		cmocka_unit_test(signal_from_outside_is_told_from_a_fault),
		cmocka_unit_test(reader_that_does_not_read_does_not_keep_the_process),
		cmocka_unit_test(log_file_gets_the_report_too),
#ifdef __SANITIZE_ADDRESS__
		cmocka_unit_test(what_a_sanitizer_finds_in_a_callback_has_a_name_too),
#endif
		cmocka_unit_test(thread_gives_its_signal_stack_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
