/* SPDX-License-Identifier: Apache-2.0 */
/* What `hearth record …` asks the host to run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/test_yaml_text.h"
#include "record.h"
#include "settings.h"

/* ---- a command line ---- */

struct given {
	const char *name;
	int64_t number;
	const char *string;
	const char *list[4];
};

struct line {
	struct hearth_verb_call call; /* first */
	const struct given *given;
	size_t n;
	char refused[64], why[300];
};

static const struct given *find(const struct hearth_verb_call *c, const char *name)
{
	const struct line *l = (const struct line *)(const void *)c;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->given[i].name, name) == 0)
			return &l->given[i];
	for (uint32_t i = 0; i < record_verb.n_options; i++)
		if (strcmp(record_verb.options[i].name, name) == 0)
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

	if (g)
		return g->number;
	return strcmp(name, "window") == 0 ? 5000000000 : strcmp(name, "repeat") == 0;
}

static const char *string(const struct hearth_verb_call *c, const char *name)
{
	const struct given *g = find(c, name);

	if (g)
		return g->string;
	return strcmp(name, "frequency") == 0 ? "997" : NULL;
}

static const char *const *list(const struct hearth_verb_call *c, const char *name, size_t *ret_n)
{
	const struct given *g = find(c, name);

	for (*ret_n = 0; g && g->list[*ret_n];)
		(*ret_n)++;
	return g ? g->list : NULL;
}

static int32_t refuse(const struct hearth_verb_call *c, const char *option, const char *why)
{
	struct line *l = (struct line *)(uintptr_t)c;

	snprintf(l->refused, sizeof(l->refused), "%s", option);
	snprintf(l->why, sizeof(l->why), "%s", why);
	return -EINVAL;
}

static struct line make_line(const struct given *given, size_t n, const char *const *command)
{
	return (struct line){
		.call = { .size = sizeof(struct hearth_verb_call), .command = command,
			  .option_is_set = is_set, .option_int = number, .option_string = string,
			  .option_list = list, .refuse = refuse },
		.given = given, .n = n,
	};
}

/* ---- a plan ---- */

struct plan {
	struct hearth_run_plan run;
	struct yaml_leaves leaves;
};

static void make_plan(struct plan *p, const struct given *given, size_t n,
		      const char *const *command)
{
	struct line l = make_line(given, n, command);

	memset(p, 0, sizeof(*p));
	p->run.size = sizeof(p->run);
	if (record_verb.plan(&l.call, &p->run) < 0)
		fail_msg("%s: %s", l.refused, l.why);
	assert_true(yaml_leaves_read(p->run.overlay, &p->leaves));
}

static void plan_done(struct plan *p)
{
	yaml_leaves_done(&p->leaves);
	p->run.release(p->run.ctx);
}

static void assert_has(const struct plan *p, const char *item)
{
	if (!yaml_leaves_have(&p->leaves, item))
		fail_msg("no %s in:\n%s", item, p->run.overlay);
}

static void a_plain_record_samples_the_machine_until_a_signal(void **state)
{
	static const char *const readers[] = { "symbolizer", "flamegraph" };
	char host[65] = "", prefix[80], queue[64];
	struct plan p;

	(void)state;
	make_plan(&p, NULL, 0, NULL);
	gethostname(host, sizeof(host) - 1);
	snprintf(prefix, sizeof(prefix), "hearth-%s-2", host);
	assert_has(&p, "/plugins/cpu-sampler/frequency=997");
	assert_has(&p, "/plugins/cpu-sampler/window=5000ms");
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) { /* two windows of any size may wait */
		snprintf(queue, sizeof(queue), "/plugins/%s/queue=256MiB", readers[i]);
		assert_has(&p, queue);
	}
	assert_false(yaml_leaves_have(&p.leaves, "/plugins/cpu-sampler/queue=256MiB"));
	assert_int_equal(p.run.end, 0);
	assert_int_equal(p.run.flags, 0);
	assert_null(p.run.pid_option);
	assert_memory_equal(p.run.output, prefix, strlen(prefix));
	plan_done(&p);
}

static void a_command_gets_its_pid_filtered_and_names_the_folder(void **state)
{
	static const char *const command[] = { "/usr/bin/make all", "-j", "2", NULL };
	struct plan p;

	(void)state;
	make_plan(&p, NULL, 0, command);
	assert_int_equal(p.run.end, HEARTH_END_COMMAND);
	assert_string_equal(p.run.pid_option, "cpu-sampler.pids");
	assert_ptr_equal(p.run.command, command);
	assert_memory_equal(p.run.output, "hearth-make_all-2", 17);
	assert_string_equal(p.run.title, "/usr/bin/make all -j 2");
	plan_done(&p);
}

