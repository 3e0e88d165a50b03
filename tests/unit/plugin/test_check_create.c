/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/fixture.h"

#include <signal.h>

#include "plugin/check_create.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/str.h"

/*
 * The child is a shell script here: what is looked at is what the parent makes of each way to end.
 * That the real child answers like this is for tests/e2e/test_fakes.py to see.
 */
static void write_child(void **state, const char *script)
{
	char *text = str_format("#!/bin/sh\n%s\n", script);

	assert_int_equal(file_write_atomic(test_path(state, "child"), text, strlen(text), 0755, true), 0);
	free(text);
}

/* Two instances, the second one disabled. */
static int check(void **state, uint64_t timeout_ns, struct config_errors *errors)
{
	char *const set[] = { (char *)"a.b=c", (char *)"d.e=f", NULL };
	const struct config_sources sources = { .path = "/etc/x.yaml", .environment = "prod",
						.set = set };
	struct instance_config instances[] = {
		{ .name = (char *)"one", .is_enabled = true, .origin = { "x.yaml", 3, 5 } },
		{ .name = (char *)"two" },
	};
	const struct config config = { .instances = instances, .n_instances = 2 };
	char *executable = strdup(test_path(state, "child"));
	const struct check_create how = { .sources = &sources, .executable = executable,
					  .timeout_ns = timeout_ns };
	int r = check_create_all(&how, &config, errors);

	free(executable);
	return r;
}

static void every_end_of_the_child_becomes_its_message(void **state)
{
	static const struct {
		const char *script, *message;
	} cases[] = {
		{ "echo ok >&3", NULL },
		{ "printf 'refused\\nplugin \"one\": create failed: No such device' >&3",
		  "x.yaml:3:5: plugin \"one\": create failed: No such device" },
		{ "printf 'refused\\ny.yaml:7:1: plugin \"one\": option \"a\": no' >&3",
		  "y.yaml:7:1: plugin \"one\": option \"a\": no" },
		{ "kill -SEGV $$",
		  "x.yaml:3:5: plugin \"one\": crashed in create() (SIGSEGV); take it out of the "
		  "configuration, and report this to the author of the plugin" },
		{ "kill -ABRT $$",
		  "x.yaml:3:5: plugin \"one\": crashed in create() (SIGABRT); take it out of the "
		  "configuration, and report this to the author of the plugin" },
		{ "exit 0",
		  "x.yaml:3:5: plugin \"one\": ended the process in create() with status 0; take it "
		  "out of the configuration, and report this to the author of the plugin" },
		{ "exit 7",
		  "x.yaml:3:5: plugin \"one\": ended the process in create() with status 7; take it "
		  "out of the configuration, and report this to the author of the plugin" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_errors errors = {};

		write_child(state, cases[i].script);
		assert_int_equal(check(state, 0, &errors), cases[i].message ? -EINVAL : 0);
		assert_int_equal(errors.n, cases[i].message ? 1 : 0);
		if (cases[i].message)
			assert_string_equal(errors.messages[0], cases[i].message);
		config_errors_done(&errors);
	}
}

static void every_line_of_a_refusal_is_an_error_of_its_own(void **state)
{
	struct config_errors errors = {};

	write_child(state, "printf 'refused\\na.yaml:1:1: first\\na.yaml:2:1: second' >&3");
	assert_int_equal(check(state, 0, &errors), -EINVAL);
	assert_int_equal(errors.n, 2);
	assert_string_equal(errors.messages[1], "a.yaml:2:1: second");
	config_errors_done(&errors);
}

static void child_that_hangs_is_killed_and_named(void **state)
{
	struct config_errors errors = {};
	char *pid = NULL, *path = strdup(test_path(state, "pid"));
	char *script = str_format("echo $$ > '%s'; exec sleep 60", path);

	write_child(state, script);
	assert_int_equal(check(state, 300 * NS_PER_MS, &errors), -EINVAL);
	assert_string_equal(errors.messages[0],
			    "x.yaml:3:5: plugin \"one\": create() did not return within 0.3 s; take it "
			    "out of the configuration, and report this to the author of the plugin");
	assert_int_equal(file_read(path, 64, &pid, NULL), 0);
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), 0), -1);
	config_errors_done(&errors);
	free(script);
	free(path);
	free(pid);
}

/* A daemon that create() left behind holds the pipe: its end is not waited for. */
static void grandchild_does_not_keep_the_parent(void **state)
{
	struct config_errors errors = {};

	write_child(state, "sleep 5 >/dev/null 2>&1 & echo ok >&3");
	assert_int_equal(check(state, 0, &errors), 0);
	config_errors_done(&errors);
}

static void child_reads_what_the_parent_read(void **state)
{
	struct config_errors errors = {};
	char *text = NULL, *path = strdup(test_path(state, "argv"));
	char *script = str_format("echo \"$*\" > '%s'; echo ok >&3", path);

	write_child(state, script);
	assert_int_equal(check(state, 0, &errors), 0);
	assert_int_equal(file_read(path, 4096, &text, NULL), 0);
	assert_string_equal(text, "check-create --config=/etc/x.yaml --environment=prod --set=a.b=c "
				  "--set=d.e=f one\n");
	config_errors_done(&errors);
	free(script);
	free(path);
	free(text);
}

static void child_that_cannot_be_run_is_no_error_of_the_configuration(void **state)
{
	struct config_errors errors = {};

	assert_int_equal(check(state, 0, &errors), -ENOENT);
	assert_int_equal(errors.n, 0);
	config_errors_done(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(every_end_of_the_child_becomes_its_message),
		unit_test_with_folder(every_line_of_a_refusal_is_an_error_of_its_own),
		unit_test_with_folder(child_that_hangs_is_killed_and_named),
		unit_test_with_folder(grandchild_does_not_keep_the_parent),
		unit_test_with_folder(child_reads_what_the_parent_read),
		unit_test_with_folder(child_that_cannot_be_run_is_no_error_of_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
