/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "mappings.h"

static void put(struct mappings **m, uint64_t start, uint64_t end, uint64_t offset)
{
	struct mapping row = { .start = start, .end = end, .file_offset = offset };

	assert_int_equal(mappings_insert(m, &row), 0);
}

/* "start-end@offset …" in hex, as the array stands. */
static void assert_is(struct mappings *m, const char *expected)
{
	char text[512] = "";
	uint64_t at = 0;

	for (size_t i = 0; i < mappings_count(m); i++) {
		struct mapping *row = NULL;

		for (; !row; at++)
			row = mappings_find(m, at);
		at = row->end;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lx-%lx@%lx", i ? " " : "",
			 (unsigned long)row->start, (unsigned long)row->end,
			 (unsigned long)row->file_offset);
	}
	assert_string_equal(text, expected);
}

static void a_new_mapping_covers_what_was_there(void **state)
{
	static const struct {
		uint64_t start, end;
		const char *after;
	} cases[] = {
		{ 0x00, 0x10, "0-10@900 20-30@0 40-60@100" }, /* beside */
		{ 0x30, 0x40, "20-30@0 30-40@900 40-60@100" }, /* between */
		{ 0x20, 0x30, "20-30@900 40-60@100" },         /* instead of */
		{ 0x10, 0x70, "10-70@900" },                   /* over all */
		{ 0x28, 0x48, "20-28@0 28-48@900 48-60@108" }, /* over two ends */
		{ 0x48, 0x50, "20-30@0 40-48@100 48-50@900 50-60@110" }, /* inside */
		{ 0x40, 0x48, "20-30@0 40-48@900 48-60@108" }, /* over a beginning */
		{ 0x58, 0x60, "20-30@0 40-58@100 58-60@900" }, /* over an end */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mappings *m = mappings_new();

		put(&m, 0x40, 0x60, 0x100);
		put(&m, 0x20, 0x30, 0);
		put(&m, cases[i].start, cases[i].end, 0x900);
		assert_is(m, cases[i].after);
		mappings_unref(m);
	}
}

static void a_range_can_be_removed(void **state)
{
	struct mappings *m = mappings_new();

	(void)state;
	put(&m, 0x10, 0x40, 0x100);
	assert_int_equal(mappings_remove(&m, 0x20, 0x30), 0);
	assert_is(m, "10-20@100 30-40@120");
	assert_null(mappings_find(m, 0x20));
	assert_null(mappings_find(m, 0x2f));
	assert_non_null(mappings_find(m, 0x30));
	assert_null(mappings_find(m, 0x40));
	mappings_unref(m);
}

static void what_is_shared_changes_for_one_only(void **state)
{
	struct mappings *parent = mappings_new(), *child;

	(void)state;
	put(&parent, 0x10, 0x20, 0);
	child = mappings_ref(parent);
	put(&child, 0x30, 0x40, 0x300);
	assert_ptr_not_equal(parent, child);
	assert_is(parent, "10-20@0");
	assert_is(child, "10-20@0 30-40@300");
	mappings_unref(parent);
	mappings_unref(child);
}

static void the_number_of_mappings_is_bounded(void **state)
{
	struct mappings *m = mappings_new();
	struct mapping row = { .start = 0x10, .end = 0x18 };

	(void)state;
	for (uint64_t i = 0; i < MAPPINGS_MAX; i++)
		put(&m, 0x100 + i * 0x10, 0x108 + i * 0x10, 0);
	assert_int_equal(mappings_insert(&m, &row), -E2BIG);
	assert_int_equal(mappings_count(m), MAPPINGS_MAX);
	mappings_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_mapping_covers_what_was_there),
		cmocka_unit_test(a_range_can_be_removed),
		cmocka_unit_test(what_is_shared_changes_for_one_only),
		cmocka_unit_test(the_number_of_mappings_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