static void options_reach_the_instances(void **state)
{
	static const struct given given[] = {
		{ .name = "frequency", .string = "99" }, { .name = "duration", .number = 10000000000 },
		{ .name = "pids", .list = { "12", "34" } }, { .name = "cgroup", .list = { "/a,b", "c" } },
		{ .name = "output", .string = "out" },
		{ .name = "force", .number = 1 }, { .name = "title", .string = "a \"title\"\n}" },
	};
	struct plan p;

	(void)state;
	make_plan(&p, given, ARRAY_SIZE(given), NULL);
	assert_has(&p, "/plugins/cpu-sampler/frequency=99");
	assert_has(&p, "/plugins/cpu-sampler/pids[]=12");
	assert_has(&p, "/plugins/cpu-sampler/pids[]=34");
	assert_has(&p, "/plugins/cpu-sampler/cgroups[]=/a,b");
	assert_has(&p, "/plugins/cpu-sampler/cgroups[]=c");
	assert_has(&p, "/plugins/flamegraph/directory=out");
	assert_has(&p, "/plugins/flamegraph/overwrite=true");
	assert_has(&p, "/plugins/flamegraph/title=a \"title\"\n}");
	assert_int_equal(p.run.end, HEARTH_END_DURATION);
	assert_int_equal(p.run.duration_ns, 10000000000);
	assert_int_equal(p.run.flags, HEARTH_PLAN_FORCE);
	assert_string_equal(p.run.output, "out");
	assert_string_equal(p.run.title, "a \"title\"\n}");
	plan_done(&p);
}

static void a_command_beside_named_targets_only_says_how_long(void **state)
{
	static const char *const command[] = { "sleep", "1", NULL };
	static const struct given all[] = { { .name = "all_cpus", .number = 1 } };
	static const struct given pids[] = { { .name = "pids", .list = { "7" } } };
	static const struct given cgroup[] = { { .name = "cgroup", .list = { "/x" } } };
	static const struct given other[] = { { .name = "all_cpus", .number = 1 },
					      { .name = "source", .string = "x" } };
	static const struct {
		const struct given *given;
		size_t n;
		uint32_t end;
	} cases[] = {
		{ all, 1, HEARTH_END_COMMAND },
		{ pids, 1, HEARTH_END_COMMAND },
		{ cgroup, 1, HEARTH_END_COMMAND },
		{ other, 2, HEARTH_END_COMMAND | HEARTH_END_SOURCES },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan p;

		make_plan(&p, cases[i].given, cases[i].n, command);
		assert_null(p.run.pid_option);
		assert_ptr_equal(p.run.command, command);
		assert_int_equal(p.run.end, cases[i].end);
		plan_done(&p);
	}
}

static void one_side_is_sampled_with_its_part_of_the_stack(void **state)
{
	static const struct given kernel[] = { { .name = "kernel_only", .number = 1 } };
	static const struct given user[] = { { .name = "user_only", .number = 1 } };
	struct plan p;

	(void)state;
	make_plan(&p, kernel, 1, NULL);
	assert_has(&p, "/plugins/cpu-sampler/mode=kernel");
	assert_has(&p, "/plugins/cpu-sampler/user_stacks=false");
	plan_done(&p);
	make_plan(&p, user, 1, NULL);
	assert_has(&p, "/plugins/cpu-sampler/mode=user");
	assert_has(&p, "/plugins/cpu-sampler/kernel_stacks=false");
	plan_done(&p);
}

static void the_highest_rate_is_the_kernels(void **state)
{
	static const struct given given[] = { { .name = "frequency", .string = "max" } };
	int64_t max = 0;
	char want[64];
	struct plan p;

	(void)state;
	assert_true(sysctl_read(SETTINGS_MAX_RATE_PATH, &max));
	snprintf(want, sizeof(want), "/plugins/cpu-sampler/frequency=%lld",
		 (long long)(max < SETTINGS_MAX_HZ ? max : SETTINGS_MAX_HZ));
	make_plan(&p, given, 1, NULL);
	assert_has(&p, want);
	plan_done(&p);
}

static void a_dash_is_standard_output_and_no_folder(void **state)
{
	static const struct given given[] = { { .name = "output", .string = "-" } };
	struct plan p;

	(void)state;
	make_plan(&p, given, 1, NULL);
	assert_null(p.run.output);
	assert_int_equal(p.run.flags, HEARTH_PLAN_STDOUT);
	assert_has(&p, "/plugins/flamegraph/directory=-");
	assert_has(&p, "/plugins/flamegraph/formats[]=folded");
	plan_done(&p);
}

static void a_repeated_command_is_counted_in_short_windows(void **state)
{
	static const char *const command[] = { "true", NULL };
	static const struct given given[] = { { .name = "repeat", .number = 5 },
					      { .name = "min_samples", .number = 2000 } };
	struct plan p;

	(void)state;
	make_plan(&p, given, ARRAY_SIZE(given), command);
	assert_int_equal(p.run.repeat, 5);
	assert_int_equal(p.run.min_samples, 2000);
	assert_string_equal(p.run.pid_option, "cpu-sampler.children_of");
	assert_has(&p, "/plugins/cpu-sampler/window=500ms");
	plan_done(&p);
}

