/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping_fixture.h"

#include <sys/sysmacros.h>

#include "helper/file_table.h"
#include "helper/refusals.h"
#include "util/clock.h"

static struct file *add(struct file_table *t, const char *path)
{
	struct file *file = NULL;

	assert_int_equal(file_table_add(t, FILE_ELF, open_plainly(path), &file), 0);
	return file;
}

static void one_file_has_one_handle_until_it_is_written(void **state)
{
	_cleanup_(file_table_freep) struct file_table *t = NULL;
	const char *path = test_path(state, "lib");
	uint64_t first;

	assert_int_equal(file_table_new(8, &t), 0);
	write_text(path, "one");
	first = add(t, path)->handle;
	assert_int_equal(add(t, path)->handle, first);
	assert_int_equal(file_table_length(t), 1);
	write_text(path, "longer");
	assert_int_not_equal(add(t, path)->handle, first);
}

static void a_mapping_is_found_while_its_file_is_unchanged(void **state)
{
	_cleanup_(file_table_freep) struct file_table *t = NULL;
	const char *path = test_path(state, "lib");
	struct stat st;
	uint64_t handle;

	assert_int_equal(file_table_new(8, &t), 0);
	write_text(path, "one");
	handle = add(t, path)->handle;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(file_table_find_mapped(t, major(st.st_dev), minor(st.st_dev), st.st_ino)->handle,
			 handle);
	assert_null(file_table_find_mapped(t, major(st.st_dev) + 1, minor(st.st_dev), st.st_ino));
	assert_null(file_table_find_mapped(t, major(st.st_dev), minor(st.st_dev), st.st_ino + 1));
	write_text(path, "longer");
	assert_null(file_table_find_mapped(t, major(st.st_dev), minor(st.st_dev), st.st_ino));
}

static void the_least_recently_used_file_is_closed(void **state)
{
	_cleanup_(file_table_freep) struct file_table *t = NULL;
	static const char *const names[] = { "a", "b", "c" };
	uint64_t handles[3];
	struct file *file;

	assert_int_equal(file_table_new(2, &t), 0);
	for (size_t i = 0; i < 3; i++) {
		write_text(test_path(state, names[i]), names[i]);
		handles[i] = add(t, test_path(state, names[i]))->handle;
		assert_int_equal(file_table_find(t, handles[0], &file), 0); /* keeps "a" young */
	}
	assert_int_equal(file_table_find(t, handles[0], &file), 0);
	assert_int_equal(file_table_find(t, handles[1], &file), -ESTALE);
	assert_int_equal(file_table_find(t, handles[2], &file), 0);
	assert_int_equal(file_table_find(t, handles[2] + 1, &file), -ENOENT);
	assert_int_equal(file_table_find(t, 0, &file), -ENOENT);
	assert_int_equal(file_table_length(t), 2);
}

static void blame_lasts_longer_each_time(void **state)
{
	struct file file = { .fd = -1 };
	static const uint64_t seconds[] = { 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600 };
	uint64_t now = 1000 * NS_PER_S;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
		clock_fake(now, 1);
		file_blame(&file, "it hung");
		clock_fake(now + seconds[i] * NS_PER_S - 1, 1);
		assert_true(file_is_blocked(&file));
		now += seconds[i] * NS_PER_S;
		clock_fake(now, 1);
		assert_false(file_is_blocked(&file));
	}
	clock_fake(0, 0);
	free(file.cause);
}

static void a_refusal_holds_for_ten_seconds_and_for_its_process_only(void **state)
{
	struct refusals r = {};
	struct refusal_key key = { .pid = 7, .device_major = 8, .device_minor = 1, .inode = 9 };
	struct refusal_key other = key;

	(void)state;
	other.pid = 8;
	clock_fake(NS_PER_S, 1);
	refusals_add(&r, &key, -ENOENT, "the file is gone");
	assert_string_equal(refusals_find(&r, &key)->cause, "the file is gone");
	assert_null(refusals_find(&r, &other));
	clock_fake(11 * NS_PER_S, 1);
	assert_null(refusals_find(&r, &key));
	key.pid = 0; /* for everybody */
	refusals_add(&r, &key, -ETIMEDOUT, "it hung");
	assert_int_equal(refusals_find(&r, &other)->status, -ETIMEDOUT);
	other.inode++;
	assert_null(refusals_find(&r, &other));
	clock_fake(0, 0);
	refusals_done(&r);
}

static void refusals_are_bounded(void **state)
{
	struct refusals r = {};
	struct refusal_key key = { .pid = 1 };

	(void)state;
	for (key.inode = 1; key.inode <= REFUSALS_MAX + 1; key.inode++)
		refusals_add(&r, &key, -EIO, "x");
	key.inode = 1;
	assert_null(refusals_find(&r, &key));
	key.inode = 2;
	assert_non_null(refusals_find(&r, &key));
	refusals_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(one_file_has_one_handle_until_it_is_written),
		unit_test_with_folder(a_mapping_is_found_while_its_file_is_unchanged),
		unit_test_with_folder(the_least_recently_used_file_is_closed),
		cmocka_unit_test(blame_lasts_longer_each_time),
		cmocka_unit_test(a_refusal_holds_for_ten_seconds_and_for_its_process_only),
		cmocka_unit_test(refusals_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
