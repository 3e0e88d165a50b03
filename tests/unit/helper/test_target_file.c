/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping_fixture.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "helper/target_file.h"
#include "util/str.h"

static struct target_file target_of(const struct mapping *m)
{
	return (struct target_file){
		.pid = m->pid,
		.start_time = m->start_time,
		.path = m->path,
		.device_major = m->major,
		.device_minor = m->minor,
		.inode = m->inode,
		.map_start = m->start,
		.map_end = m->end,
	};
}

static void assert_opens(const struct target_file *t, const char *text)
{
	_cleanup_free_ char *got = NULL;
	const char *cause = NULL;
	size_t len;
	int fd = -1;

	assert_int_equal(target_file_open(t, &fd, &cause), 0);
	assert_int_equal(fd_read_all(fd, 4096, &got, &len), 0);
	assert_string_equal(got, text);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void assert_refuses(const struct target_file *t, int error, const char *cause)
{
	const char *got = NULL;
	int fd = -1;

	assert_int_equal(target_file_open(t, &fd, &got), error);
	assert_int_equal(fd, -1);
	assert_string_equal(got, cause);
}

static void opens_the_file_that_is_mapped(void **state)
{
	const char *path = test_path(state, "lib");
	struct mapping m;
	struct target_file t;

	write_text(path, "contents");
	mapping_find(child_maps(open_plainly, path), path, &m);
	t = target_of(&m);
	assert_opens(&t, "contents");
	t.start_time = 0;
	assert_opens(&t, "contents");
	child_end(m.pid);
}

static void refuses_a_process_that_has_gone_or_whose_pid_lives_again(void **state)
{
	const char *path = test_path(state, "lib");
	struct mapping m;
	struct target_file t;

	write_text(path, "contents");
	mapping_find(child_maps(open_plainly, path), path, &m);
	t = target_of(&m);
	t.start_time++;
	assert_refuses(&t, -ESRCH, "the process is gone");
	t.start_time--;
	child_end(m.pid);
	assert_refuses(&t, -ESRCH, "the process is gone");
}

static void replace_by_file(const char *path)
{
	write_text(path, "another one");
}

static void replace_by_nothing(const char *path)
{
	(void)path;
}

static void replace_by_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0644), 0);
}

static void replace_by_device(const char *path)
{
	assert_int_equal(mknod(path, S_IFCHR | 0644, makedev(1, 3)), 0);
}

static void replace_by_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void replace_by_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void replace_by_link_to_secret(const char *path)
{
	assert_int_equal(symlink("/etc/shadow", path), 0);
}

static void replace_by_loop(const char *path)
{
	assert_int_equal(symlink(path, path), 0);
}

static void replace_by_proc_link(const char *path)
{
	assert_int_equal(symlink("/proc/self/fd/0", path), 0);
}

static const struct replacement {
	const char *what;
	void (*replace)(const char *path);
	int error; /* where only the path is known */
	const char *cause;
} replacements[] = {
	{ "nothing", replace_by_nothing, -ENOENT, "the file is gone" },
	{ "file", replace_by_file, -ESTALE, "another file is in its place" },
	{ "fifo", replace_by_fifo, -ESTALE, "another file is in its place" },
	{ "device", replace_by_device, -ESTALE, "another file is in its place" },
	{ "folder", replace_by_folder, -ESTALE, "another file is in its place" },
	{ "socket", replace_by_socket, -ESTALE, "another file is in its place" },
	{ "link", replace_by_link_to_secret, -ESTALE, "another file is in its place" },
	{ "loop", replace_by_loop, -ELOOP, "its path loops or leads through /proc" },
	{ "proc", replace_by_proc_link, -ELOOP, "its path loops or leads through /proc" },
};

/* The inode of the mapping is still in use, so no replacement can have it. */
static void never_takes_what_stands_in_the_place_of_the_mapped_file(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(replacements); i++) {
		const char *path = test_path(state, replacements[i].what);
		struct mapping m;
		struct target_file t;

		write_text(path, "the mapped one");
		mapping_find(child_maps(open_plainly, path), path, &m);
		assert_int_equal(unlink(path), 0);
		replacements[i].replace(path);
		t = target_of(&m);
		assert_opens(&t, "the mapped one");
		t.map_start = t.map_end = 0;
		assert_refuses(&t, replacements[i].error, replacements[i].cause);
		child_end(m.pid);
	}
}

/* The path as maps shows it, " (deleted)" and all. */
static void opens_a_deleted_file_through_its_mapping(void **state)
{
	const char *path = test_path(state, "lib");
	struct mapping m;
	struct target_file t;
	pid_t pid;

	write_text(path, "deleted");
	pid = child_maps(open_plainly, path);
	assert_int_equal(unlink(path), 0);
	mapping_find(pid, path, &m);
	assert_non_null(strstr(m.path, " (deleted)"));
	t = target_of(&m);
	assert_opens(&t, "deleted");
	child_end(pid);
}

static void refuses_what_is_no_regular_file(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(replacements); i++) {
		const char *path = test_path(state, replacements[i].what);
		struct stat st;
		struct target_file t = { .pid = getpid(), .path = path };

		replacements[i].replace(path);
		if (lstat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
			continue;
		t.device_major = major(st.st_dev);
		t.device_minor = minor(st.st_dev);
		t.inode = st.st_ino;
		assert_refuses(&t, -ENOTSUP, "not a regular file");
	}
}

