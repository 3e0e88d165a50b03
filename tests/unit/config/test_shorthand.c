/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "config/dump.h"
#include "config/shorthand.h"
#include "util/buf.h"

static void word_is_a_name_and_a_map(void **state)
{
	static const struct {
		const char *text, *name, *map;
	} rows[] = {
		{"debug-json", "debug-json", ""},
		{"debug-json:", "debug-json", ""},
		{"x:path=a", "x", "path: a\n"},
		{"x:endpoint=host:4317,insecure", "x", "endpoint: \"host:4317\"\ninsecure: true\n"},
		{"x:a=1,b=\"1,2\",c=\"say \\\"hi\\\"\"", "x", "a: 1\nb: \"1,2\"\nc: \"say \\\"hi\\\"\"\n"},
		{"x:min-samples=5", "x", "min_samples: 5\n"},
		{"x:log.level=debug,headers.x-api-key=k", "x",
		 "log:\n  level: debug\nheaders:\n  x-api-key: k\n"},
		{"x:a=,b==c", "x", "a: \"\"\nb: \"=c\"\n"},
		{"x:a=\"null\",b=5\" disk", "x", "a: \"null\"\nb: \"5\\\" disk\"\n"},
		{"x:a=1,a=2", "x", "a: 2\n"},
		{"x:a=1,", "x", "a: 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct dump_style style = {};
		struct node *map = NULL;
		struct buf out = {};
		char *name = NULL, *why = NULL;

		assert_int_equal(shorthand_parse(rows[i].text, (struct origin){}, &name, &map, &why), 0);
		assert_string_equal(name, rows[i].name);
		assert_int_equal(dump_yaml(map, &style, &out), 0);
		assert_string_equal(buf_text(&out), rows[i].map);
		buf_done(&out);
		node_free(map);
		free(name);
	}
}

static void unquoted_null_removes(void **state)
{
	struct node *map = NULL;
	char *name = NULL, *why = NULL;

	(void)state;
	assert_int_equal(shorthand_parse("x:a=null", (struct origin){}, &name, &map, &why), 0);
	assert_int_equal(node_get(map, "a")->kind, NODE_NULL);
	node_free(map);
	free(name);
}

static void nonsense_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "a name is missing; write name:option=value,…"},
		{":a=1", "a name is missing; write name:option=value,…"},
		{"x:=1", "a name is missing before \"=1\""},
		{"x:a=1,,b=2", "a name is missing before \",b=2\""},
		{"x:a=\"1", "a quote is never closed"},
		{"x:a=\"1\"2", "a \",\" is missing behind a quoted value"},
		{"x:a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1", "a name has too many dots"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node *map = NULL;
		char *name = NULL, *why = NULL;

		assert_int_equal(shorthand_parse(rows[i].text, (struct origin){}, &name, &map, &why), -EINVAL);
		assert_string_equal(why, rows[i].why);
		assert_null(name);
		assert_null(map);
		free(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(word_is_a_name_and_a_map),
		cmocka_unit_test(unquoted_null_removes),
		cmocka_unit_test(nonsense_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests_name("shorthand", tests, NULL, NULL);
}
