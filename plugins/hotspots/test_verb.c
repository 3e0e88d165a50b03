/* SPDX-License-Identifier: Apache-2.0 */
/* What `hearth report …` asks the host to run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/cleanup.h"
#include "common/test_yaml_text.h"
#include "hotspots.h"

struct given {
	const char *name;
	int64_t number;
	const char *string;
	const char *list[4];
};

struct line {
	struct hearth_verb_call call; /* first */
	const struct given *given;    /* ends with a name that is NULL */
	char refused[64];
};

static const struct given *find(const struct hearth_verb_call *c, const char *name)
{
	const struct line *l = (const struct line *)(const void *)c;

	for (const struct given *g = l->given; g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g;
	for (uint32_t i = 0; i < report_verb.n_options; i++)
		if (strcmp(report_verb.options[i].name, name) == 0)
			return NULL;
	fail_msg("no option \"%s\"", name);
	return NULL;
}

static int32_t is_set(const struct hearth_verb_call *c, const char *name)
{
	return find(c, name) != NULL;
}

static int64_t number(const struct hearth_verb_call *c, const char *name)
{
	const struct given *g = find(c, name);

	return g ? g->number : 0;
}

static const char *string(const struct hearth_verb_call *c, const char *name)
{
	const struct given *g = find(c, name);

	return g ? g->string : strcmp(name, "from") == 0 ? "auto" : NULL;
}

static const char *const *list(const struct hearth_verb_call *c, const char *name, size_t *ret_n)
{
	static const char *const sort[] = { "comm", "dso", "symbol", NULL };
	const struct given *g = find(c, name);
	const char *const *l = g ? g->list : strcmp(name, "sort") == 0 ? sort : NULL;

	for (*ret_n = 0; l && l[*ret_n];)
		(*ret_n)++;
	return l;
}

static int32_t refuse(const struct hearth_verb_call *c, const char *option, const char *why)
{
	struct line *l = (struct line *)(uintptr_t)c;

	assert_true(strlen(why) > 10);
	snprintf(l->refused, sizeof(l->refused), "%s", option);
	return -EINVAL;
}

static int32_t plan(struct line *l, const struct given *given, const char *const *arguments,
		    uint32_t n, struct hearth_run_plan *ret)
{
	*l = (struct line){
		.call = { .size = sizeof(l->call), .arguments = arguments, .n_arguments = n,
			  .option_is_set = is_set, .option_int = number, .option_string = string,
			  .option_list = list, .refuse = refuse },
		.given = given,
	};
	*ret = (struct hearth_run_plan){ .size = sizeof(*ret) };
	return report_verb.plan(&l->call, ret);
}

static void assert_asks_for(const struct given *given, const char *const *arguments, uint32_t n,
			    const char *const *items)
{
	struct hearth_run_plan p;
	struct yaml_leaves leaves;
	struct line l;

	assert_int_equal(plan(&l, given, arguments, n, &p), 0);
	assert_int_equal(p.end, HEARTH_END_SOURCES);
	assert_true(yaml_leaves_read(p.overlay, &leaves));
	for (; *items; items++)
		if (!yaml_leaves_have(&leaves, *items))
			fail_msg("no %s in:\n%s", *items, p.overlay);
	yaml_leaves_done(&leaves);
	p.release(p.ctx);
}

static void a_plain_report_reads_perf_data_and_prints(void **state)
{
	static const struct given none[] = { { .name = NULL } };
	static const char *const items[] = {
		"/plugins/profile-reader/file=perf.data", "/plugins/profile-reader/format=auto",
		"/plugins/hotspots/output=-",
		"/plugins/hotspots/json=", "/plugins/hotspots/children=true",
		"/plugins/hotspots/title=perf.data", "/plugins/hotspots/sort[]=symbol", NULL,
	};

	(void)state;
	assert_asks_for(none, NULL, 0, items);
}

static void options_reach_the_sink(void **state)
{
	static const struct given given[] = {
		{ .name = "sort", .list = { "pid", "sym" } }, { .name = "no_children", .number = 1 },
		{ .name = "percent_limit", .string = "0.5" }, { .name = "show_nr_samples", .number = 1 },
		{ .name = "callers", .number = 1 }, { .name = "symbols", .list = { "a\"b" } },
		{ .name = "json", .number = 1 }, { .name = "output", .string = "some/where.json" },
		{ .name = "force", .number = 1 }, { .name = "limit", .number = 7 },
		{ .name = "event", .list = { "cycles" } }, { .name = "from", .string = "folded" },
		{ .name = NULL },
	};
	static const char *const file[] = { "a file: \"x\"" };
	static const char *const items[] = {
		"/plugins/profile-reader/file=a file: \"x\"", "/plugins/hotspots/sort[]=pid",
		"/plugins/hotspots/sort[]=sym", "/plugins/hotspots/children=false",
		"/plugins/hotspots/percent_limit=0.5%", "/plugins/hotspots/show_nr_samples=true",
		"/plugins/hotspots/callers=true", "/plugins/hotspots/callees=false",
		"/plugins/hotspots/symbols[]=a\"b", "/plugins/hotspots/directory=some",
		"/plugins/hotspots/json=where.json", "/plugins/hotspots/output=",
		"/plugins/hotspots/overwrite=true", "/plugins/hotspots/limit=7",
		"/plugins/hotspots/events[]=cycles", "/plugins/profile-reader/format=folded", NULL,
	};

	(void)state;
	assert_asks_for(given, file, 1, items);
}

static void what_makes_no_sense_is_refused_by_its_option(void **state)
{
	static const struct {
		struct given given[3];
		const char *refused;
		uint32_t n_arguments;
	} cases[] = {
		{ { { .name = NULL } }, "", 2 },
		{ { { .name = "sort", .list = { "comm", "colour" } }, { .name = NULL } }, "sort", 1 },
		{ { { .name = "sort", .list = { "comm" } }, { .name = "callers", .number = 1 },
		    { .name = NULL } }, "callers", 1 },
		{ { { .name = "sort", .list = { "comm" } }, { .name = "symbols", .list = { "x" } },
		    { .name = NULL } }, "symbols", 1 },
		{ { { .name = "output", .string = "folder/" }, { .name = NULL } }, "output", 1 },
		{ { { .name = "output", .string = "" }, { .name = NULL } }, "output", 1 },
		{ { { .name = "percent_limit", .string = "101" }, { .name = NULL } }, "percent_limit", 1 },
		{ { { .name = "percent_limit", .string = "1x" }, { .name = NULL } }, "percent_limit", 1 },
		{ { { .name = "percent_limit", .string = "%" }, { .name = NULL } }, "percent_limit", 1 },
		{ { { .name = "percent_limit", .string = "-1" }, { .name = NULL } }, "percent_limit", 1 },
	};
	static const char *const files[] = { "one", "two" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hearth_run_plan p;
		struct line l;

		assert_int_equal(plan(&l, cases[i].given, files, cases[i].n_arguments, &p), -EINVAL);
		assert_string_equal(l.refused, cases[i].refused);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_report_reads_perf_data_and_prints),
		cmocka_unit_test(options_reach_the_sink),
		cmocka_unit_test(what_makes_no_sense_is_refused_by_its_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
