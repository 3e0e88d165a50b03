/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "cli/args.h"
#include "util/buf.h"
#include "util/str.h"

static const struct hearth_option rows[] = {
	{.name = "frequency", .type = HEARTH_INT, .letter = 'F', .def = "997", .min = 1, .max = 100000,
	 .unit = "Hz"},
	{.name = "min_samples", .type = HEARTH_INT, .letter = 'm'},
	{.name = "all", .type = HEARTH_BOOL, .letter = 'a', .def = "false"},
	{.name = "wait", .type = HEARTH_BOOL, .letter = 'w', .def = "true"},
	{.name = "no_color", .type = HEARTH_BOOL},
	{.name = "pids", .type = HEARTH_LIST, .letter = 'p', .flags = HEARTH_REPEAT},
	{.name = "events", .type = HEARTH_LIST, .letter = 'e'},
	{.name = "set", .type = HEARTH_STRING, .flags = HEARTH_REPEAT},
	{.name = "title", .type = HEARTH_STRING},
	{.name = "format", .type = HEARTH_CHOICE, .choices = "folded|html"},
	{.name = "secret_word", .type = HEARTH_INT, .flags = HEARTH_SECRET},
	{.name = "sites", .type = HEARTH_BOOL, .flags = HEARTH_HIDDEN},
};
static const struct option_table table = {rows, ARRAY_SIZE(rows), sizeof(rows[0])};

/* The words of a line; what parsing made of them, as text. */
static char *parsed(const char *line)
{
	_cleanup_(strv_freep) char **words = NULL;
	struct buf out = {};
	struct args a = {};
	char *why = NULL;
	int r;

	assert_int_equal(strv_split(line, " ", &words), 0);
	r = args_parse(&table, words, &a, &why);
	if (r < 0) {
		assert_int_equal(r, -EINVAL);
		return why;
	}
	for (size_t i = 0; i < table.n; i++) {
		const struct option_value *v = &a.options.values[i];

		if (!v->is_set || v->is_default)
			continue;
		buf_printf(&out, "%s=", rows[i].name);
		for (size_t k = 0; k < v->n_list; k++)
			buf_printf(&out, "%s%s", k ? "|" : "", v->list[k]);
		if (v->string && !v->list)
			buf_append_string(&out, v->string);
		if (!v->string && !v->list)
			buf_printf(&out, "%lld", (long long)v->number);
		buf_append_string(&out, " ");
	}
	buf_append_string(&out, ":");
	for (char **p = a.arguments; *p; p++)
		buf_printf(&out, " %s", *p);
	if (a.command)
		buf_append_string(&out, " --");
	for (char **p = a.command; p && *p; p++)
		buf_printf(&out, " %s", *p);
	args_done(&a);
	return buf_take(&out);
}

static void check(const char *const (*lines)[2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *text = parsed(lines[i][0]);

		if (!text || !str_equal(text, lines[i][1]))
			fail_msg("\"%s\" gives \"%s\"", lines[i][0], text ? text : "(null)");
	}
}

static void options_are_read_the_gnu_way(void **state)
{
	static const char *const lines[][2] = {
		{"", ":"},
		{"--frequency=99", "frequency=99 :"},
		{"--frequency 99", "frequency=99 :"},
		{"-F99", "frequency=99 :"},
		{"-F 99", "frequency=99 :"},
		{"-F 98 --frequency 99", "frequency=99 :"},
		{"--min-samples=5", "min_samples=5 :"},
		{"--min-samples -5", "min_samples=-5 :"},
		{"-m-5", "min_samples=-5 :"},
		{"-a", "all=1 :"},
		{"-aw", "all=1 wait=1 :"},
		{"-aF99", "frequency=99 all=1 :"},
		{"-awm 7 x", "min_samples=7 all=1 wait=1 : x"},
		{"--all --no-wait", "all=1 wait=0 :"},
		{"--all=no", "all=0 :"},
		{"--no-color", "no_color=1 :"},
		{"--no-no-color", "no_color=0 :"},
		{"--format=html", "format=html :"},
		{"--title=", "title= :"},
		{"--title=a=b", "title=a=b :"},
		{"--title --all", "title=--all :"},
	};

	(void)state;
	check(lines, ARRAY_SIZE(lines));
}

static void repeated_options_add_up_others_replace(void **state)
{
	static const char *const lines[][2] = {
		{"-p 1,2 -p3", "pids=1|2|3 :"},
		{"-e a,b -e c", "events=c :"},
		{"--set x:a=1,b=2 --set y", "set=x:a=1,b=2|y :"},
	};

	(void)state;
	check(lines, ARRAY_SIZE(lines));
}

