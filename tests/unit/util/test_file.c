/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "util/file.h"
#include "util/cleanup.h"

static void assert_content(const char *path, const char *expected)
{
	char *text = NULL;

	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_string_equal(text, expected);
	free(text);
}

static size_t count_entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void file_read_takes_at_most_what_it_may(void **state)
{
	const char *path = test_path(state, "f");
	char *text = NULL;
	size_t length;

	assert_int_equal(file_write_atomic(path, "12345", 5, 0644, true), 0);
	assert_int_equal(file_read(path, 4, &text, &length), -EFBIG);
	assert_null(text);
	assert_int_equal(file_read(path, 5, &text, &length), 0);
	assert_int_equal(length, 5);
	assert_string_equal(text, "12345");
	free(text);
}

static void file_read_of_an_empty_file_is_an_empty_string(void **state)
{
	const char *path = test_path(state, "f");
	char *text;
	size_t length;

	assert_int_equal(file_write_atomic(path, "", 0, 0644, true), 0);
	assert_int_equal(file_read(path, 0, &text, &length), 0);
	assert_int_equal(length, 0);
	assert_string_equal(text, "");
	free(text);
}

static void file_read_refuses_what_is_no_regular_file(void **state)
{
	const char *fifo = test_path(state, "fifo");
	char *text = NULL;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, 10, &text, NULL), -EINVAL);
	assert_int_equal(file_read("/dev/null", 10, &text, NULL), -EINVAL);
	assert_int_equal(file_read(*state, 10, &text, NULL), -EISDIR);
	assert_int_equal(file_read(test_path(state, "none"), 10, &text, NULL), -ENOENT);
	assert_null(text);
}

static void fd_read_all_reads_files_that_claim_no_size(void **state)
{
	_cleanup_close_ int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char *text;
	size_t length;

	(void)state;
	assert_int_equal(fd_read_all(fd, 1 << 20, &text, &length), 0);
	assert_true(length > 100);
	assert_int_equal(strlen(text), length);
	free(text);
}

static void file_write_atomic_replaces_content_and_mode(void **state)
{
	const char *path = test_path(state, "f");
	mode_t old = umask(077);

	assert_int_equal(file_write_atomic(path, "old and longer", 14, 0600, true), 0);
	assert_int_equal(file_write_atomic(path, "new", 3, 0644, true), 0);
	umask(old);
	assert_content(path, "new");
	assert_int_equal(mode_of(path), 0644);
	assert_int_equal(count_entries(*state), 1);
}

static void file_write_atomic_leaves_an_existing_file_if_told_so(void **state)
{
	const char *path = test_path(state, "f");

	assert_int_equal(file_write_atomic(path, "old", 3, 0600, false), 0);
	assert_int_equal(file_write_atomic(path, "new", 3, 0600, false), -EEXIST);
	assert_content(path, "old");
	assert_int_equal(count_entries(*state), 1);
}

static void file_write_atomic_replaces_a_planted_link_not_its_target(void **state)
{
	const char *target = test_path(state, "target"), *path = test_path(state, "link");

	assert_int_equal(file_write_atomic(target, "safe", 4, 0600, true), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(file_write_atomic(path, "new", 3, 0600, false), -EEXIST);
	assert_int_equal(file_write_atomic(path, "new", 3, 0600, true), 0);
	assert_content(target, "safe");
	assert_content(path, "new");
}

static void file_write_atomic_knows_a_path_without_folder(void **state)
{
	_cleanup_close_ int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(file_write_atomic("plain", "x", 1, 0600, true), 0);
	assert_int_equal(fchdir(here), 0);
	assert_content(test_path(state, "plain"), "x");
}

static void file_write_atomic_undoes_itself_on_every_failure(void **state)
{
	static const struct {
		const char *spec, *point;
		int error;
		bool overwrite, is_written;
	} rows[] = {
		{ "sys.open=EACCES@1", "sys.open", -EACCES, true, false },
		{ "sys.write=ENOSPC", "sys.write", -ENOSPC, true, false },
		{ "sys.write=EIO", "sys.write", -EIO, false, false },
		{ "sys.fsync=EIO@1", "sys.fsync", -EIO, true, false },
		{ "sys.rename=EXDEV", "sys.rename", -EXDEV, true, false },
		{ "sys.link=ENOSPC", "sys.link", -ENOSPC, false, false },
		{ "sys.alloc=ENOMEM@1", "sys.alloc", -ENOMEM, true, false },
		{ "sys.fsync=EIO@2", "sys.fsync", -EIO, true, true }, /* the folder's */
	};
	const char *path = test_path(state, "f");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_fail(rows[i].spec);
		assert_int_equal(file_write_atomic(path, "x", 1, 0600, rows[i].overwrite),
				 rows[i].error);
		assert_int_equal(fail_count(rows[i].point), 1);
		(void)fail_configure(NULL);
		assert_int_equal(count_entries(*state), rows[i].is_written);
	}
}

