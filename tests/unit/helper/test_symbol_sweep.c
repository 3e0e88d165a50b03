/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

static void used_at(const struct symbol_store *s, const struct stored_key *k, time_t when)
{
	_cleanup_free_ char *path = path_of(s, k);
	struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void the_tables_that_were_used_longest_ago_go(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, 3 * TABLE_BYTES);
	struct stored_key k[5];

	for (uint64_t i = 0; i < 3; i++) {
		k[i] = key_of(i, false);
		assert_int_equal(put(s, &k[i], 'x'), 0);
		used_at(s, &k[i], 1000 + (time_t)i);
	}
	assert_int_equal(found(s, &k[0]), 'x'); /* used now */
	k[3] = key_of(3, false);
	assert_int_equal(put(s, &k[3], 'x'), 0);
	assert_int_equal(found(s, &k[1]), 0);
	assert_int_equal(found(s, &k[0]), 'x');
	assert_int_equal(found(s, &k[2]), 'x');
	assert_int_equal(found(s, &k[3]), 'x');
	assert_int_equal(stats_of(s).evicted, 1);
	assert_int_equal(stats_of(s).bytes, 3 * TABLE_BYTES);
}

static void a_table_larger_than_the_limit_is_refused(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, TABLE_BYTES - 1);
	struct stored_key k = key_of(1, false);

	assert_int_equal(put(s, &k, 'x'), -EFBIG);
	assert_int_equal(n_files(s), 0);
}

static void a_table_larger_than_it_may_be_is_refused(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);
	_cleanup_(symbol_entry_freep) struct symbol_entry *e = NULL;
	struct stored_key k = key_of(1, false);
	char data[100] = {};

	assert_int_equal(symbol_entry_new(s, &k, sizeof(k) + sizeof(data), &e), 0);
	assert_int_equal(symbol_entry_append(e, data, sizeof(data)), 0);
	assert_int_equal(symbol_entry_append(e, data, 1), -EFBIG);
}

static void a_lower_limit_holds_from_the_first_look(void **state)
{
	struct stored_key k = key_of(9, false);

	{
		_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, NO_LIMIT);

		for (uint64_t i = 0; i < 5; i++) {
			struct stored_key each = key_of(i, false);

			assert_int_equal(put(s, &each, 'x'), 0);
		}
	}
	{
		_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, 2 * TABLE_BYTES);

		assert_int_equal(found(s, &k), 0);
		assert_int_equal(n_files(s), 2);
	}
}

static void only_what_looks_like_a_table_is_ever_removed(void **state)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = store_in(state, 2 * TABLE_BYTES);
	static const char *const names[] = { "README", "abcd", "abcd-0123", "abcd-0123456789abcdeg", "-" };
	_cleanup_free_ char *old = NULL;
	char more[4 * TABLE_BYTES] = {};
	struct stored_key k = key_of(1, false);

	assert_int_equal(put(s, &k, 'x'), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = str_format("%s/%s", symbol_store_folder(s), names[i]);

		assert_int_equal(file_write_atomic(path, more, sizeof(more), 0600, true), 0);
	}
	old = str_format("%s/abcd-0123456789abcdef.0123456789abcdef.tmp", symbol_store_folder(s));
	assert_int_equal(file_write_atomic(old, more, sizeof(more), 0600, true), 0);
	assert_int_equal(utimensat(AT_FDCWD, old, (struct timespec[2]){}, 0), 0);
	k = key_of(2, false);
	assert_int_equal(put(s, &k, 'x'), 0);
	assert_int_equal(n_files(s), 2 + ARRAY_SIZE(names)); /* what a crash left behind is gone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(the_tables_that_were_used_longest_ago_go),
		unit_test_with_folder(a_table_larger_than_the_limit_is_refused),
		unit_test_with_folder(a_table_larger_than_it_may_be_is_refused),
		unit_test_with_folder(a_lower_limit_holds_from_the_first_look),
		unit_test_with_folder(only_what_looks_like_a_table_is_ever_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
