/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <jansson.h>

#include "cli/record_print.h"
#include "util/cleanup.h"

/* What is printed of a summary, to something that is no terminal. */
static char *printed(const char *text)
{
	json_error_t error;
	json_t *summary = json_loads(text, 0, &error);
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!summary)
		fail_msg("%s: %s", text, error.text);
	record_print(f, summary, NULL);
	assert_int_equal(fclose(f), 0);
	json_decref(summary);
	return out;
}

static void assert_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at += len)
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return;
	fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void functions_of_one_name_are_told_apart_by_their_files(void **state)
{
	_cleanup_free_ char *text = printed(
		"{\"hottest_functions\": ["
		"{\"function\": \"malloc\", \"module\": \"/lib/libc.so.6\", \"share\": 0.5},"
		"{\"function\": \"main\", \"module\": \"/bin/shop\", \"share\": 0.3},"
		"{\"function\": \"malloc\", \"module\": \"/lib/libjemalloc.so\", \"share\": 0.1},"
		"17, {\"share\": 1}, {\"function\": \"rare\", \"module\": \"/bin/shop\", \"share\": 0.001}]}");

	(void)state;
	assert_line(text, "look first    50.0 %  malloc  (/lib/libc.so.6)");
	assert_line(text, "              30.0 %  main");
	assert_line(text, "              10.0 %  malloc  (/lib/libjemalloc.so)");
	assert_null(strstr(text, "rare"));
}

static void names_of_other_processes_cannot_command_the_terminal(void **state)
{
	_cleanup_free_ char *text = printed(
		"{\"hottest_functions\": [{\"function\": \"a\\u001b[2Jb\\nc\", \"share\": 1},"
		"{\"function\": \"a\\u001b[2Jb\\nc\", \"module\": \"/tmp/\\u001b]0;x\\u0007\", \"share\": 1}],"
		"\"advice\": [\"build /tmp/\\u001b[31m\\r with symbols\"],"
		"\"guide\": [{\"about\": \"lost\", \"severity\": \"bad\", \"finding\": \"\\u001b\","
		"\"mend\": \"\\u001b\"}]}");

	(void)state;
	assert_line(text, "look first   100.0 %  a?[2Jb?c");
	assert_line(text, "             100.0 %  a?[2Jb?c  (/tmp/?]0;x?)");
	assert_line(text, "advice       build /tmp/?[31m? with symbols");
	assert_line(text, "lost         ?; ?");
	assert_null(strpbrk(text, "\033\r\a"));
}

static void facts_are_counted_in_words_and_thousands(void **state)
{
	static const struct {
		const char *summary, *line;
	} rows[] = {
		{ "{\"window\": {\"seconds\": 10.04}, \"samples\": {\"delivered\": 1234567}, "
		  "\"stacks\": {\"unique\": 1}}", "recorded     10.0 s, 1,234,567 samples, 1 unique stack" },
		{ "{\"samples\": {\"delivered\": 1}, \"stacks\": {\"unique\": 0}}",
		  "recorded     0.0 s, 1 sample, 0 unique stacks" },
		{ "{\"exit_status\": 0, \"runs\": {\"n\": 3, \"seconds\": {\"min\": 0.1, \"mean\": 0.2, "
		  "\"max\": 0.25}}}",
		  "command      ran 3 times, 0.200 s each (0.100 to 0.250); exit status 0 each time" },
		{ "{\"exit_status\": 7, \"runs\": {\"n\": 1, \"seconds\": {\"min\": 0.1, \"mean\": 0.1, "
		  "\"max\": 0.1}}}",
		  "command      ran 1 time, 0.100 s each (0.100 to 0.100); the last ended with status 7, so it "
		  "is not run again" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = printed(rows[i].summary);

		assert_line(text, rows[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_one_name_are_told_apart_by_their_files),
		cmocka_unit_test(names_of_other_processes_cannot_command_the_terminal),
		cmocka_unit_test(facts_are_counted_in_words_and_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