static void file_write_atomic_survives_interruptions(void **state)
{
	const char *path = test_path(state, "f");

	test_fail("sys.open=EINTR@1,sys.write=EINTR@1,sys.fsync=EINTR@1,sys.rename=EINTR@1");
	assert_int_equal(file_write_atomic(path, "x", 1, 0600, true), 0);
	assert_int_equal(fail_count("sys.open") + fail_count("sys.write") + fail_count("sys.fsync") +
			 fail_count("sys.rename"), 4);
	assert_content(path, "x");
}

static void file_write_atomic_does_without_hard_links(void **state)
{
	const char *path = test_path(state, "f");

	test_fail("sys.link=EPERM"); /* what vfat says */
	assert_int_equal(file_write_atomic(path, "first", 5, 0600, false), 0);
	assert_int_equal(file_write_atomic(path, "second", 6, 0600, false), -EEXIST);
	assert_int_equal(fail_count("sys.link"), 2);
	assert_content(path, "first");
	assert_int_equal(count_entries(*state), 1);
}

static void file_write_atomic_on_a_full_disk_leaves_the_old_file(void **state)
{
	_cleanup_free_ char *big = calloc(1, 128 << 10);
	const char *path = test_path(state, "f");
	int r;

	if (mount("none", *state, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") < 0)
		test_skip("needs root, to mount a small file system");
	assert_int_equal(file_write_atomic(path, "old", 3, 0600, true), 0);
	r = file_write_atomic(path, big, 128 << 10, 0600, true);
	assert_content(path, "old");
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(umount(*state), 0);
	assert_int_equal(r, -ENOSPC);
}

static void dir_make_makes_what_is_missing(void **state)
{
	const char *path = test_path(state, "a//b/c/");

	assert_int_equal(dir_make(path, 0750), 0);
	assert_int_equal(dir_make(path, 0750), 0);
	assert_int_equal(mode_of(test_path(state, "a/b")), 0750);
	assert_int_equal(dir_make("/", 0755), 0);
}

static void dir_make_refuses_what_is_no_folder(void **state)
{
	assert_int_equal(file_write_atomic(test_path(state, "f"), "", 0, 0600, true), 0);
	assert_int_equal(dir_make(test_path(state, "f"), 0755), -ENOTDIR);
	assert_int_equal(dir_make(test_path(state, "f/g"), 0755), -ENOTDIR);
	assert_int_equal(dir_make("", 0755), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(file_read_takes_at_most_what_it_may),
		unit_test_with_folder(file_read_of_an_empty_file_is_an_empty_string),
		unit_test_with_folder(file_read_refuses_what_is_no_regular_file),
		unit_test_with_folder(fd_read_all_reads_files_that_claim_no_size),
		unit_test_with_folder(file_write_atomic_replaces_content_and_mode),
		unit_test_with_folder(file_write_atomic_leaves_an_existing_file_if_told_so),
		unit_test_with_folder(file_write_atomic_replaces_a_planted_link_not_its_target),
		unit_test_with_folder(file_write_atomic_knows_a_path_without_folder),
		unit_test_with_folder(file_write_atomic_undoes_itself_on_every_failure),
		unit_test_with_folder(file_write_atomic_survives_interruptions),
		unit_test_with_folder(file_write_atomic_does_without_hard_links),
		unit_test_with_folder(file_write_atomic_on_a_full_disk_leaves_the_old_file),
		unit_test_with_folder(dir_make_makes_what_is_missing),
		unit_test_with_folder(dir_make_refuses_what_is_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
