/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "ctl/endpoint.h"
#include "util/cleanup.h"

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* A socket file as a dead agent leaves it, or with *ret_fd a living one without our lock. */
static void plant_socket(const char *path, int *ret_fd)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	assert_int_equal(endpoint_address(path, &a), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	if (!ret_fd) {
		close(fd);
		return;
	}
	assert_int_equal(listen(fd, 1), 0);
	*ret_fd = fd;
}

static void endpoint_is_for_user_and_group_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 077 };
	const char *path = test_path(state, "sock");

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		mode_t old = umask(masks[i]);
		int fd, lock;

		assert_int_equal(endpoint_listen(path, &fd, &lock), 0);
		umask(old);
		assert_int_equal(mode_of(path), 0660);
		close(fd);
		close(lock);
	}
}

static void endpoint_of_a_dead_agent_is_replaced(void **state)
{
	_cleanup_close_ int fd = -1, lock = -1;
	const char *path = test_path(state, "sock");

	plant_socket(path, NULL);
	assert_int_equal(endpoint_listen(path, &fd, &lock), 0);
	assert_true(fd >= 0 && lock >= 0);
}

static void endpoint_of_a_live_agent_is_left_alone(void **state)
{
	_cleanup_close_ int fd = -1, lock = -1;
	const char *path = test_path(state, "sock");
	int other = -1, other_lock = -1;

	assert_int_equal(endpoint_listen(path, &fd, &lock), 0);
	assert_int_equal(endpoint_listen(path, &other, &other_lock), -EADDRINUSE);
	assert_int_equal(other, -1);
	assert_int_equal(access(path, F_OK), 0);
}

static void endpoint_that_answers_without_our_lock_is_left_alone(void **state)
{
	_cleanup_close_ int listener = -1;
	const char *path = test_path(state, "sock");
	int fd, lock;

	plant_socket(path, &listener);
	assert_int_equal(endpoint_listen(path, &fd, &lock), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
}

static void endpoint_never_removes_what_is_no_socket(void **state)
{
	const char *path = test_path(state, "sock");
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600), lock;

	close(fd);
	assert_int_equal(endpoint_listen(path, &fd, &lock), -ENOTSOCK);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(endpoint_listen(path, &fd, &lock), -ENOTSOCK);
}

static void endpoint_says_what_is_wrong_with_its_path(void **state)
{
	char path[200];
	int fd, lock;

	assert_int_equal(endpoint_listen(test_path(state, "no/sock"), &fd, &lock), -ENOENT);
	snprintf(path, sizeof(path), "%s/%0150d", (const char *)*state, 0);
	assert_int_equal(endpoint_listen(path, &fd, &lock), -ENAMETOOLONG);
}

static void endpoint_lock_follows_no_link(void **state)
{
	const char *path = test_path(state, "sock"), *lock_path = test_path(state, "sock.lock");
	int fd, lock;

	assert_int_equal(symlink("/etc/passwd", lock_path), 0);
	assert_int_equal(endpoint_listen(path, &fd, &lock), -ELOOP);
}

static void endpoint_that_cannot_clear_its_place_fails(void **state)
{
	const char *path = test_path(state, "sock");
	int fd, lock;

	plant_socket(path, NULL);
	test_fail("sys.unlink=EROFS");
	assert_int_equal(endpoint_listen(path, &fd, &lock), -EROFS);
	assert_int_equal(fail_count("sys.unlink"), 1);
	test_fail("sys.open=ENOSPC");
	assert_int_equal(endpoint_listen(path, &fd, &lock), -ENOSPC);
	test_fail("sys.alloc=ENOMEM");
	assert_int_equal(endpoint_listen(path, &fd, &lock), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(endpoint_is_for_user_and_group_whatever_the_umask),
		unit_test_with_folder(endpoint_of_a_dead_agent_is_replaced),
		unit_test_with_folder(endpoint_of_a_live_agent_is_left_alone),
		unit_test_with_folder(endpoint_that_answers_without_our_lock_is_left_alone),
		unit_test_with_folder(endpoint_never_removes_what_is_no_socket),
		unit_test_with_folder(endpoint_says_what_is_wrong_with_its_path),
		unit_test_with_folder(endpoint_lock_follows_no_link),
		unit_test_with_folder(endpoint_that_cannot_clear_its_place_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
