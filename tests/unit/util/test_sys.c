/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <fcntl.h>

#include "util/cleanup.h"
#include "util/sys.h"

static bool is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void sys_answers_errno_as_a_negative_number(void **state)
{
	struct stat st = { .st_size = 42 };

	(void)state;
	assert_int_equal(sys_open(test_path(state, "none"), O_RDONLY, 0), -ENOENT);
	assert_int_equal(sys_read(-1, NULL, 0), -EBADF);
	assert_int_equal(sys_fstat(-1, &st), -EBADF);
	assert_int_equal(st.st_size, 42);
}

static void sys_makes_every_fd_close_on_exec(void **state)
{
	int pair[2], ends[2];
	int fds[] = {
		sys_open(test_path(state, "f"), O_CREAT | O_RDWR, 0600),
		sys_openat(AT_FDCWD, test_path(state, "f"), O_RDONLY, 0),
		sys_eventfd(),
		-1, -1, -1, -1,
	};

	assert_int_equal(sys_pipe(ends), 0);
	assert_int_equal(sys_socketpair(SOCK_SEQPACKET, pair), 0);
	memcpy(fds + 3, ends, sizeof(ends));
	memcpy(fds + 5, pair, sizeof(pair));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_true(fds[i] >= 0);
		assert_true(is_cloexec(fds[i]));
		close(fds[i]);
	}
}

static void sys_receive_makes_passed_fds_close_on_exec(void **state)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	char byte = 'x';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int pair[2], passed = 0;

	(void)state;
	assert_int_equal(sys_socketpair(SOCK_STREAM, pair), 0);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
	assert_int_equal(sys_send(pair[0], &m, 0), 1);
	assert_int_equal(sys_receive(pair[1], &m, 0), 1);
	memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	assert_true(is_cloexec(passed));
	close(passed);
	close(pair[0]);
	close(pair[1]);
}

static void sys_send_to_nobody_raises_no_signal(void **state)
{
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int pair[2];

	(void)state;
	assert_int_equal(sys_socketpair(SOCK_STREAM, pair), 0);
	close(pair[1]);
	assert_int_equal(sys_send(pair[0], &m, 0), -EPIPE);
	close(pair[0]);
}

static void sys_retries_an_interrupted_call(void **state)
{
	int fds[2];

	(void)state;
	test_fail("sys.write=EINTR@1,sys.read=EINTR@1");
	assert_int_equal(sys_pipe(fds), 0);
	assert_int_equal(sys_write(fds[1], "ab", 2), 2);
	assert_int_equal(fail_count("sys.write"), 1);
	assert_int_equal(sys_read(fds[0], (char[2]){}, 2), 2);
	assert_int_equal(fail_count("sys.read"), 1);
	(void)fail_configure(NULL);
	close(fds[0]);
	close(fds[1]);
}

static void sys_fails_where_a_failpoint_says_so(void **state)
{
	struct msghdr m = {};
	struct stat st;
	int fds[2];

	(void)state;
	test_fail("sys.open=EMFILE,sys.openat=ELOOP,sys.fsync=EIO,sys.rename=EXDEV,sys.link=EMLINK,"
		  "sys.unlink=EROFS,sys.mkdir=EDQUOT,sys.fstat=EOVERFLOW,sys.send=ENOBUFS,"
		  "sys.receive=ENOMEM,sys.socketpair=ENFILE,sys.eventfd=ENODEV,sys.pipe=EMFILE");
	assert_int_equal(sys_open("/dev/null", O_RDONLY, 0), -EMFILE);
	assert_int_equal(sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0), -ELOOP);
	assert_int_equal(sys_fsync(0), -EIO);
	assert_int_equal(sys_rename("", ""), -EXDEV);
	assert_int_equal(sys_link("", ""), -EMLINK);
	assert_int_equal(sys_unlink(""), -EROFS);
	assert_int_equal(sys_mkdir("", 0), -EDQUOT);
	assert_int_equal(sys_fstat(0, &st), -EOVERFLOW);
	assert_int_equal(sys_send(0, &m, 0), -ENOBUFS);
	assert_int_equal(sys_receive(0, &m, 0), -ENOMEM);
	assert_int_equal(sys_socketpair(SOCK_STREAM, fds), -ENFILE);
	assert_int_equal(sys_eventfd(), -ENODEV);
	assert_int_equal(sys_pipe(fds), -EMFILE);
	(void)fail_configure(NULL);
}

static void sys_alloc_refuses_a_product_that_overflows(void **state)
{
	(void)state;
	assert_null(sys_alloc(SIZE_MAX / 2, 4));
	assert_null(sys_realloc(NULL, SIZE_MAX / 2, 4));
}

static void sys_alloc_answers_zeroed_memory(void **state)
{
	unsigned char *p = sys_alloc(16, 4), zero[64] = {};

	(void)state;
	assert_memory_equal(p, zero, sizeof(zero));
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(sys_answers_errno_as_a_negative_number),
		unit_test_with_folder(sys_makes_every_fd_close_on_exec),
		cmocka_unit_test(sys_receive_makes_passed_fds_close_on_exec),
		cmocka_unit_test(sys_send_to_nobody_raises_no_signal),
		cmocka_unit_test(sys_retries_an_interrupted_call),
		cmocka_unit_test(sys_fails_where_a_failpoint_says_so),
		cmocka_unit_test(sys_alloc_refuses_a_product_that_overflows),
		cmocka_unit_test(sys_alloc_answers_zeroed_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