static void arguments_mix_with_options_until_two_dashes(void **state)
{
	static const char *const lines[][2] = {
		{"a -a b", "all=1 : a b"},
		{"- -a", "all=1 : -"},
		{"a -- b -a --frequency=1", ": a -- b -a --frequency=1"},
		{"--", ": --"},
		{"-a -- -- x", "all=1 : -- -- x"},
	};

	(void)state;
	check(lines, ARRAY_SIZE(lines));
}

static void mistake_is_named_as_it_was_written(void **state)
{
	static const char *const lines[][2] = {
		{"--frequncy=9", "unknown option \"--frequncy\"; did you mean \"--frequency\"?"},
		{"--freq 9", "unknown option \"--freq\"; did you mean \"--frequency\"?"},
		{"--min_samples=9", "unknown option \"--min_samples\"; did you mean \"--min-samples\"?"},
		{"--nonsense", "unknown option \"--nonsense\""},
		{"--no-frequency", "unknown option \"--no-frequency\"; did you mean \"--frequency\"?"},
		{"--site", "unknown option \"--site\"; did you mean \"--set\"?"},
		{"-x", "unknown option \"-x\""},
		{"-ax", "unknown option \"-x\""},
		{"--frequency", "--frequency needs a value"},
		{"-F", "-F (--frequency) needs a value"},
		{"-aF", "-F (--frequency) needs a value"},
		{"--no-wait=1", "--no-wait takes no value"},
		{"-F 0", "-F (--frequency) must be an integer, 1 to 100000 Hz; found \"0\""},
		{"--frequency=fast", "--frequency must be an integer, 1 to 100000 Hz; found \"fast\""},
		{"--all=perhaps", "--all must be true or false; found \"perhaps\""},
		{"--format=htlm", "--format must be one of folded, html; found \"htlm\"; did you mean \"html\"?"},
		{"--secret-word=hunter2", "--secret-word must be an integer; found a value that is not shown"},
		{"-p \"1", "-p (--pids) must be a list; found \"\"1\"; a quote is never closed"},
	};

	(void)state;
	check(lines, ARRAY_SIZE(lines));
}

static void required_option_is_asked_for(void **state)
{
	static const struct hearth_option required[] = {
		{.name = "api_url", .type = HEARTH_STRING, .flags = HEARTH_REQUIRED}};
	const struct option_table t = {required, 1, sizeof(required[0])};
	char *words[] = {NULL}, *why = NULL;
	struct args a = {};

	(void)state;
	assert_int_equal(args_parse(&t, words, &a, &why), -EINVAL);
	assert_string_equal(why, "--api-url is required");
	free(why);
}

static void verb_row_takes_the_place_of_a_common_one(void **state)
{
	static const struct hearth_option own[] = {
		{.name = "set", .type = HEARTH_LIST, .help = "own"},
		{.name = "view", .type = HEARTH_BOOL, .letter = 'v'},
	};
	static const struct hearth_option common[] = {
		{.name = "set", .type = HEARTH_STRING, .help = "common"},
		{.name = "verbose", .type = HEARTH_BOOL, .letter = 'v'},
		{.name = "help", .type = HEARTH_BOOL, .letter = 'h'},
	};
	const struct option_table o = {own, 2, sizeof(own[0])}, c = {common, 3, sizeof(common[0])};
	struct hearth_option *joined = NULL, row;
	struct option_table t;

	(void)state;
	assert_int_equal(args_join_tables(&o, &c, &joined, &t), 0);
	assert_int_equal(t.n, 4);
	assert_true(option_row_find(&t, "set", &row));
	assert_string_equal(row.help, "own");
	assert_true(option_row_find(&t, "verbose", &row));
	assert_int_equal(row.letter, 0);
	assert_true(option_row_find(&t, "help", &row));
	assert_int_equal(row.letter, 'h');
	free(joined);
}

static void help_is_asked_for_before_the_command_only(void **state)
{
	char *yes[] = {(char[]){"-x"}, (char[]){"--help"}, NULL};
	char *no[] = {(char[]){"-x"}, (char[]){"--"}, (char[]){"ls"}, (char[]){"--help"}, NULL};

	(void)state;
	assert_true(args_want_help(yes));
	assert_false(args_want_help(no));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read_the_gnu_way),
		cmocka_unit_test(repeated_options_add_up_others_replace),
		cmocka_unit_test(arguments_mix_with_options_until_two_dashes),
		cmocka_unit_test(mistake_is_named_as_it_was_written),
		cmocka_unit_test(required_option_is_asked_for),
		cmocka_unit_test(verb_row_takes_the_place_of_a_common_one),
		cmocka_unit_test(help_is_asked_for_before_the_command_only),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
