/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is believed to be a process's perf map: /tmp is everybody's. */
#include "mapping_fixture.h"

#include <sched.h>

#include "helper/perf_map.h"

/*
 * A child with a root of its own, in a pid namespace of its own. Later children of this process are
 * to be born where it lives: a sanitizer makes one.
 */
static pid_t child_in_namespace(const char *root)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	assert_int_equal(unshare(CLONE_NEWPID), 0);
	pid = child_in_root(root);
	assert_int_equal(setns(own, CLONE_NEWPID), 0);
	close(own);
	return pid;
}

static const char *map_path(const char *folder, pid_t pid)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tmp/perf-%d.map", folder, pid);
	return path;
}

static int open_map(pid_t pid, const char **cause)
{
	int fd = -1, r;

	r = perf_map_open(pid, start_time_of(pid), &fd, cause);
	if (r == 0)
		close(fd);
	return r;
}

static void make_regular(const char *path)
{
	write_text(path, "1000 10 f\n");
}

static void make_of_another_user(const char *path)
{
	make_regular(path);
	assert_int_equal(chown(path, 65534, 65534), 0);
}

static void make_link(const char *path)
{
	assert_int_equal(symlink("/tmp/target", path), 0);
}

static void make_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0666), 0);
}

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_nothing(const char *path)
{
	(void)path;
}

static const struct {
	void (*make)(const char *path);
	int result;
	const char *cause; /* a part of it */
} rows[] = {
	{ make_regular, 0, NULL },
	{ make_nothing, -ENOENT, "without a /tmp/perf-PID.map" },
	{ make_of_another_user, -EACCES, "another user's" },
	{ make_link, -ENOTSUP, "no regular file" },
	{ make_fifo, -ENOTSUP, "no regular file" },
	{ make_folder, -ENOTSUP, "no regular file" },
};

static void only_a_regular_file_of_the_process_s_user_counts(void **state)
{
	const char *folder = *state;
	char path[PATH_MAX];

	if (geteuid() != 0)
		skip();
	snprintf(path, sizeof(path), "%s/tmp", folder);
	assert_int_equal(mkdir(path, 0777), 0);
	snprintf(path, sizeof(path), "%s/tmp/target", folder);
	make_regular(path);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pid_t pid = child_in_root(folder);
		const char *cause = NULL;

		rows[i].make(map_path(folder, pid));
		assert_int_equal(open_map(pid, &cause), rows[i].result);
		if (rows[i].cause)
			assert_non_null(strstr(cause, rows[i].cause));
		child_end(pid);
	}
}

static void the_pid_in_its_name_is_the_one_that_the_process_knows(void **state)
{
	const char *folder = *state;
	const char *cause = NULL;
	char path[PATH_MAX];
	pid_t pid;

	if (geteuid() != 0)
		skip();
	snprintf(path, sizeof(path), "%s/tmp", folder);
	assert_int_equal(mkdir(path, 0777), 0);
	pid = child_in_namespace(folder);
	make_regular(map_path(folder, pid));
	assert_int_equal(open_map(pid, &cause), -ENOENT);
	make_regular(map_path(folder, 1));
	assert_int_equal(open_map(pid, &cause), 0);
	child_end(pid);
}

static void a_process_of_another_start_time_is_gone(void **state)
{
	const char *cause = NULL;
	int fd = -1;

	(void)state;
	assert_int_equal(perf_map_open(getpid(), start_time_of(getpid()) + 1, &fd, &cause), -ESRCH);
	assert_string_equal(cause, "generated code, and the process is gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_a_regular_file_of_the_process_s_user_counts,
						test_folder_setup, test_folder_teardown),
		cmocka_unit_test(a_process_of_another_start_time_is_gone),
		cmocka_unit_test_setup_teardown(the_pid_in_its_name_is_the_one_that_the_process_knows,
						test_folder_setup, test_folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
