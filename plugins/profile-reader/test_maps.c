/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "perf_maps.h"

static int cover(struct perf_maps **m, uint64_t start, uint64_t end, uint64_t offset)
{
	struct perf_map row = { .start = start, .end = end, .file_offset = offset };

	return perf_maps_cover(m, start, end, &row);
}

/* "10-20@5 30-40@0": every mapping below 100. */
static void assert_maps(const struct perf_maps *m, const char *expected)
{
	char text[256] = "";
	const struct perf_map *last = NULL;

	for (uint64_t a = 0; a < 100; a++) {
		const struct perf_map *at = perf_maps_find(m, a);

		if (!at || at == last)
			continue;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d-%d@%d", text[0] ? " " : "",
			 (int)at->start, (int)at->end, (int)at->file_offset);
		last = at;
	}
	assert_string_equal(text, expected);
}

static void a_new_mapping_takes_the_place_of_what_it_covers(void **state)
{
	static const struct {
		uint64_t start, end;
		const char *expected;
	} cases[] = {
		{ 0, 5, "0-5@7 10-20@100 30-40@200" },
		{ 10, 20, "10-20@7 30-40@200" },
		{ 12, 18, "10-12@100 12-18@7 18-20@108 30-40@200" },
		{ 5, 15, "5-15@7 15-20@105 30-40@200" },
		{ 15, 35, "10-15@100 15-35@7 35-40@205" },
		{ 0, 50, "0-50@7" },
		{ 20, 30, "10-20@100 20-30@7 30-40@200" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct perf_maps *m = perf_maps_new();

		assert_int_equal(cover(&m, 10, 20, 100), 0);
		assert_int_equal(cover(&m, 30, 40, 200), 0);
		assert_int_equal(cover(&m, cases[i].start, cases[i].end, 7), 0);
		assert_maps(m, cases[i].expected);
		perf_maps_unref(m);
	}
}

static void a_child_keeps_what_its_parent_replaces(void **state)
{
	struct perf_maps *parent = perf_maps_new(), *child;

	(void)state;
	assert_int_equal(cover(&parent, 10, 20, 1), 0);
	child = perf_maps_ref(parent);
	assert_int_equal(cover(&parent, 10, 20, 2), 0);
	assert_int_equal(perf_maps_cover(&child, 12, 14, NULL), 0);
	assert_maps(parent, "10-20@2");
	assert_maps(child, "10-12@1 14-20@5");
	perf_maps_unref(parent);
	perf_maps_unref(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_mapping_takes_the_place_of_what_it_covers),
		cmocka_unit_test(a_child_keeps_what_its_parent_replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
