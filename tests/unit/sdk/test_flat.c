/* SPDX-License-Identifier: Apache-2.0 */
/* The container: what a builder takes in comes out of a reader, and no batch can hurt a reader. */
#include "test.h"

#include <hearth/flat_builder.h>
#include <hearth/mock.h>

#include "random.h"
#include "read_all.h"

enum { ROWS = 5, OTHER = 9 };

struct pair {
	uint64_t a;
	uint32_t b, c;
};

static void open_emitted(struct hearth_mock *m, uint32_t i, struct hearth_flat *f)
{
	assert_non_null(hearth_mock_emitted(m, i));
	assert_int_equal(hearth_flat_open(f, hearth_mock_emitted(m, i)), 0);
}

TEST(what_is_built_is_what_is_read)
{
	struct hearth_mock m;
	struct sequence s = { 42 };

	hearth_mock_init(&m, NULL);
	for (uint32_t round = 0; round < 50; round++) {
		uint32_t n = random_below(&s, 3000), index[3000];
		struct pair rows[3000], row;
		struct hearth_flat_builder b;
		struct hearth_flat f;

		hearth_flat_init(&b);
		for (uint32_t i = 0; i < n; i++) {
			char text[32];

			snprintf(text, sizeof(text), "name %u", random_below(&s, 500));
			rows[i] = (struct pair){ random_below(&s, 100), random_below(&s, 4),
						 hearth_flat_intern_string(&b, text) };
			index[i] = hearth_flat_intern(&b, ROWS, &rows[i], sizeof(rows[i]));
			assert_int_not_equal(index[i], 0);
		}
		assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
		hearth_flat_done(&b);
		open_emitted(&m, 0, &f);
		for (uint32_t i = 0; i < n; i++) {
			hearth_flat_row(&f, ROWS, index[i], &row, sizeof(row));
			assert_memory_equal(&row, &rows[i], sizeof(row));
			assert_memory_equal(hearth_flat_string(&f, row.c), "name ", 5);
		}
		hearth_mock_forget_emitted(&m);
	}
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(equal_rows_and_strings_share_an_index)
{
	struct pair one = { 1, 2, 3 }, other = { 1, 2, 4 };
	struct hearth_flat_builder b;

	hearth_flat_init(&b);
	assert_int_equal(hearth_flat_intern(&b, ROWS, &one, sizeof(one)), 1);
	assert_int_equal(hearth_flat_intern(&b, ROWS, &other, sizeof(other)), 2);
	assert_int_equal(hearth_flat_intern(&b, ROWS, &one, sizeof(one)), 1);
	assert_int_equal(hearth_flat_intern_string(&b, "a"), 1);
	assert_int_equal(hearth_flat_intern_string(&b, "b"), 2);
	assert_int_equal(hearth_flat_string_n(&b, "ab", 1), 1);
	assert_int_equal(hearth_flat_intern_string(&b, ""), 0);
	assert_int_equal(hearth_flat_intern_string(&b, NULL), 0);
	hearth_flat_done(&b);
}

TEST(index_0_and_indices_out_of_range_are_rows_of_zeros)
{
	struct pair one = { 1, 2, 3 }, row;
	struct hearth_flat_builder b;
	struct hearth_flat f;
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	hearth_flat_intern(&b, ROWS, &one, sizeof(one));
	hearth_flat_intern_string(&b, "x");
	assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
	open_emitted(&m, 0, &f);
	for (uint64_t i = 0; i < 5; i++) {
		hearth_flat_row(&f, ROWS, i == 1 ? UINT64_MAX : i, &row, sizeof(row));
		assert_int_equal(row.a + row.b + row.c, 0);
	}
	assert_int_equal(hearth_flat_count(&f, OTHER), 0);
	assert_int_equal(hearth_flat_count(&f, 4000), 0);
	assert_string_equal(hearth_flat_string(&f, 0), "");
	assert_string_equal(hearth_flat_string(&f, 77), "");
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_row_that_grew_reads_in_old_and_new_code)
{
	struct pair one = { 1, 2, 3 };
	struct { struct pair old; uint64_t added; } longer;
	struct { uint64_t a; } shorter;
	struct hearth_flat_builder b;
	struct hearth_flat f;
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	hearth_flat_append(&b, ROWS, &one, sizeof(one));
	assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
	open_emitted(&m, 0, &f);
	memset(&longer, 0xff, sizeof(longer));
	hearth_flat_row(&f, ROWS, 0, &longer, sizeof(longer));
	assert_int_equal(longer.old.c, 3);
	assert_int_equal(longer.added, 0);
	hearth_flat_row(&f, ROWS, 0, &shorter, sizeof(shorter));
	assert_int_equal(shorter.a, 1);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_derived_batch_shares_its_parent_and_extends_its_strings)
{
	struct pair one = { 1, 2, 3 }, other = { 7, 8, 9 }, row;
	struct hearth_flat_builder b;
	struct hearth_flat f, parent;
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	hearth_flat_append(&b, ROWS, &one, sizeof(one));
	hearth_flat_append(&b, OTHER, &one, sizeof(one));
	hearth_flat_intern_string(&b, "parent");
	assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
	for (uint32_t i = 1; i < HEARTH_FLAT_MAX_PARTS; i++) {
		char text[16];

		open_emitted(&m, i - 1, &parent);
		hearth_flat_reset(&b);
		hearth_flat_derive(&b, &parent);
		snprintf(text, sizeof(text), "child %u", i);
		assert_int_equal(hearth_flat_intern_string(&b, text), i + 1);
		assert_int_equal(hearth_flat_intern_string(&b, text), i + 1);
		hearth_flat_append(&b, ROWS, &other, sizeof(other));
		assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", &parent), 0);
		open_emitted(&m, i, &f);
		assert_int_equal(hearth_mock_emitted(&m, i)->n_segments, i + 1);
		assert_ptr_equal(hearth_mock_emitted(&m, i)->segments[i].data,
				 hearth_mock_emitted(&m, 0)->segments[0].data);
		assert_string_equal(hearth_flat_string(&f, 1), "parent");
		assert_string_equal(hearth_flat_string(&f, i + 1), text);
		assert_int_equal(hearth_flat_n_strings(&f), i + 2);
		hearth_flat_row(&f, ROWS, 0, &row, sizeof(row));
		assert_int_equal(row.a, 7);
		hearth_flat_row(&f, OTHER, 0, &row, sizeof(row));
		assert_int_equal(row.a, 1);
	}
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_reset_builder_makes_the_same_batch_again)
{
	const struct hearth_batch *first, *second;
	struct hearth_flat_builder b;
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	for (int i = 0; i < 2; i++) {
		struct pair row = { 5, 6, 7 };

		hearth_flat_intern_string(&b, "text");
		hearth_flat_intern(&b, ROWS, &row, sizeof(row));
		b.n_items = 3;
		assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
		hearth_flat_reset(&b);
		assert_int_equal(b.n_items, 0);
	}
	first = hearth_mock_emitted(&m, 0);
	second = hearth_mock_emitted(&m, 1);
	assert_int_equal(first->segments[0].len, second->segments[0].len);
	assert_memory_equal(first->segments[0].data, second->segments[0].data,
			    first->segments[0].len);
	assert_int_equal(second->n_items, 3);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_full_route_leaves_the_builder_as_it_was)
{
	struct hearth_flat_builder b;
	struct hearth_flat f;
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	m.room = 0;
	hearth_flat_init(&b);
	hearth_flat_intern_string(&b, "kept");
	assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), -EAGAIN);
	m.room = 1;
	assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
	open_emitted(&m, 0, &f);
	assert_string_equal(hearth_flat_string(&f, 1), "kept");
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

