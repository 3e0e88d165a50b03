/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/datagram.h"

#include <fcntl.h>
#include <pthread.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

/* What was written to fd 2 while it was a file of the test's. */
struct capture {
	int saved, file;
};

static struct capture capture_begin(void)
{
	struct capture c = {
		.saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10),
		.file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600),
	};

	assert_true(c.saved >= 0 && c.file >= 0);
	dup2(c.file, STDERR_FILENO);
	return c;
}

/* The caller's. */
static char *capture_end(struct capture *c)
{
	char *text;

	dup2(c->saved, STDERR_FILENO);
	lseek(c->file, 0, SEEK_SET);
	assert_int_equal(fd_read_all(c->file, 1 << 20, &text, NULL), 0);
	close(c->saved);
	close(c->file);
	return text;
}

#define assert_logs(expected, ...) \
	do { \
		struct capture capture_ = capture_begin(); \
		__VA_ARGS__; \
		_cleanup_free_ char *text_ = capture_end(&capture_); \
		assert_string_equal(text_, expected); \
	} while (0)

static int log_test_teardown(void **state)
{
	log_close();
	log_set_level(HEARTH_LOG_INFO);
	clock_fake(0, 0);
	return *state ? test_folder_teardown(state) : 0;
}

static void log_line_says_who_how_bad_and_what(void **state)
{
	(void)state;
	assert_logs("hearth: error: text 7\n", log_error("text %d", 7));
	assert_logs("hearth: warning: text\n", log_warning("text"));
	assert_logs("hearth: notice: text\n", log_notice("text"));
	assert_logs("hearth: info: text\n", log_info("text\n\n"));
	assert_logs("hearth: warning: cpu-sampler: text\n",
		    log_write(HEARTH_LOG_WARNING, "cpu-sampler", "text"));
}

static void log_keeps_errno_and_prints_it(void **state)
{
	(void)state;
	errno = ENOSPC;
	assert_logs("hearth: error: sink: cannot write: No space left on device\n",
		    errno = ENOSPC;
		    log_write(HEARTH_LOG_ERROR, "sink", "cannot write: %m");
		    assert_int_equal(errno, ENOSPC));
}

static void log_error_errno_returns_what_it_was_given(void **state)
{
	(void)state;
	assert_logs("hearth: error: x: Permission denied\n",
		    assert_int_equal(log_error_errno(-EACCES, "x: %m"), -EACCES));
}

static void log_drops_what_is_above_the_level(void **state)
{
	(void)state;
	assert_logs("", log_debug("text"));
	log_set_level(HEARTH_LOG_DEBUG);
	assert_int_equal(log_level(), HEARTH_LOG_DEBUG);
	assert_logs("hearth: debug: text\n", log_debug("text"));
	log_set_level(HEARTH_LOG_ERROR);
	assert_logs("", log_warning("text"));
}

static void log_levels_have_names(void **state)
{
	static const char *const names[] = { "error", "warning", "notice", "info", "debug" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(log_level_parse(names[i]), HEARTH_LOG_ERROR + (int)i);
		assert_string_equal(log_level_name(HEARTH_LOG_ERROR + (int)i), names[i]);
	}
	assert_int_equal(log_level_parse("verbose"), -EINVAL);
	assert_int_equal(log_level_parse(""), -EINVAL);
	assert_string_equal(log_level_name(-1), "error");
	assert_string_equal(log_level_name(99), "debug");
}

static void log_text_cannot_forge_a_line_or_command_a_terminal(void **state)
{
	(void)state;
	assert_logs("hearth: info: comm is \"a\n        hearth: error: forged\"\n",
		    log_info("comm is \"%s\"", "a\nhearth: error: forged"));
	assert_logs("hearth: info: ?[2J?x\n", log_info("%s", "\x1b[2J\rx"));
}

static void log_line_may_be_long(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct capture c = capture_begin();

	(void)state;
	log_info("%50000d", 1);
	text = capture_end(&c);
	assert_int_equal(strlen(text), strlen("hearth: info: \n") + 50000);
}

