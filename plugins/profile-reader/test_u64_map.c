/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "u64_map.h"

enum { N = 3000 };

static int values[N];

static void what_was_put_is_found_and_nothing_else(void **state)
{
	struct u64_map m = { .n = 0 };

	(void)state;
	assert_null(u64_map_find(&m, 0));
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(u64_map_put(&m, i << 20, &values[i]), 0);
	for (uint64_t i = 0; i < N; i++)
		assert_ptr_equal(u64_map_find(&m, i << 20), &values[i]);
	assert_null(u64_map_find(&m, 1));
	assert_int_equal(m.n, N);
	u64_map_done(&m);
}

static void a_second_put_replaces(void **state)
{
	struct u64_map m = { .n = 0 };

	(void)state;
	assert_int_equal(u64_map_put(&m, 5, &values[0]), 0);
	assert_int_equal(u64_map_put(&m, 5, &values[1]), 0);
	assert_ptr_equal(u64_map_find(&m, 5), &values[1]);
	assert_int_equal(m.n, 1);
	u64_map_done(&m);
}

/* Whatever the order: a removal must not hide a key that once made way for the removed one. */
static void a_removal_hides_no_other_key(void **state)
{
	struct u64_map m = { .n = 0 };

	(void)state;
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(u64_map_put(&m, i * i, &values[i]), 0);
	for (uint64_t i = 0; i < N; i += 3)
		u64_map_remove(&m, i * i);
	u64_map_remove(&m, 2); /* never there */
	for (uint64_t i = 0; i < N; i++)
		assert_ptr_equal(u64_map_find(&m, i * i), i % 3 ? &values[i] : NULL);
	assert_int_equal(m.n, N - N / 3);
	u64_map_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found_and_nothing_else),
		cmocka_unit_test(a_second_put_replaces),
		cmocka_unit_test(a_removal_hides_no_other_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
