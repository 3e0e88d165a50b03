/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are good; what is wrong is the business of cases/ and test_errors.c. */
#include "unit/util/fixture.h"

#include "config/yaml.h"
#include "unit/config/table.h"
#include "util/buf.h"
#include "util/str.h"

static struct option_set *set_of(const struct option_table *t, const char *yaml)
{
	struct config_errors errors = {};
	struct option_set *s = NULL;
	struct node *n = NULL;
	int r;

	assert_int_equal(yaml_parse("x.yaml", yaml, strlen(yaml), NULL, &n), 0);
	r = option_set_new(t, n, "plugin \"x\"", NULL, false, &errors, &s);
	if (r < 0)
		fail_msg("%s", errors.n ? errors.messages[0] : "no message");
	config_errors_done(&errors);
	node_free(n);
	return s;
}

static void value_has_the_type_of_its_row(void **state)
{
	struct option_set *s = set_of(&every_table,
				      "text: 1.10\nfrequency: '42'\ncount: -3\nflag: yes\ninterval: 1m\n"
				      "memory: 1MiB\nformat: html\nnames: [x, 2, true]\n"
				      "pairs: { a: 1, b: two }\nbudget: 2.5%\n");

	(void)state;
	assert_string_equal(option_set_value(s, "text")->string, "1.10");
	assert_true(option_set_value(s, "frequency")->number == 42);
	assert_true(option_set_value(s, "count")->number == -3);
	assert_true(option_set_value(s, "flag")->number == 1);
	assert_true(option_set_value(s, "interval")->number == 60000000000);
	assert_true(option_set_value(s, "memory")->number == 1 << 20);
	assert_string_equal(option_set_value(s, "format")->string, "html");
	assert_int_equal(option_set_value(s, "names")->n_list, 3);
	assert_string_equal(option_set_value(s, "names")->list[2], "true");
	assert_null(option_set_value(s, "names")->list[3]);
	assert_int_equal(option_set_value(s, "pairs")->n_map, 2);
	assert_string_equal(option_set_value(s, "pairs")->map[1].key, "b");
	assert_string_equal(option_set_value(s, "pairs")->map[1].value, "two");
	assert_true(option_set_value(s, "budget")->number == 25000);
	option_set_free(s);
}

static void value_remembers_its_place_and_a_default_has_none(void **state)
{
	struct option_set *s = set_of(&every_table, "\nfrequency: 5\n");
	const struct option_value *v = option_set_value(s, "frequency");

	(void)state;
	assert_true(v->is_set && !v->is_default);
	assert_string_equal(v->origin.file, "x.yaml");
	assert_int_equal(v->origin.line, 2);
	assert_int_equal(v->origin.column, 12);
	v = option_set_value(s, "interval");
	assert_true(v->is_set && v->is_default);
	assert_null(v->origin.file);
	assert_true(v->number == 10000000000);
	assert_int_equal(option_set_value(s, "names")->n_list, 2);
	assert_string_equal(option_set_value(s, "pairs")->map[0].value, "v");
	assert_false(option_set_value(s, "text")->is_set);
	assert_null(option_set_find(s, "nonsense"));
	option_set_free(s);
}

static void null_leaves_the_default(void **state)
{
	struct option_set *s = set_of(&every_table, "frequency: null\ntext: ~\n");

	(void)state;
	assert_true(option_set_value(s, "frequency")->is_default);
	assert_true(option_set_value(s, "frequency")->number == 99);
	assert_false(option_set_value(s, "text")->is_set);
	option_set_free(s);
}

static void words_of_a_command_line_are_lists_and_maps(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *first;
	} rows[] = {
		{"", 0, NULL}, {"a", 1, "a"}, {"a,b,c", 3, "a"}, {",a,,b,", 2, "a"}, {"\"a,b\",c", 2, "a,b"},
		{"\"\",c", 2, ""}, {"\"a\\\"b\\\\\"", 1, "a\"b\\"}, {"a\"b", 1, "a\"b"},
	};
	const struct hearth_option list = {.name = "l", .type = HEARTH_LIST};
	const struct hearth_option map = {.name = "m", .type = HEARTH_MAP};
	struct option_value v = {};
	char *why = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(option_value_parse(&list, rows[i].text, &v, &why), 0);
		assert_int_equal(v.n_list, rows[i].n);
		assert_int_equal(strv_length(v.list), rows[i].n);
		if (rows[i].first)
			assert_string_equal(v.list[0], rows[i].first);
		option_value_done(&v);
	}
	assert_int_equal(option_value_parse(&map, "a=1,x-y.z=\"2,3\",flag", &v, &why), 0);
	assert_int_equal(v.n_map, 3);
	assert_string_equal(v.map[1].key, "x-y.z");
	assert_string_equal(v.map[1].value, "2,3");
	assert_string_equal(v.map[2].value, "true");
	option_value_done(&v);
	assert_null(why);
}

static void text_that_repeats_is_one_element_with_its_commas(void **state)
{
	const struct hearth_option row = {.name = "set", .type = HEARTH_STRING, .flags = HEARTH_REPEAT};
	struct option_value v = {};
	char *why = NULL;

	(void)state;
	assert_int_equal(option_value_parse(&row, "x:a=1,b=2", &v, &why), 0);
	assert_int_equal(v.n_list, 1);
	assert_string_equal(v.list[0], "x:a=1,b=2");
	option_value_done(&v);
}

