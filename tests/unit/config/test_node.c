/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "config/dump.h"
#include "config/yaml.h"
#include "util/buf.h"

static struct node *tree(const char *name, const char *text)
{
	struct node *n = NULL;

	assert_int_equal(yaml_parse(name, text, strlen(text), NULL, &n), 0);
	return n;
}

static void assert_tree(const struct node *n, const char *expected)
{
	const struct dump_style style = {};
	struct buf out = {};

	assert_int_equal(dump_yaml(n, &style, &out), 0);
	assert_string_equal(buf_text(&out), expected);
	buf_done(&out);
}

static struct node *merged(const char *below, const char *above)
{
	struct node *n = NULL;

	assert_int_equal(node_merge(tree("below", below), tree("above", above), &n), 0);
	return n;
}

static void maps_merge_deeply_lists_replace_null_removes(void **state)
{
	static const struct {
		const char *below, *above, *result;
	} rows[] = {
		{"a: 1", "b: 2", "a: 1\nb: 2\n"},
		{"a: 1", "a: 2", "a: 2\n"},
		{"a: {b: 1, c: 2}", "a: {c: 3, d: 4}", "a:\n  b: 1\n  c: 3\n  d: 4\n"},
		{"a: {b: {c: 1, d: 2}}", "a: {b: {c: 3}}", "a:\n  b:\n    c: 3\n    d: 2\n"},
		{"a: [1, 2, 3]", "a: [4]", "a: [4]\n"},
		{"a: [1]", "a: []", "a: []\n"},
		{"a: 1\nb: 2", "a: null", "b: 2\n"},
		{"a: 1\nb: 2", "a: ~", "b: 2\n"},
		{"a: 1", "a: \"null\"", "a: \"null\"\n"},
		{"a: {b: 1}", "a: {b: null}", "a: {}\n"},
		{"a: {b: 1}", "a: 2", "a: 2\n"},
		{"a: 2", "a: {b: 1}", "a:\n  b: 1\n"},
		{"a: 1", "b: {c: null, d: {e: null}, f: 1}", "a: 1\nb:\n  d: {}\n  f: 1\n"},
		{"a: 1", "b: null", "a: 1\n"},
		{"a: [1, null]", "b: 1", "a: [1, null]\nb: 1\n"},
		{"a: 1\nb: 2\nc: 3", "b: null\nd: 4\na: null", "c: 3\nd: 4\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node *n = merged(rows[i].below, rows[i].above);

		assert_tree(n, rows[i].result);
		node_free(n);
	}
}

static void merged_values_keep_the_place_they_were_written_at(void **state)
{
	struct node *n = merged("a:\n  b: 1\n  c: 2", "\n\na: {c: 3}");

	(void)state;
	assert_string_equal(node_find(n, "a.b")->origin.file, "below");
	assert_int_equal(node_find(n, "a.b")->origin.line, 2);
	assert_int_equal(node_find(n, "a.b")->origin.column, 6);
	assert_string_equal(node_find(n, "a.c")->origin.file, "above");
	assert_int_equal(node_find(n, "a.c")->origin.line, 3);
	/* The map itself is where it began: that is where a missing key is reported. */
	assert_string_equal(node_get(n, "a")->key_origin.file, "below");
	node_free(n);
}

static void path_finds_keys_that_hold_dots(void **state)
{
	struct node *n = tree("x", "plugins: {a.b: {c: 1}, a: {b.c: {d: 2}}}");

	(void)state;
	assert_string_equal(node_find(n, "plugins.a.b.c")->text, "1");
	assert_string_equal(node_find(n, "plugins.a.b.c.d")->text, "2");
	assert_null(node_find(n, "plugins.a.c"));
	assert_null(node_find(n, "plugins."));
	assert_null(node_find(n, ""));
	node_free(n);
}

static void put_path_makes_the_maps_on_the_way(void **state)
{
	const struct origin o = {origin_file("x"), 0, 0};
	struct node *n = tree("x", "a: {b: 1}\nc: text");

	(void)state;
	assert_int_equal(node_put_path(n, "a.b", node_scalar("2", o)), 0);
	assert_int_equal(node_put_path(n, "a.x.y", node_scalar("3", o)), 0);
	assert_int_equal(node_put_path(n, "c.d", node_scalar("4", o)), 0);
	assert_int_equal(node_put_path(n, "e", node_scalar("5", o)), 0);
	assert_int_equal(node_put_path(n, "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17",
				       node_scalar("6", o)), -E2BIG);
	assert_string_equal(node_find(n, "a.b")->text, "2");
	assert_string_equal(node_find(n, "a.x.y")->text, "3");
	assert_string_equal(node_find(n, "c.d")->text, "4");
	assert_string_equal(node_find(n, "e")->text, "5");
	node_free(n);
}

static void trees_are_equal_whatever_their_order_and_place(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_equal;
	} rows[] = {
		{"a: 1\nb: [x, y]", "b: [x, \"y\"]\na: 1", true},
		{"a: 1", "a: 2", false},
		{"a: 1", "b: 1", false},
		{"a: [x, y]", "a: [y, x]", false},
		{"a: [x]", "a: {x: 1}", false},
		{"a: 1", "a: 1\nb: 2", false},
		{"a: null", "a: \"null\"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node *a = tree("a", rows[i].a), *b = tree("b", rows[i].b), *copy = node_copy(a);

		assert_int_equal(node_equal(a, b), rows[i].is_equal);
		assert_int_equal(node_equal(b, a), rows[i].is_equal);
		assert_true(node_equal(a, copy));
		node_free(a);
		node_free(b);
		node_free(copy);
	}
}

static void names_of_origins_are_kept_once(void **state)
{
	char name[] = "some-file.yaml";
	const char *first = origin_file(name);

	(void)state;
	name[0] = 'S';
	assert_string_equal(first, "some-file.yaml");
	assert_ptr_equal(first, origin_file("some-file.yaml"));
	assert_ptr_not_equal(first, origin_file(name));
}

/* Every allocation of a merge fails once; nothing leaks and nothing is half done. */
static void merge_survives_want_of_memory(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < 200; i++) {
		struct node *below = tree("b", "a: {b: 1}\nc: [1, 2]\nd: 1\n");
		struct node *above = tree("a", "a: {b: 2, e: {f: 1}}\nc: null\ng: {h: 1, i: 2}\nj: 1\nk: 1\n");
		struct node *n = NULL;
		char spec[32];
		bool was_struck;
		int r;

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%u", i);
		test_fail(spec);
		r = node_merge(below, above, &n);
		was_struck = fail_count("sys.alloc") > 0;
		assert_int_equal(fail_configure(NULL), 0);
		assert_int_equal(r, was_struck ? -ENOMEM : 0);
		assert_int_equal(n == NULL, was_struck);
		node_free(n);
		if (!was_struck)
			return;
	}
	fail_msg("200 allocations");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_merge_deeply_lists_replace_null_removes),
		cmocka_unit_test(merged_values_keep_the_place_they_were_written_at),
		cmocka_unit_test(path_finds_keys_that_hold_dots),
		cmocka_unit_test(put_path_makes_the_maps_on_the_way),
		cmocka_unit_test(trees_are_equal_whatever_their_order_and_place),
		cmocka_unit_test(names_of_origins_are_kept_once),
		cmocka_unit_test(merge_survives_want_of_memory),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