static void another_source_takes_the_place_of_the_sampler(void **state)
{
	static const struct given given[] = {
		{ .name = "source", .string = "fake-finite:samples=100,batch-size=\"1,2\"" },
	};
	struct plan p;

	(void)state;
	make_plan(&p, given, 1, NULL);
	assert_has(&p, "/plugins/fake-finite/samples=100");
	assert_has(&p, "/plugins/fake-finite/batch_size=1,2");
	assert_null(strstr(p.run.overlay, "cpu-sampler"));
	assert_int_equal(p.run.end, HEARTH_END_SOURCES);
	plan_done(&p);
}

static void sinks_are_added_or_given_options(void **state)
{
	static const struct given given[] = {
		{ .name = "sink", .list = { "debug-json:queue=1MiB", "x:path=/a b,samples",
					    "flamegraph:title=\"say \\\"hi\\\"\"" } },
		{ .name = "title", .string = "before" },
	};
	struct plan p;

	(void)state;
	make_plan(&p, given, ARRAY_SIZE(given), NULL);
	assert_has(&p, "/plugins/debug-json/queue=1MiB");
	assert_has(&p, "/plugins/x/queue=256MiB");
	assert_has(&p, "/plugins/x/path=/a b");
	assert_has(&p, "/plugins/x/samples=true");
	assert_has(&p, "/plugins/flamegraph/title=say \"hi\"");
	assert_false(yaml_leaves_have(&p.leaves, "/plugins/flamegraph/title=before"));
	plan_done(&p);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const command[] = { "true", NULL };
	static const char *const nothing[] = { NULL };
	static const struct {
		struct given given[2];
		const char *const *command;
		const char *option, *why;
	} cases[] = {
		{ { { .name = "sink", .list = { ":x=1" } } }, NULL, "sink", "name is missing" },
		{ { { .name = "sink", .list = { "x:=1" } } }, NULL, "sink", "name is missing" },
		{ { { .name = "sink", .list = { "x:a=\"1" } } }, NULL, "sink", "has no end" },
		{ { { .name = "sink", .list = { "x:a=\"1\"b" } } }, NULL, "sink", "\",\" is missing" },
		{ { { .name = "source", .string = "" } }, NULL, "source", "name is missing" },
		{ { { .name = "source", .string = "x" } }, command, "source", "follow a command" },
		{ { { .name = "source", .string = "x" }, { .name = "pids", .list = { "1" } } }, NULL,
		  "pids", "belongs to cpu-sampler" },
		{ { { .name = "source", .string = "x" }, { .name = "frequency", .string = "9" } }, NULL,
		  "frequency", "belongs to cpu-sampler" },
		{ { { .name = "frequency", .string = "fast" } }, NULL, "frequency", "\"fast\" is neither" },
		{ { { .name = "frequency", .string = "0" } }, NULL, "frequency", "1 to 100000" },
		{ { { .name = "frequency", .string = "-1" } }, NULL, "frequency", "1 to 100000" },
		{ { { .name = "frequency", .string = "100001" } }, NULL, "frequency", "1 to 100000" },
		{ { { .name = "frequency", .string = "99.5" } }, NULL, "frequency", "nor \"max\"" },
		{ { { .name = "all_cpus", .number = 1 }, { .name = "pids", .list = { "1" } } }, NULL,
		  "pids", "leave one of the two out" },
		{ { { .name = "kernel_only", .number = 1 }, { .name = "user_only", .number = 1 } }, NULL,
		  "user_only", "leave nothing to sample" },
		{ { { .name = "source", .string = "x" }, { .name = "user_only", .number = 1 } }, NULL,
		  "user_only", "belongs to cpu-sampler" },
		{ { { .name = "repeat", .number = 2 } }, NULL, "repeat", "there is none" },
		{ { { .name = "min_samples", .number = 9 } }, NULL, "min_samples", "there is none" },
		{ { { .name = "output", .string = "" } }, NULL, "output", "folder is missing" },
		{ { { .name = "force", .number = 0 } }, nothing, "", "without a command" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct line l = make_line(cases[i].given, cases[i].given[1].name ? 2 : 1,
					  cases[i].command);
		struct hearth_run_plan plan = { .size = sizeof(plan) };

		assert_int_equal(record_verb.plan(&l.call, &plan), -EINVAL);
		assert_string_equal(l.refused, cases[i].option);
		if (!strstr(l.why, cases[i].why))
			fail_msg("\"%s\" does not say \"%s\"", l.why, cases[i].why);
		assert_null(plan.ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_record_samples_the_machine_until_a_signal),
		cmocka_unit_test(a_command_gets_its_pid_filtered_and_names_the_folder),
		cmocka_unit_test(options_reach_the_instances),
		cmocka_unit_test(a_command_beside_named_targets_only_says_how_long),
		cmocka_unit_test(one_side_is_sampled_with_its_part_of_the_stack),
		cmocka_unit_test(the_highest_rate_is_the_kernels),
		cmocka_unit_test(a_dash_is_standard_output_and_no_folder),
		cmocka_unit_test(a_repeated_command_is_counted_in_short_windows),
		cmocka_unit_test(another_source_takes_the_place_of_the_sampler),
		cmocka_unit_test(sinks_are_added_or_given_options),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