/* A plugin may be built against a shorter or a longer struct hearth_option. */
static void table_is_walked_by_its_stride(void **state)
{
	struct longer {
		struct hearth_option row;
		uint64_t of_a_later_minor[2];
	} longer[2] = {{.row = {.name = "a", .type = HEARTH_INT, .def = "1"}},
		       {.row = {.name = "b", .type = HEARTH_INT, .def = "2"}}};
	const struct option_table long_table = {&longer[0].row, 2, sizeof(longer[0])};
	size_t shorter_size = offsetof(struct hearth_option, letter);
	char shorter[2][offsetof(struct hearth_option, letter)];
	const struct option_table short_table = {(const void *)shorter, 2, shorter_size};
	struct option_set *s = set_of(&long_table, "b: 7");
	struct hearth_option row;

	(void)state;
	assert_true(option_set_value(s, "a")->number == 1 && option_set_value(s, "b")->number == 7);
	option_set_free(s);
	memcpy(shorter[0], &longer[0].row, shorter_size);
	memcpy(shorter[1], &longer[1].row, shorter_size);
	s = set_of(&short_table, "a: 5");
	assert_true(option_set_value(s, "a")->number == 5 && option_set_value(s, "b")->number == 2);
	option_row(&short_table, 1, &row);
	assert_int_equal(row.letter, 0);
	option_set_free(s);
}

static void sets_are_equal_by_value(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_equal;
	} rows[] = {
		{"{}", "{}", true},
		{"interval: 60s", "interval: 1m", true},
		{"frequency: 99", "{}", true},
		{"frequency: 98", "{}", false},
		{"text: a", "{}", false},
		{"text: a", "text: b", false},
		{"names: [a]", "names: [a, b]", false},
		{"names: [b, a]", "names: [a, b]", false},
		{"pairs: {a: 1}", "pairs: {a: 2}", false},
		{"pairs: {a: 1}", "pairs: {a: 1, b: 1}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct option_set *a = set_of(&every_table, rows[i].a), *b = set_of(&every_table, rows[i].b);

		assert_int_equal(option_set_equal(a, b), rows[i].is_equal);
		option_set_free(a);
		option_set_free(b);
	}
}

static void options_are_described_with_range_and_unit(void **state)
{
	static const struct {
		struct hearth_option row;
		const char *text;
	} rows[] = {
		{{.type = HEARTH_STRING}, "text"},
		{{.type = HEARTH_INT}, "integer"},
		{{.type = HEARTH_INT, .unit = "Hz"}, "integer (Hz)"},
		{{.type = HEARTH_INT, .min = 1, .max = 100000, .unit = "Hz"}, "integer, 1 to 100000 Hz"},
		{{.type = HEARTH_INT, .min = 1}, "integer, at least 1"},
		{{.type = HEARTH_INT, .min = -5, .max = -1}, "integer, -5 to -1"},
		{{.type = HEARTH_INT, .min = 0, .max = INT64_MAX}, "integer, at least 0"},
		{{.type = HEARTH_BOOL}, "true or false"},
		{{.type = HEARTH_DURATION}, "duration"},
		{{.type = HEARTH_DURATION, .min = 1000000000, .max = 3600000000000}, "duration, 1s to 1h"},
		{{.type = HEARTH_BYTES, .min = 1024, .max = 1 << 30}, "size, 1KiB to 1GiB"},
		{{.type = HEARTH_CHOICE, .choices = "a|b|c"}, "a, b, c"},
		{{.type = HEARTH_LIST}, "list"},
		{{.type = HEARTH_MAP}, "map"},
		{{.type = HEARTH_SECRET_FILE}, "path of a secret file"},
		{{.type = HEARTH_PERCENT, .max = 1000000}, "percentage, 0% to 100%"},
		{{.type = 99}, "of a type that this hearth does not know"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf out = {};

		assert_int_equal(option_describe(&rows[i].row, &out), 0);
		assert_string_equal(buf_text(&out), rows[i].text);
		buf_done(&out);
	}
}

static void option_set_survives_want_of_memory(void **state)
{
	static const char yaml[] = "text: a\nfrequency: 0\nnames: [x, y]\npairs: {a: b}\nnonsense: 1\nformat: x\n";
	struct node *n = NULL;

	(void)state;
	assert_int_equal(yaml_parse("x.yaml", yaml, strlen(yaml), NULL, &n), 0);
	for (unsigned int i = 1; i < 2000; i++) {
		struct config_errors errors = {};
		struct option_set *s = NULL;
		char spec[32];
		bool was_struck;

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%u", i);
		test_fail(spec);
		assert_int_not_equal(option_set_new(&every_table, n, "x", NULL, false, &errors, &s), 0);
		was_struck = fail_count("sys.alloc") > 0;
		assert_int_equal(fail_configure(NULL), 0);
		assert_null(s);
		if (!was_struck)
			assert_int_equal(errors.n, 3);
		config_errors_done(&errors);
		if (!was_struck)
			break;
	}
	node_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_has_the_type_of_its_row),
		cmocka_unit_test(value_remembers_its_place_and_a_default_has_none),
		cmocka_unit_test(null_leaves_the_default),
		cmocka_unit_test(words_of_a_command_line_are_lists_and_maps),
		cmocka_unit_test(text_that_repeats_is_one_element_with_its_commas),
		cmocka_unit_test(table_is_walked_by_its_stride),
		cmocka_unit_test(sets_are_equal_by_value),
		cmocka_unit_test(options_are_described_with_range_and_unit),
		cmocka_unit_test(option_set_survives_want_of_memory),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
