/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include "table_cache.h"

#define ONE 1000u

static unsigned int n_freed;

static void table_free(void *table)
{
	n_freed++;
	free(table);
}

static struct cached_table table_of(size_t bytes)
{
	return (struct cached_table){ .table = malloc(1), .bytes = bytes, .free = table_free };
}

static void put(struct table_cache *c, uint64_t handle, size_t bytes)
{
	struct cached_table t = table_of(bytes);

	assert_int_equal(table_cache_put(c, handle, &t), 0);
}

static void the_cache_keeps_within_its_bytes_what_was_used_last(void **state)
{
	struct table_cache *c;

	(void)state;
	assert_int_equal(table_cache_new(3 * ONE + ONE / 2, &c), 0);
	for (uint64_t handle = 1; handle <= 10; handle++) {
		put(c, handle, ONE);
		assert_non_null(table_cache_find(c, 1)); /* asked for each time: stays */
		assert_true(table_cache_bytes(c) <= 3 * ONE + ONE / 2);
	}
	assert_non_null(table_cache_find(c, 10));
	assert_null(table_cache_find(c, 5));
	table_cache_free(c);
}

static void a_table_larger_than_the_cache_serves_once(void **state)
{
	struct table_cache *c;

	(void)state;
	assert_int_equal(table_cache_new(1, &c), 0);
	put(c, 1, ONE);
	assert_non_null(table_cache_find(c, 1));
	put(c, 2, ONE);
	assert_null(table_cache_find(c, 1));
	table_cache_free(c);
}

static void a_table_takes_the_place_of_its_handle_s_last(void **state)
{
	struct table_cache *c;

	(void)state;
	assert_int_equal(table_cache_new(10 * ONE, &c), 0);
	put(c, 1, ONE);
	n_freed = 0;
	put(c, 1, 2 * ONE);
	assert_int_equal(n_freed, 1);
	assert_true(table_cache_bytes(c) < 3 * ONE);
	table_cache_free(c);
	assert_int_equal(n_freed, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cache_keeps_within_its_bytes_what_was_used_last),
		cmocka_unit_test(a_table_larger_than_the_cache_serves_once),
		cmocka_unit_test(a_table_takes_the_place_of_its_handle_s_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
