/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own keys and the places it uses when nobody names one. */
#include "unit/util/fixture.h"

#include "config/config.h"
#include "config/paths.h"
#include "util/file.h"
#include "util/log.h"
#include "util/str.h"

static struct config *load(void **state, const char *yaml)
{
	const struct config_sources sources = {.path = test_path(state, "hearth.yaml"),
					       .environ = (char *[]){NULL}};
	struct config_errors errors = {};
	struct config *c = NULL;

	assert_int_equal(file_write_atomic(sources.path, yaml, strlen(yaml), 0644, true), 0);
	if (config_load(&sources, &errors, &c) < 0)
		fail_msg("%s", errors.n ? errors.messages[0] : "no message");
	config_errors_done(&errors);
	return c;
}

static void every_key_arrives(void **state)
{
	struct config *c = load(state,
				"service: checkout\nservice_version: 1.10\nlabels: { a: 1, b: two }\n"
				"log: { level: debug, target: journal }\noverhead: { max_cpu: 0.5% }\n"
				"state_dir: /a\nruntime_dir: /b\nshutdown_deadline: 3s\n"
				"callback: { report: 1s, stuck: 1m }\n");

	assert_string_equal(c->service, "checkout");
	assert_string_equal(c->service_version, "1.10");
	assert_int_equal(c->n_labels, 2);
	assert_string_equal(c->labels[1].key, "b");
	assert_string_equal(c->labels[1].value, "two");
	assert_int_equal(c->log_level, HEARTH_LOG_DEBUG);
	assert_int_equal(c->log_target, LOG_TARGET_JOURNAL);
	assert_int_equal(c->max_cpu, 5000);
	assert_string_equal(c->state_dir, "/a");
	assert_string_equal(c->runtime_dir, "/b");
	assert_int_equal(c->shutdown_deadline_ns, 3000000000);
	assert_int_equal(c->callback_report_ns, 1000000000);
	assert_int_equal(c->callback_stuck_ns, 60000000000);
	config_free(c);
}

static void every_key_of_an_instance_arrives(void **state)
{
	struct config *c = load(state, "plugins:\n  a: { plugin: b/c, enabled: off, inputs: [x, y], queue: 1MiB,\n"
				       "       log: { level: error }, option: 1 }\n  d: {}\n");
	const struct instance_config *a = &c->instances[0], *d = &c->instances[1];

	assert_string_equal(a->name, "a");
	assert_string_equal(a->plugin, "b/c");
	assert_false(a->is_enabled);
	assert_string_equal(a->inputs[1], "y");
	assert_null(a->inputs[2]);
	assert_int_equal(a->inputs_origin.column, 43);
	assert_int_equal(a->queue_bytes, 1 << 20);
	assert_int_equal(a->log_level, HEARTH_LOG_ERROR);
	assert_int_equal(a->origin.line, 2);
	assert_string_equal(d->plugin, "d");
	assert_true(d->is_enabled);
	assert_null(d->inputs);
	assert_int_equal(d->queue_bytes, 8 << 20);
	assert_int_equal(d->log_level, -1);
	config_free(c);
}

static void log_file_implies_its_target(void **state)
{
	struct config *c = load(state, "log: { file: /var/log/hearth.log }\n");

	assert_int_equal(c->log_target, LOG_TARGET_FILE);
	assert_string_equal(c->log_file, "/var/log/hearth.log");
	config_free(c);
	c = load(state, "log: { file: x.log, target: stderr }\n");
	assert_int_equal(c->log_target, LOG_TARGET_STDERR);
	config_free(c);
}

static void relative_path_begins_at_the_file_that_names_it(void **state)
{
	struct config *c = load(state, "plugin_dirs: [plugins, /opt/plugins]\nlog: { file: log/x }\n");

	assert_string_equal(c->plugin_dirs[0], test_path(state, "plugins"));
	assert_string_equal(c->plugin_dirs[1], "/opt/plugins");
	assert_null(c->plugin_dirs[2]);
	assert_string_equal(c->log_file, test_path(state, "log/x"));
	config_free(c);
}

