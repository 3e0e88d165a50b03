/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

static void a_table_is_found_again_by_another_process(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *one = store_in(state, NO_LIMIT);
	_cleanup_(symbol_store_freep) struct symbol_store *other = store_in(state, NO_LIMIT);
	struct stored_key k = key_of(7, false);

	assert_int_equal(found(one, &k), 0);
	assert_int_equal(put(one, &k, 'x'), 0);
	assert_int_equal(found(other, &k), 'x');
	assert_int_equal(stats_of(one).stored, 1);
	assert_int_equal(stats_of(one).misses, 1);
	assert_int_equal(stats_of(other).hits, 1);
	assert_int_equal(stats_of(other).bytes, TABLE_BYTES);
}

/* A hostile file may have all that it chooses itself: build id, size, and the time of the last write. */
static void a_table_never_answers_for_another_file(void **state)
{
	static const struct {
		const char *what;
		size_t offset, size;
	} rows[] = {
#define ROW(field) { #field, offsetof(struct stat, field), sizeof(((struct stat *)0)->field) }
		ROW(st_dev), ROW(st_ino), ROW(st_uid), ROW(st_size),
		ROW(st_mtim.tv_sec), ROW(st_mtim.tv_nsec), ROW(st_ctim.tv_sec), ROW(st_ctim.tv_nsec),
#undef ROW
	};
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stat st = { .st_ino = 1, .st_size = 2 };
	uint8_t build_id[] = { 1, 2, 3, 4 };
	struct stored_key k = stored_key_of(&st, build_id, sizeof(build_id), 0), other;

	assert_int_equal(put(s, &k, 'x'), 0);
	assert_int_equal(found(s, &k), 'x');
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct stat changed = st;

		((uint8_t *)&changed)[rows[i].offset] ^= 1;
		other = stored_key_of(&changed, build_id, sizeof(build_id), 0);
		if (found(s, &other) != 0)
			fail_msg("%s does not count", rows[i].what);
	}
	build_id[3] ^= 1;
	other = stored_key_of(&st, build_id, sizeof(build_id), 0);
	assert_int_equal(found(s, &other), 0);
	other = stored_key_of(&st, build_id, 3, 0);
	assert_int_equal(found(s, &other), 0);
}

/* As if the hash in the name collided: the key inside decides. */
static void a_table_under_another_file_s_name_does_not_count(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stored_key mine = key_of(1, false), other = key_of(2, false);
	_cleanup_free_ char *from = NULL, *to = NULL;

	assert_int_equal(put(s, &other, 'x'), 0);
	from = path_of(s, &other);
	to = path_of(s, &mine);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(found(s, &mine), 0);
	assert_int_equal(put(s, &mine, 'y'), 0);
	assert_int_equal(found(s, &mine), 'y');
}

static void a_table_with_a_debug_file_serves_without_but_not_the_reverse(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stored_key with = key_of(1, true), without = key_of(1, false);

	assert_int_equal(put(s, &without, 'x'), 0);
	assert_int_equal(found(s, &with), 0);
	assert_int_equal(put(s, &with, 'y'), 0);
	assert_int_equal(found(s, &with), 'y');
	assert_int_equal(found(s, &without), 'y');
	assert_int_equal(n_files(s), 1);
}

static void what_is_not_published_leaves_nothing(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stored_key k = key_of(1, false);
	struct symbol_entry *e;

	assert_int_equal(symbol_entry_new(s, &k, NO_LIMIT, &e), 0);
	assert_int_equal(n_files(s), 1);
	assert_int_equal(found(s, &k), 0);
	symbol_entry_free(e);
	assert_int_equal(n_files(s), 0);
}

static void only_we_may_read_what_is_stored(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stored_key k = key_of(1, false);
	_cleanup_free_ char *path = NULL;
	struct stat st;

	(void)umask(0);
	assert_int_equal(put(s, &k, 'x'), 0);
	path = path_of(s, &k);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(symbol_store_folder(s), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

/* ---- by build id alone ---- */

static const uint8_t build_of_all[] = { 0xab, 0xcd, 0xef };

static char found_of_build(struct symbol_store *s, const uint8_t *build_id, uint32_t len)
{
	_cleanup_close_ int fd = -1;
	char byte = 0;

	if (symbol_store_find_build(s, build_id, len, &fd) == 0)
		assert_int_equal(pread(fd, &byte, 1, sizeof(struct stored_key)), 1);
	return byte;
}

static void only_a_table_of_the_system_stands_for_a_build(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stored_key claimed = key_of(1, true), known = key_of(2, false), better = key_of(3, true);

	known.flags |= STORED_OF_SYSTEM;
	better.flags |= STORED_OF_SYSTEM;
	assert_int_equal(put(s, &claimed, 'x'), 0);
	assert_int_equal(found_of_build(s, build_of_all, sizeof(build_of_all)), 0);
	assert_int_equal(put(s, &known, 'y'), 0);
	assert_int_equal(found_of_build(s, build_of_all, sizeof(build_of_all)), 'y');
	assert_int_equal(put(s, &better, 'z'), 0);
	assert_int_equal(found_of_build(s, build_of_all, sizeof(build_of_all)), 'z');
	assert_int_equal(stats_of(s).hits, 2);
}

static void another_build_s_table_stands_for_nothing(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	static const uint8_t other[] = { 0xab, 0xcd, 0xee };
	struct stored_key k = key_of(1, false);

	k.flags |= STORED_OF_SYSTEM;
	assert_int_equal(put(s, &k, 'x'), 0);
	assert_int_equal(found_of_build(s, other, sizeof(other)), 0);
	assert_int_equal(found_of_build(s, build_of_all, 2), 0);
	assert_int_equal(found_of_build(s, build_of_all, 0), 0);
	assert_int_equal(found_of_build(s, build_of_all, UINT32_MAX), 0);
}

/* ---- what others have put there ---- */

static void table_replace(struct symbol_store *s, const struct stored_key *k, const char *how)
{
	_cleanup_free_ char *path = path_of(s, k), *away = str_format("%s/../away", symbol_store_folder(s));

	assert_int_equal(rename(path, away), 0);
	if (str_equal(how, "link"))
		assert_int_equal(symlink(away, path), 0);
	else if (str_equal(how, "fifo"))
		assert_int_equal(mkfifo(path, 0600), 0);
	else if (str_equal(how, "folder"))
		assert_int_equal(mkdir(path, 0700), 0);
	else
		assert_int_equal(rename(away, path), 0);
	if (str_equal(how, "short"))
		assert_int_equal(truncate(path, sizeof(*k) - 1), 0);
	if (str_equal(how, "open to others"))
		assert_int_equal(chmod(path, 0666), 0);
	if (str_equal(how, "of somebody else"))
		assert_int_equal(chown(path, 1, 1), 0);
}

static void what_is_no_table_of_ours_does_not_count_and_is_replaced(void **state)
{
	static const char *const ways[] = { "link", "fifo", "short", "open to others",
					    "of somebody else" };
	struct stored_key k = key_of(1, false);

	if (geteuid() != 0)
		test_skip("needs root to give files away");
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);

		assert_int_equal(put(s, &k, 'x'), 0);
		assert_int_equal(found(s, &k), 'x');
		table_replace(s, &k, ways[i]);
		if (found(s, &k) != 0)
			fail_msg("%s was read", ways[i]);
		assert_int_equal(put(s, &k, 'y'), 0);
		assert_int_equal(found(s, &k), 'y');
	}
}