static int open_in_a_root_of_its_own(const char *path)
{
	return chroot(path) == 0 && chdir("/") == 0 ? open("/lib", O_RDONLY | O_CLOEXEC) : -1;
}

/* The target sees /lib; /link leads out of its root on the host, and inside it for the target. */
static void paths_are_those_of_the_target(void **state)
{
	struct mapping m;
	struct target_file t;

	write_text(test_path(state, "lib"), "in the root");
	assert_int_equal(symlink("/../../../lib", test_path(state, "link")), 0);
	mapping_find(child_maps(open_in_a_root_of_its_own, *state), "/lib\n", &m);
	t = target_of(&m);
	t.map_start = t.map_end = 0;
	t.path = "/lib";
	assert_opens(&t, "in the root");
	t.path = "/link";
	assert_opens(&t, "in the root");
	child_end(m.pid);
}

static int open_memfd(const char *path)
{
	int fd = memfd_create(path, MFD_CLOEXEC);

	return fd >= 0 && write(fd, "jit", 3) == 3 ? fd : -1;
}

static void opens_a_memfd_through_its_mapping(void **state)
{
	struct mapping m;
	struct target_file t;

	(void)state;
	mapping_find(child_maps(open_memfd, "code"), "/memfd:code", &m);
	t = target_of(&m);
	assert_opens(&t, "jit");
	child_end(m.pid);
}

/* Children of the test run the test program: exe is the one thing left of a file that is gone. */
static void opens_a_program_through_exe(void **state)
{
	const char *path = test_path(state, "program");
	struct stat st;
	struct target_file t = { .path = path };
	const char *cause;
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to, fd, has_exec[2];
	char nothing;
	pid_t pid;

	assert_int_equal(fstat(from, &st), 0);
	to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(sendfile(to, from, NULL, (size_t)st.st_size), st.st_size);
	assert_int_equal(fstat(to, &st), 0);
	close(from);
	close(to);
	assert_int_equal(pipe2(has_exec, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		execl(path, path, "pause", NULL);
		_exit(127);
	}
	close(has_exec[1]);
	assert_int_equal(read(has_exec[0], &nothing, 1), 0); /* its end is closed by exec */
	close(has_exec[0]);
	assert_int_equal(unlink(path), 0);
	t.pid = pid;
	t.device_major = major(st.st_dev);
	t.device_minor = minor(st.st_dev);
	t.inode = st.st_ino;
	assert_int_equal(target_file_open(&t, &fd, &cause), 0);
	close(fd);
	child_end(pid);
}

static void file_systems_that_may_never_answer_are_known(void **state)
{
	static const struct {
		uint64_t f_type;
		bool is_remote;
	} rows[] = {
		{ 0x65735546, true },  /* FUSE */
		{ 0x6969, true },      /* NFS */
		{ 0xff534d42, true },  /* CIFS */
		{ 0xfffffffffe534d42, true }, /* SMB2, as a signed word widens */
		{ 0x01021997, true },  /* 9p */
		{ 0xef53, false },     /* ext4 */
		{ 0x58465342, false }, /* XFS */
		{ 0x9123683e, false }, /* btrfs */
		{ 0x794c7630, false }, /* overlayfs */
		{ 0x01021994, false }, /* tmpfs */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(target_file_system_is_remote(rows[i].f_type), rows[i].is_remote);
}

/* Its own mapping, inherited from the test, looked at without any capability. */
static int open_own_mapping_as_nobody(struct target_file *t)
{
	const char *cause = "";
	int fd, r;

	t->pid = getpid();
	t->start_time = 0;
	if (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0)
		return 2;
	r = target_file_open(t, &fd, &cause);
	if (r == -ENOENT && strstr(cause, "needs cap_checkpoint_restore"))
		return 0;
	print_message("%d: %s\n", r, cause);
	return 1;
}

static void says_which_capability_would_reach_a_deleted_file(void **state)
{
	const char *path = test_path(state, "lib");
	struct mapping m;
	struct target_file t;
	int status, fd;
	pid_t pid;
	void *p;

	write_text(path, "deleted");
	assert_int_equal(chmod(*state, 0755), 0);
	fd = open_plainly(path);
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	close(fd);
	mapping_find(getpid(), path, &m);
	assert_int_equal(unlink(path), 0);
	t = target_of(&m);
	pid = fork();
	if (pid == 0)
		_exit(open_own_mapping_as_nobody(&t));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(munmap(p, 4096), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(opens_the_file_that_is_mapped),
		unit_test_with_folder(refuses_a_process_that_has_gone_or_whose_pid_lives_again),
		unit_test_with_folder(never_takes_what_stands_in_the_place_of_the_mapped_file),
		unit_test_with_folder(opens_a_deleted_file_through_its_mapping),
		unit_test_with_folder(refuses_what_is_no_regular_file),
		unit_test_with_folder(paths_are_those_of_the_target),
		unit_test_with_folder(opens_a_memfd_through_its_mapping),
		unit_test_with_folder(opens_a_program_through_exe),
		unit_test_with_folder(says_which_capability_would_reach_a_deleted_file),
		cmocka_unit_test(file_systems_that_may_never_answer_are_known),
	};

	if (argc > 1 && str_equal(argv[1], "pause"))
		for (;;)
			pause();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