static void relative_path_of_the_command_line_begins_here(void **state)
{
	struct origin argv = {origin_file("--set"), 0, 0}, file = {origin_file("here.yaml"), 1, 1};
	char here[PATH_MAX];
	char *path = NULL, *expected;

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	expected = str_format("%s/x", here);
	assert_int_equal(path_resolve("x", argv, &path), 0);
	assert_string_equal(path, expected);
	free(path);
	assert_int_equal(path_resolve("x", file, &path), 0);
	assert_string_equal(path, expected);
	free(path);
	free(expected);
}

static void default_places_are_the_systems_for_root_and_ones_own_else(void **state)
{
	static const struct {
		bool is_root;
		const char *variables[5], *state_dir, *runtime_dir, *cache_dir;
	} rows[] = {
		{true, {"HOME=/root", "XDG_STATE_HOME=/s", "XDG_RUNTIME_DIR=/r", "XDG_CACHE_HOME=/c"},
		 "/var/lib/hearth", "/run/hearth", "/var/cache/hearth"},
		{true, {"CACHE_DIRECTORY=/var/cache/a:/var/cache/b"}, "/var/lib/hearth", "/run/hearth",
		 "/var/cache/a"},
		{false, {"HOME=/h", "XDG_STATE_HOME=/s", "XDG_RUNTIME_DIR=/r", "XDG_CACHE_HOME=/c"},
		 "/s/hearth", "/r/hearth", "/c/hearth"},
		{false, {"HOME=/h"}, "/h/.local/state/hearth", "/h/.local/state/hearth/run",
		 "/h/.cache/hearth"},
		{false, {"HOME=/h", "XDG_STATE_HOME=relative", "XDG_RUNTIME_DIR=", "XDG_CACHE_HOME=c"},
		 "/h/.local/state/hearth", "/h/.local/state/hearth/run", "/h/.cache/hearth"},
		{false, {NULL}, "/var/lib/hearth", "/var/lib/hearth/run", "/var/cache/hearth"},
	};

	(void)state;
	if (geteuid() != 0)
		test_skip("needs root to be root and to be somebody else");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *const *environment = (char *const *)rows[i].variables;
		char *state_dir = NULL, *runtime_dir = NULL, *cache_dir = NULL;

		if (!rows[i].is_root)
			test_become_nobody();
		assert_int_equal(path_state_default(environment, &state_dir), 0);
		assert_int_equal(path_runtime_default(environment, &runtime_dir), 0);
		assert_int_equal(path_cache_default(environment, &cache_dir), 0);
		test_become_root();
		assert_string_equal(state_dir, rows[i].state_dir);
		assert_string_equal(runtime_dir, rows[i].runtime_dir);
		assert_string_equal(cache_dir, rows[i].cache_dir);
		free(cache_dir);
		free(state_dir);
		free(runtime_dir);
	}
}

static void plugins_are_beside_the_executable_or_where_they_are_installed(void **state)
{
	char exe[PATH_MAX], *beside;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char **dirs = NULL;

	(void)state;
	assert_true(n > 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	beside = str_format("%s/plugins", exe);
	assert_int_equal(path_plugin_dirs_default(&dirs), 0);
	assert_string_equal(dirs[0], access(beside, F_OK) == 0 ? beside : HEARTH_PLUGIN_DIR);
	strv_free(dirs);
	if (mkdir(beside, 0755) == 0) {
		assert_int_equal(path_plugin_dirs_default(&dirs), 0);
		assert_int_equal(rmdir(beside), 0);
		assert_string_equal(dirs[0], beside);
		strv_free(dirs);
	}
	free(beside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(every_key_arrives),
		unit_test_with_folder(every_key_of_an_instance_arrives),
		unit_test_with_folder(log_file_implies_its_target),
		unit_test_with_folder(relative_path_begins_at_the_file_that_names_it),
		unit_test_with_folder(relative_path_of_the_command_line_begins_here),
		unit_test_with_folder(default_places_are_the_systems_for_root_and_ones_own_else),
		unit_test_with_folder(plugins_are_beside_the_executable_or_where_they_are_installed),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