/* One segment of a copy whose end a sanitizer watches. */
static int32_t open_bytes(const uint8_t *bytes, size_t len, struct hearth_flat *f, void **ret_copy)
{
	static struct hearth_span span;
	static struct hearth_batch batch = {
		.size = sizeof(batch), .n_segments = 1, .schema = "test/1", .segments = &span,
	};

	span.data = *ret_copy = malloc(len ? len : 1);
	span.len = len;
	if (len)
		memcpy(*ret_copy, bytes, len);
	return hearth_flat_open(f, &batch);
}

TEST(every_prefix_and_every_flipped_byte_is_refused_or_read_safely)
{
	struct hearth_flat_builder b;
	const struct hearth_span *span;
	struct hearth_flat f;
	struct hearth_mock m;
	size_t refused = 0;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	for (uint32_t i = 0; i < 20; i++) {
		struct pair row = { i, i, hearth_flat_string_n(&b, "abcdefghijklmnopqrst", i) };

		hearth_flat_intern(&b, HEARTH_PROFILE_STACKS, &row, sizeof(row));
		hearth_flat_append(&b, HEARTH_PROFILE_STACK_FRAMES, &i, sizeof(i));
	}
	assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
	span = hearth_mock_emitted(&m, 0)->segments;
	for (size_t n = 0; n < span->len * 9; n++) {
		uint8_t *bytes = malloc(span->len);
		size_t len = n < span->len ? n : span->len, bit = n - len;
		void *copy;

		memcpy(bytes, span->data, span->len);
		if (n >= span->len)
			bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (open_bytes(bytes, len, &f, &copy) < 0)
			refused++;
		else
			read_all(&f);
		free(copy);
		free(bytes);
	}
	assert_true(refused >= span->len); /* every prefix, and what broke a bound */
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_table_that_points_out_of_its_segment_is_refused)
{
	static const struct hearth_flat_section bad[] = {
		{ .id = ROWS, .stride = 8, .segment = 1, .offset = 0, .count = 1 },
		{ .id = ROWS, .stride = 0, .segment = 0, .offset = 0, .count = 1 },
		{ .id = ROWS, .stride = 6, .segment = 0, .offset = 0, .count = 1 },
		{ .id = ROWS, .stride = 8, .segment = 0, .offset = 4, .count = 1 },
		{ .id = ROWS, .stride = 8, .segment = 0, .offset = 56, .count = 1 },
		{ .id = ROWS, .stride = 8, .segment = 0, .offset = 1 << 20, .count = 0 },
		{ .id = ROWS, .stride = 8, .segment = 0, .offset = 0, .count = UINT64_MAX / 8 + 2 },
		{ .id = HEARTH_STRINGS, .stride = 4, .segment = 0, .offset = 48, .count = 1 },
		{ .id = HEARTH_STRINGS, .stride = 8, .segment = 0, .offset = 0, .count = 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct { struct hearth_flat_header h; struct hearth_flat_section s; } bytes = {
			.h = { HEARTH_FLAT_MAGIC, sizeof(bytes.h), 1, sizeof(bytes.s),
			       sizeof(bytes.h) },
			.s = bad[i],
		};
		struct hearth_flat f;
		void *copy;

		assert_int_equal(open_bytes((uint8_t *)&bytes, sizeof(bytes), &f, &copy), -EBADMSG);
		free(copy);
	}
}

TEST(sections_of_a_newer_minor_are_passed_over)
{
	struct { struct hearth_flat_header h; struct hearth_flat_section s; } bytes = {
		.h = { HEARTH_FLAT_MAGIC, sizeof(bytes.h), 1, sizeof(bytes.s), sizeof(bytes.h) },
		.s = { .id = 1000, .stride = 3, .segment = 77, .offset = 1 },
	};
	struct hearth_flat f;
	void *copy;

	assert_int_equal(open_bytes((uint8_t *)&bytes, sizeof(bytes), &f, &copy), 0);
	read_all(&f);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_what_is_read),
		cmocka_unit_test(equal_rows_and_strings_share_an_index),
		cmocka_unit_test(index_0_and_indices_out_of_range_are_rows_of_zeros),
		cmocka_unit_test(a_row_that_grew_reads_in_old_and_new_code),
		cmocka_unit_test(a_derived_batch_shares_its_parent_and_extends_its_strings),
		cmocka_unit_test(a_reset_builder_makes_the_same_batch_again),
		cmocka_unit_test(a_full_route_leaves_the_builder_as_it_was),
		cmocka_unit_test(every_prefix_and_every_flipped_byte_is_refused_or_read_safely),
		cmocka_unit_test(a_table_that_points_out_of_its_segment_is_refused),
		cmocka_unit_test(sections_of_a_newer_minor_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