static void a_folder_in_place_of_a_table_is_an_error_and_stays(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stored_key k = key_of(1, false);

	assert_int_equal(put(s, &k, 'x'), 0);
	table_replace(s, &k, "folder");
	assert_int_equal(found(s, &k), 0);
	assert_int_equal(put(s, &k, 'y'), -EISDIR);
	assert_int_equal(n_files(s), 1);
}

static void a_folder_that_others_may_write_to_is_not_used(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	_cleanup_(symbol_store_freep) struct symbol_store *later = store_in(state, NO_LIMIT);
	struct stored_key k = key_of(1, false);

	assert_int_equal(symbol_store_check(symbol_store_folder(s)), -ENOENT);
	assert_int_equal(put(s, &k, 'x'), 0);
	assert_int_equal(symbol_store_check(symbol_store_folder(s)), 0);
	assert_int_equal(chmod(symbol_store_folder(s), 0770), 0);
	assert_int_equal(symbol_store_check(symbol_store_folder(s)), -EPERM);
	assert_int_equal(found(later, &k), 0);
	assert_int_equal(put(later, &k, 'y'), -EPERM);
}

static void a_link_in_place_of_the_folder_is_not_followed(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	_cleanup_free_ char *cache = str_format("%s/cache", (char *)*state);
	struct stored_key k = key_of(1, false);

	assert_int_equal(mkdir(cache, 0700), 0);
	assert_int_equal(symlink("/tmp", symbol_store_folder(s)), 0);
	assert_true(put(s, &k, 'x') < 0);
	assert_int_equal(found(s, &k), 0);
}

static void a_folder_that_was_deleted_is_made_again(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	struct stored_key k = key_of(1, false);
	_cleanup_free_ char *path = NULL;

	assert_int_equal(put(s, &k, 'x'), 0);
	path = path_of(s, &k);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(symbol_store_folder(s)), 0);
	assert_int_equal(found(s, &k), 0);
	assert_int_equal(put(s, &k, 'y'), 0);
	assert_int_equal(found(s, &k), 'y');
}

/* ---- a full or failing disk ---- */

static void no_failing_call_leaves_half_a_table(void **state)
{
	static const char *const points[] = { "sys.openat=ENOSPC", "sys.write=ENOSPC", "sys.write=ENOSPC@2",
					      "sys.mkdir=EROFS" };
	struct stored_key k = key_of(1, false);

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);

		test_fail(points[i]);
		assert_true(put(s, &k, 'x') < 0);
		(void)fail_configure(NULL);
		assert_int_equal(found(s, &k), 0);
		if (symbol_store_check(symbol_store_folder(s)) == 0)
			assert_int_equal(n_files(s), 0);
		(void)rmdir(symbol_store_folder(s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(a_table_is_found_again_by_another_process),
		unit_test_with_folder(a_table_never_answers_for_another_file),
		unit_test_with_folder(a_table_under_another_file_s_name_does_not_count),
		unit_test_with_folder(a_table_with_a_debug_file_serves_without_but_not_the_reverse),
		unit_test_with_folder(what_is_not_published_leaves_nothing),
		unit_test_with_folder(only_a_table_of_the_system_stands_for_a_build),
		unit_test_with_folder(another_build_s_table_stands_for_nothing),
		unit_test_with_folder(only_we_may_read_what_is_stored),
		unit_test_with_folder(what_is_no_table_of_ours_does_not_count_and_is_replaced),
		unit_test_with_folder(a_folder_in_place_of_a_table_is_an_error_and_stays),
		unit_test_with_folder(a_folder_that_others_may_write_to_is_not_used),
		unit_test_with_folder(a_link_in_place_of_the_folder_is_not_followed),
		unit_test_with_folder(a_folder_that_was_deleted_is_made_again),
		unit_test_with_folder(no_failing_call_leaves_half_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