static void log_file_has_the_time(void **state)
{
	const char *path = test_path(state, "log");
	_cleanup_free_ char *text = NULL;
	struct stat st;

	clock_fake(1, 1795253400 * NS_PER_S);
	assert_int_equal(log_open(LOG_TARGET_FILE, path), 0);
	log_warning("first");
	log_write(HEARTH_LOG_INFO, "hotspots", "second");
	log_close();
	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_string_equal(text, "2026-11-21T09:30:00Z hearth: warning: first\n"
			    "2026-11-21T09:30:00Z hearth: info: hotspots: second\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
}

static void log_file_is_reopened_after_rotation(void **state)
{
	const char *path = test_path(state, "log"), *old = test_path(state, "log.1");
	_cleanup_free_ char *text = NULL, *old_text = NULL;

	clock_fake(1, 0);
	assert_int_equal(log_open(LOG_TARGET_FILE, path), 0);
	log_info("before");
	assert_int_equal(rename(path, old), 0);
	log_info("between");
	assert_int_equal(log_reopen(), 0);
	log_info("after");
	assert_int_equal(file_read(old, 1 << 20, &old_text, NULL), 0);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_string_equal(old_text, "1970-01-01T00:00:00Z hearth: info: before\n"
			    "1970-01-01T00:00:00Z hearth: info: between\n");
	assert_string_equal(text, "1970-01-01T00:00:00Z hearth: info: after\n");
}

static void log_file_that_cannot_be_opened_leaves_the_old_target(void **state)
{
	const char *link = test_path(state, "link"), *fifo = test_path(state, "fifo");

	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(log_open(LOG_TARGET_FILE, link), -ELOOP);
	assert_int_equal(log_open(LOG_TARGET_FILE, fifo), -ENXIO);
	assert_int_equal(log_open(LOG_TARGET_FILE, test_path(state, "no/log")), -ENOENT);
	assert_int_equal(log_open(LOG_TARGET_FILE, NULL), -EINVAL);
	assert_int_equal(log_open(LOG_TARGET_JOURNAL, test_path(state, "none")), -ENOENT);
	assert_int_equal(log_open((enum log_target)99, NULL), -EINVAL);
	assert_logs("hearth: info: still here\n", log_info("still here"));
}

static void log_counts_the_lines_that_a_full_disk_took(void **state)
{
	const char *path = test_path(state, "log");
	_cleanup_free_ char *text = NULL;

	test_fail("sys.write=ENOSPC");
	clock_fake(1, 0);
	assert_int_equal(log_open(LOG_TARGET_FILE, path), 0);
	log_info("lost");
	log_info("lost");
	assert_int_equal(fail_count("sys.write"), 2);
	(void)fail_configure(NULL);
	log_info("written");
	log_info("written");
	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_string_equal(text, "1970-01-01T00:00:00Z hearth: warning: 2 lines of the log were "
			    "lost: they could not be written\n"
			    "1970-01-01T00:00:00Z hearth: info: written\n"
			    "1970-01-01T00:00:00Z hearth: info: written\n");
}

static void log_says_so_when_memory_is_out(void **state)
{
	(void)state;
	test_fail("sys.alloc=ENOMEM@1");
	assert_logs("hearth: info: out of memory while this line was put together\n",
		    log_info("text"));
	assert_int_equal(fail_count("sys.alloc"), 1);
	(void)fail_configure(NULL);
}

static void log_does_not_wait_for_a_reader_that_sleeps(void **state)
{
	int ends[2], saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	uint64_t before = clock_monotonic_ns(), waited;
	char text[8192], expected[200];
	ssize_t n_taken, n;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
	dup2(ends[1], STDERR_FILENO);
	for (int i = 0; i < 1000; i++)
		log_info("%40d", i);
	waited = clock_monotonic_ns() - before;
	n_taken = read(ends[0], text, sizeof(text));
	log_info("awake");
	dup2(saved, STDERR_FILENO);
	n = read(ends[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	snprintf(expected, sizeof(expected), "hearth: warning: %zd lines of the log were lost: they "
		 "could not be written\nhearth: info: awake\n", 1000 - n_taken / 55);
	assert_string_equal(text, expected);
	assert_true(waited < 5 * NS_PER_S); /* 1,000 times 0.1 s would be far more */
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

static void log_goes_to_the_journal(void **state)
{
	const char *path = test_path(state, "journal");
	int listener = datagram_listen(path, strlen(path));
	char entry[512];

	assert_int_equal(log_open(LOG_TARGET_JOURNAL, path), 0);
	assert_logs("", log_write(HEARTH_LOG_WARNING, "hotspots", "text"));
	datagram_receive(listener, entry, sizeof(entry));
	assert_string_equal(entry, "PRIORITY=4\nSYSLOG_IDENTIFIER=hearth\n"
			    "HEARTH_INSTANCE=hotspots\nMESSAGE=hotspots: text\n");
	close(listener);
}

static void log_that_the_journal_cannot_take_goes_to_stderr(void **state)
{
	const char *path = test_path(state, "journal");
	int listener = datagram_listen(path, strlen(path));

	assert_int_equal(log_open(LOG_TARGET_JOURNAL, path), 0);
	datagram_fill(path);
	assert_logs("hearth: info: queue full\n", log_info("queue full"));
	close(listener);
	assert_logs("hearth: info: nobody there\n", log_info("nobody there"));
}

static void log_auto_is_the_journal_only_if_stderr_is(void **state)
{
	const char *path = test_path(state, "journal");
	int listener = datagram_listen(path, strlen(path));
	char stream[64], entry[512];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(log_open(LOG_TARGET_AUTO, path), 0);
	assert_logs("hearth: info: text\n", log_info("text"));
	setenv("JOURNAL_STREAM", stream, 1);
	assert_int_equal(log_open(LOG_TARGET_AUTO, path), 0);
	log_info("text");
	assert_true(datagram_receive(listener, entry, sizeof(entry)) > 0);
	close(listener);
	assert_int_equal(log_open(LOG_TARGET_AUTO, path), 0); /* the journal is gone */
	unsetenv("JOURNAL_STREAM");
	assert_logs("hearth: info: text\n", log_info("text"));
}

static void *write_lines(void *arg)
{
	for (int i = 0; i < 200; i++)
		log_info("thread says %d", i);
	return arg;
}

static size_t count_whole_lines(char *text)
{
	char *state = NULL;
	size_t n = 0;

	for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		assert_non_null(strstr(line, "Z hearth: info: thread says "));
		n++;
	}
	return n;
}

static void log_lines_of_threads_stay_whole_while_the_target_changes(void **state)
{
	const char *path = test_path(state, "log"), *other = test_path(state, "other");
	_cleanup_free_ char *text = NULL, *other_text = NULL;
	pthread_t threads[4];
	size_t n;

	assert_int_equal(log_open(LOG_TARGET_FILE, path), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, write_lines, NULL);
	assert_int_equal(log_reopen(), 0);
	assert_int_equal(log_open(LOG_TARGET_FILE, other), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_int_equal(file_read(other, 1 << 20, &other_text, NULL), 0);
	n = count_whole_lines(text) + count_whole_lines(other_text);
	assert_int_equal(n, 800);
}

static void log_limit_lets_a_burst_through_per_interval(void **state)
{
	struct log_limit l = { .interval_ns = NS_PER_S, .burst = 2 };
	uint32_t suppressed = 99;

	(void)state;
	clock_fake(5 * NS_PER_S, 0);
	assert_true(log_limit_allows(&l, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_true(log_limit_allows(&l, &suppressed));
	assert_false(log_limit_allows(&l, &suppressed));
	clock_fake(6 * NS_PER_S - 1, 0);
	assert_false(log_limit_allows(&l, &suppressed));
	clock_fake(6 * NS_PER_S, 0);
	assert_true(log_limit_allows(&l, &suppressed));
	assert_int_equal(suppressed, 2);
	assert_true(log_limit_allows(&l, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_false(log_limit_allows(&l, &suppressed));
}

#define log_test(f) cmocka_unit_test_teardown(f, log_test_teardown)
#define log_test_with_folder(f) \
	cmocka_unit_test_setup_teardown(f, test_folder_setup, log_test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		log_test(log_line_says_who_how_bad_and_what),
		log_test(log_keeps_errno_and_prints_it),
		log_test(log_error_errno_returns_what_it_was_given),
		log_test(log_drops_what_is_above_the_level),
		log_test(log_levels_have_names),
		log_test(log_text_cannot_forge_a_line_or_command_a_terminal),
		log_test(log_line_may_be_long),
		log_test_with_folder(log_file_has_the_time),
		log_test_with_folder(log_file_is_reopened_after_rotation),
		log_test_with_folder(log_file_that_cannot_be_opened_leaves_the_old_target),
		log_test_with_folder(log_counts_the_lines_that_a_full_disk_took),
		log_test(log_says_so_when_memory_is_out),
		log_test(log_does_not_wait_for_a_reader_that_sleeps),
		log_test_with_folder(log_goes_to_the_journal),
		log_test_with_folder(log_that_the_journal_cannot_take_goes_to_stderr),
		log_test_with_folder(log_auto_is_the_journal_only_if_stderr_is),
		log_test_with_folder(log_lines_of_threads_stay_whole_while_the_target_changes),
		log_test(log_limit_lets_a_burst_through_per_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
