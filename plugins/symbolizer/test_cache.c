/* SPDX-License-Identifier: Apache-2.0 */
#include "common/test_profile.h"

#include "cache.h"

#define MINUTE (60 * HEARTH_MOCK_SECOND)

static void put(struct cache *c, uint64_t handle, uint64_t address, const char *name)
{
	struct hearth_symbol_line line = { .function = name, .file = "a.c", .line = 7, .start = 4 };
	struct hearth_symbol symbol = { .n_lines = 1, .module = "mod" };

	cache_put(c, handle, address, &symbol, &line);
}

static bool has(struct cache *c, uint64_t handle, uint64_t address, const char *name)
{
	struct cache_answer a;

	return cache_find(c, handle, address, &a) && a.n_lines == 1 &&
	       strcmp(cache_line(&a, 0).function, name) == 0;
}

TEST(an_answer_comes_back_as_it_was_put)
{
	_cleanup_(cache_freep) struct cache *c = NULL;
	struct hearth_symbol unnamed = { .cause = "no symbol covers it" };
	struct cache_answer a;

	assert_int_equal(cache_new(1 << 20, &c), 0);
	put(c, 1, 0x10, "main");
	cache_put(c, 1, 0x20, &unnamed, NULL);
	assert_true(cache_find(c, 1, 0x10, &a));
	assert_string_equal(cache_line(&a, 0).function, "main");
	assert_string_equal(cache_line(&a, 0).file, "a.c");
	assert_int_equal(cache_line(&a, 0).line, 7);
	assert_int_equal(cache_line(&a, 0).start, 4);
	assert_string_equal(a.module, "mod");
	assert_null(a.cause);
	assert_true(cache_find(c, 1, 0x20, &a));
	assert_int_equal(a.n_lines, 0);
	assert_string_equal(a.cause, "no symbol covers it");
}

TEST(address_and_file_both_count)
{
	_cleanup_(cache_freep) struct cache *c = NULL;
	struct cache_answer a;

	assert_int_equal(cache_new(1 << 20, &c), 0);
	put(c, 1, 0x10, "main");
	assert_false(cache_find(c, 2, 0x10, &a));
	assert_false(cache_find(c, 1, 0x11, &a));
	put(c, 2, 0x10, "other");
	assert_true(has(c, 1, 0x10, "main"));
	assert_true(has(c, 2, 0x10, "other"));
	put(c, 1, 0x10, "newer");
	assert_true(has(c, 1, 0x10, "newer"));
}

TEST(memory_stays_near_its_limit)
{
	_cleanup_(cache_freep) struct cache *c = NULL;
	size_t limit = 1 << 20;

	assert_int_equal(cache_new(limit, &c), 0);
	for (uint64_t i = 0; i < 200000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "function_%llu", (unsigned long long)i);
		put(c, 1, i, name);
		if (i % 64 == 0)
			cache_trim(c, MINUTE);
		assert_true(cache_bytes(c) < 4 * limit);
	}
}

TEST(what_is_used_survives_what_is_not_goes)
{
	_cleanup_(cache_freep) struct cache *c = NULL;
	struct cache_answer a;

	assert_int_equal(cache_new(1 << 20, &c), 0);
	put(c, 1, 1, "used");
	put(c, 1, 2, "unused");
	for (uint64_t t = 0; t < 5; t++) {
		cache_trim(c, (1 + 11 * t) * MINUTE);
		assert_true(has(c, 1, 1, "used"));
	}
	assert_false(cache_find(c, 1, 2, &a));
}

TEST(an_unused_answer_is_asked_for_again_after_a_while)
{
	_cleanup_(cache_freep) struct cache *c = NULL;
	struct cache_answer a;

	assert_int_equal(cache_new(1 << 20, &c), 0);
	cache_trim(c, 1 * MINUTE);
	put(c, 1, 1, "main");
	cache_trim(c, 12 * MINUTE);
	cache_trim(c, 23 * MINUTE);
	assert_false(cache_find(c, 1, 1, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_back_as_it_was_put),
		cmocka_unit_test(address_and_file_both_count),
		cmocka_unit_test(memory_stays_near_its_limit),
		cmocka_unit_test(what_is_used_survives_what_is_not_goes),
		cmocka_unit_test(an_unused_answer_is_asked_for_again_after_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
