/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/datagram.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "util/cleanup.h"
#include "util/journal.h"

struct journal_test {
	const char *path;
	int listener, fd;
};

static struct journal_test journal_begin(void **state)
{
	struct journal_test t = { .path = test_path(state, "journal") };

	t.listener = datagram_listen(t.path, strlen(t.path));
	assert_int_equal(journal_open(t.path, &t.fd), 0);
	return t;
}

static void journal_end(struct journal_test *t)
{
	close(t->fd);
	if (t->listener >= 0)
		close(t->listener);
}

static void journal_entry_has_the_fields_that_searches_need(void **state)
{
	struct journal_test t = journal_begin(state);
	char entry[512];

	assert_int_equal(journal_send(t.fd, t.path, 4, "cpu-sampler#7", "cpu-sampler#7: text"), 0);
	datagram_receive(t.listener, entry, sizeof(entry));
	assert_string_equal(entry, "PRIORITY=4\nSYSLOG_IDENTIFIER=hearth\n"
			    "HEARTH_INSTANCE=cpu-sampler#7\nMESSAGE=cpu-sampler#7: text\n");
	journal_end(&t);
}

static void journal_entry_of_the_host_names_no_instance(void **state)
{
	struct journal_test t = journal_begin(state);
	char entry[512];

	assert_int_equal(journal_send(t.fd, t.path, 6, NULL, "text"), 0);
	datagram_receive(t.listener, entry, sizeof(entry));
	assert_string_equal(entry, "PRIORITY=6\nSYSLOG_IDENTIFIER=hearth\nMESSAGE=text\n");
	journal_end(&t);
}

static void journal_text_of_several_lines_goes_by_length(void **state)
{
	static const char expected[] = "PRIORITY=3\nSYSLOG_IDENTIFIER=hearth\n"
				       "MESSAGE\n\x0e\0\0\0\0\0\0\0one\nPRIORITY=0\n";
	struct journal_test t = journal_begin(state);
	char entry[512];

	assert_int_equal(journal_send(t.fd, t.path, 3, NULL, "one\nPRIORITY=0"), 0);
	assert_int_equal(datagram_receive(t.listener, entry, sizeof(entry)), sizeof(expected) - 1);
	assert_memory_equal(entry, expected, sizeof(expected));
	journal_end(&t);
}

static int receive_fd(int listener, char *ret_byte)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = ret_byte, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int fd = -1;

	assert_int_equal(recvmsg(listener, &m, MSG_CMSG_CLOEXEC), 0);
	c = CMSG_FIRSTHDR(&m);
	assert_non_null(c);
	assert_int_equal(c->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void journal_entry_too_large_for_a_datagram_is_a_sealed_memfd(void **state)
{
	static const char head[] = "PRIORITY=6\nSYSLOG_IDENTIFIER=hearth\nMESSAGE=";
	const size_t length = 4 << 20;
	_cleanup_free_ char *text = malloc(length + 1);
	struct journal_test t = journal_begin(state);
	struct stat st;
	char byte, *entry;
	int fd;

	memset(text, 'x', length);
	text[length] = '\0';
	assert_int_equal(journal_send(t.fd, t.path, 6, NULL, text), 0);
	fd = receive_fd(t.listener, &byte);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, sizeof(head) - 1 + length + 1);
	assert_int_equal(fcntl(fd, F_GET_SEALS),
			 F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	entry = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(entry, MAP_FAILED);
	assert_memory_equal(entry, head, sizeof(head) - 1);
	assert_memory_equal(entry + sizeof(head) - 1, text, length);
	assert_int_equal(entry[st.st_size - 1], '\n');
	munmap(entry, (size_t)st.st_size);
	close(fd);
	journal_end(&t);
}

static void journal_send_does_not_wait_for_a_slow_journal(void **state)
{
	struct journal_test t = journal_begin(state);

	datagram_fill(t.path);
	assert_int_equal(journal_send(t.fd, t.path, 6, NULL, "text"), -EAGAIN);
	journal_end(&t);
}

static void journal_that_was_restarted_is_found_again(void **state)
{
	struct journal_test t = journal_begin(state);
	char entry[512];

	close(t.listener);
	assert_int_equal(journal_send(t.fd, t.path, 6, NULL, "lost"), -ECONNREFUSED);
	assert_int_equal(unlink(t.path), 0);
	assert_int_equal(journal_send(t.fd, t.path, 6, NULL, "lost"), -ENOENT);
	t.listener = datagram_listen(t.path, strlen(t.path));
	assert_int_equal(journal_send(t.fd, t.path, 6, NULL, "found"), 0);
	datagram_receive(t.listener, entry, sizeof(entry));
	assert_non_null(strstr(entry, "MESSAGE=found\n"));
	journal_end(&t);
}

static void journal_open_says_that_nobody_listens(void **state)
{
	char path[200];
	int fd = 42;

	assert_int_equal(journal_open(test_path(state, "none"), &fd), -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(journal_open(path, &fd), -ENAMETOOLONG);
	assert_int_equal(fd, 42);
}

static void journal_send_reports_what_failed_in_between(void **state)
{
	static const struct {
		const char *spec;
		int error;
	} rows[] = {
		{ "sys.alloc=ENOMEM", -ENOMEM },
		{ "sys.send=EPERM", -EPERM },
		{ "sys.send=EMSGSIZE@1,sys.write=ENOSPC", -ENOSPC }, /* into the memfd */
	};
	struct journal_test t = journal_begin(state);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_fail(rows[i].spec);
		assert_int_equal(journal_send(t.fd, t.path, 6, NULL, "text"), rows[i].error);
	}
	journal_end(&t);
}

static void journal_is_stderr_compares_device_and_inode(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_true(journal_is_stderr());
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_false(journal_is_stderr());
	setenv("JOURNAL_STREAM", "nonsense", 1);
	assert_false(journal_is_stderr());
	unsetenv("JOURNAL_STREAM");
	assert_false(journal_is_stderr());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(journal_entry_has_the_fields_that_searches_need),
		unit_test_with_folder(journal_entry_of_the_host_names_no_instance),
		unit_test_with_folder(journal_text_of_several_lines_goes_by_length),
		unit_test_with_folder(journal_entry_too_large_for_a_datagram_is_a_sealed_memfd),
		unit_test_with_folder(journal_send_does_not_wait_for_a_slow_journal),
		unit_test_with_folder(journal_that_was_restarted_is_found_again),
		unit_test_with_folder(journal_open_says_that_nobody_listens),
		unit_test_with_folder(journal_send_reports_what_failed_in_between),
		cmocka_unit_test(journal_is_stderr_compares_device_and_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
