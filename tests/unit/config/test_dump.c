/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "config/dump.h"
#include "config/yaml.h"
#include "util/buf.h"
#include "util/str.h"

static struct node *tree(const char *text)
{
	struct node *n = NULL;

	assert_int_equal(yaml_parse("x.yaml", text, strlen(text), NULL, &n), 0);
	return n;
}

static char *dumped(const struct node *n, const struct dump_style *style)
{
	struct buf out = {};

	assert_int_equal(dump_yaml(n, style, &out), 0);
	return buf_take(&out);
}

static void what_is_written_reads_back(void **state)
{
	static const char *const texts[] = {
		"{}",
		"a: 1\nb: {c: [x, y], d: {}, e: []}\n",
		"a: \"true\"\nb: \"1\"\nc: \"null\"\nd: \"\"\ne: \" x \"\nf: \"a: b # c\"\n",
		"a: \"-\"\nb: \"- x\"\nc: \"[x]\"\nd: \"{x}\"\ne: \"*x\"\nf: \"&x\"\ng: \"!x\"\nh: \"@x\"\ni: \"`x\"\n",
		"a: \"tab\\there\"\nb: \"line\\nbreak\"\nc: \"quote\\\"s\"\nd: 'back\\slash'\n",
		"a: \"\\x01\\e\"\nb: \"\\u00e9\\u20ac\"\nc: gr\xc3\xbc\xc3\x9f\n",
		"a: \"\\x7f\\x85\\x95\\u2028\\u2029\\ufeff\\ufffe\\U0001f600\"\n",
		"\"a b\": 1\n\"c: d\": 2\n\"null\": 3\n\"~\": 4\n\"[\": 5\n",
		"plugins: {x: {a: [1, [2, {b: c}], null]}, y: {}, z: {log: {level: debug}}}\n",
		"a: |\n  text\n  of lines\nb: >\n  folded\n  lines\n",
	};
	const struct dump_style plain = {}, with_origin = {.want_origin = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct node *n = tree(texts[i]), *again;
		char *text = dumped(n, &plain);

		again = tree(text);
		if (!node_equal(n, again))
			fail_msg("%s\nbecame\n%s", texts[i], text);
		node_free(again);
		free(text);
		text = dumped(n, &with_origin);
		again = tree(text);
		assert_true(node_equal(n, again));
		node_free(again);
		node_free(n);
		free(text);
	}
}

static void every_value_names_its_origin(void **state)
{
	const struct dump_style style = {.want_origin = true};
	struct node *n = tree("service: x\nlabels: {}\nplugins:\n  a: { b: 1, c: [d] }\n");
	char *text;

	(void)state;
	assert_int_equal(node_put(n, "log", node_scalar("y", (struct origin){"--set", 0, 0})), 0);
	text = dumped(n, &style);
	assert_string_equal(text, "service: x  # x.yaml:1:10\n"
				  "labels: {}  # x.yaml:2:9\n"
				  "plugins:\n"
				  "  a:\n"
				  "    b: 1  # x.yaml:4:11\n"
				  "    c: [d]  # x.yaml:4:17\n"
				  "log: y  # --set\n");
	free(text);
	node_free(n);
}

static bool is_b(void *ctx, const struct node *instance, const struct node *option)
{
	assert_string_equal(ctx, "ctx");
	return str_equal(instance->key, "x") && str_equal(option->key, "b");
}

static void secrets_are_left_out_whatever_their_shape(void **state)
{
	char ctx[] = "ctx";
	const struct dump_style style = {.is_secret = is_b, .ctx = ctx};
	struct node *n = tree("b: shown\nplugins:\n  x: {a: 1, b: {h: hunter2}}\n  y: {b: 2}\n");
	char *text = dumped(n, &style);

	(void)state;
	assert_string_equal(text, "b: shown\nplugins:\n  x:\n    a: 1\n    b: \"(not shown)\"\n  y:\n    b: 2\n");
	free(text);
	node_free(n);
}

static void names_tell_secrets_where_no_table_does(void **state)
{
	static const struct {
		const char *name;
		bool is_secret;
	} rows[] = {
		{"token", true},        {"api_token", true},   {"password", true}, {"client_secret", true},
		{"API_KEY", true},      {"headers", true},     {"authorization", true},
		{"token_file", false},  {"frequency", false},  {"keep", false},    {"path", false},
		{"headers_file", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(dump_name_is_secret(rows[i].name), rows[i].is_secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(every_value_names_its_origin),
		cmocka_unit_test(secrets_are_left_out_whatever_their_shape),
		cmocka_unit_test(names_tell_secrets_where_no_table_does),
	};

	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
