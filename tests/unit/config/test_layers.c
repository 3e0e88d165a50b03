/* SPDX-License-Identifier: Apache-2.0 */
/* Precedence and provenance: which source wins, and where its value is said to come from. */
#include "unit/util/fixture.h"

#include "config/config.h"
#include "util/file.h"
#include "util/str.h"

static char hearth_yaml[] =
	"service: base\n"
	"service_version: base\n"
	"labels: { a: base, b: base, c: base, d: base }\n"
	"environment: production\n"
	"plugins:\n"
	"  x: { frequency: 1, names: [base], text: base }\n"
	"  y: { plugin: x, enabled: false }\n"
	"  heartbeat: {}\n";

/* A configuration of which every test uses what it needs. */
static int setup(void **state)
{
	static const char *const files[][2] = {
		{"hearth.yaml", hearth_yaml},
		{"environments/production.yaml",
		 "labels: { b: production, c: production, d: production }\nplugins: { x: { names: [production] } }\n"},
		{"environments/staging.yaml", "labels: { b: staging }\n"},
		{"conf.d/20-late.yaml", "labels: { d: late }\nplugins:\n  x:\n    frequency: 3\n"},
		{"conf.d/10-early.yaml", "labels: { c: early, d: early }\nplugins: { x: { frequency: 2 } }\n"},
		{"conf.d/notes.txt", "not: [read\n"},
	};

	if (test_folder_setup(state) < 0 || dir_make(test_path(state, "environments"), 0755) < 0 ||
	    dir_make(test_path(state, "conf.d"), 0755) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (file_write_atomic(test_path(state, files[i][0]), files[i][1], strlen(files[i][1]), 0644,
				      true) < 0)
			return -1;
	return 0;
}

/* Loads with the given sources, whose files are those of setup() unless they say otherwise. */
static struct config *load(void **state, struct config_sources sources)
{
	static char *none[] = {NULL};
	struct config_errors errors = {};
	struct config *c = NULL;
	int r;

	if (!sources.path)
		sources.path = test_path(state, "hearth.yaml");
	if (!sources.environ)
		sources.environ = none;
	r = config_load(&sources, &errors, &c);
	if (r < 0)
		fail_msg("%d: %s", r, errors.n ? errors.messages[0] : "no message");
	if (errors.n_warnings)
		fail_msg("%s", errors.warnings[0]);
	config_errors_done(&errors);
	return c;
}

/* file: its end; line 0: not a file */
static void assert_value(const struct config *c, const char *path, const char *text, const char *file,
			 uint32_t line)
{
	const struct node *n = node_find(c->tree, path);
	const char *end;

	if (!n || !n->text)
		fail_msg("no value at %s", path);
	assert_string_equal(n->text, text);
	assert_true(strlen(n->origin.file) >= strlen(file));
	end = n->origin.file + strlen(n->origin.file) - strlen(file);
	assert_string_equal(end, file);
	assert_int_equal(n->origin.line, line);
}

static void later_files_win_and_are_named(void **state)
{
	struct config *c = load(state, (struct config_sources){});

	assert_value(c, "labels.a", "base", "hearth.yaml", 3);
	assert_value(c, "labels.b", "production", "environments/production.yaml", 1);
	assert_value(c, "labels.c", "early", "conf.d/10-early.yaml", 1);
	assert_value(c, "labels.d", "late", "conf.d/20-late.yaml", 1);
	assert_value(c, "plugins.x.frequency", "3", "conf.d/20-late.yaml", 4);
	assert_string_equal(node_find(c->tree, "plugins.x.names")->children[0]->text, "production");
	assert_string_equal(c->environment, "production");
	config_free(c);
}

static void environment_is_named_by_option_then_variable_then_file(void **state)
{
	char *variable[] = {(char[]){"HEARTH_ENVIRONMENT=staging"}, NULL};
	char *empty[] = {(char[]){"HEARTH_ENVIRONMENT="}, NULL};
	static const struct {
		const char *option;
		int variable;
		const char *environment, *file;
	} rows[] = {
		{NULL, 0, "production", "hearth.yaml"},
		{NULL, 1, "staging", "HEARTH_ENVIRONMENT"},
		{NULL, 2, "production", "hearth.yaml"},
		{"production", 1, "production", "--environment"},
		{"staging", 0, "staging", "--environment"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config_sources s = {.environment = rows[i].option};
		struct config *c;

		if (rows[i].variable)
			s.environ = rows[i].variable == 1 ? variable : empty;
		c = load(state, s);
		assert_string_equal(c->environment, rows[i].environment);
		assert_value(c, "environment", rows[i].environment, rows[i].file,
			     str_equal(rows[i].file, "hearth.yaml") ? 4 : 0);
		assert_value(c, "labels.b", rows[i].environment,
			     str_equal(rows[i].environment, "staging") ? "staging.yaml" : "production.yaml", 1);
		config_free(c);
	}
}

static void variables_win_over_files_and_options_over_variables(void **state)
{
	char *variables[] = {(char[]){"HEARTH_SERVICE=variable"},
			   (char[]){"HEARTH_SERVER=https://studio:8443"}, NULL};
	char *set[] = {(char[]){"service=option"}, NULL};
	struct config *c = load(state, (struct config_sources){.environ = variables});

	assert_value(c, "service", "variable", "HEARTH_SERVICE", 0);
	assert_string_equal(c->service, "variable");
	assert_value(c, "plugins.heartbeat.server", "https://studio:8443", "HEARTH_SERVER", 0);
	config_free(c);
	c = load(state, (struct config_sources){.environ = variables, .set = set});
	assert_value(c, "service", "option", "--set", 0);
	config_free(c);
}

static void set_reaches_options_host_keys_and_maps(void **state)
{
	char *set[] = {(char[]){"x.frequency=9"}, (char[]){"plugins.x.text=a=b,c"},
		       (char[]){"x.log.level=debug"}, (char[]){"shutdown-deadline=3s"},
		       (char[]){"labels.cluster=eu-1"}, (char[]){"labels.a=null"},
		       (char[]){"y.min-samples=5"}, (char[]){"y.enabled=true"}, NULL};
	struct config *c = load(state, (struct config_sources){.set = set});

	assert_value(c, "plugins.x.frequency", "9", "--set", 0);
	assert_value(c, "plugins.x.text", "a=b,c", "--set", 0);
	assert_value(c, "plugins.y.min_samples", "5", "--set", 0);
	assert_int_equal(c->shutdown_deadline_ns, 3000000000);
	assert_value(c, "labels.cluster", "eu-1", "--set", 0);
	assert_null(node_find(c->tree, "labels.a"));
	for (size_t i = 0; i < c->n_instances; i++) {
		if (str_equal(c->instances[i].name, "x"))
			assert_int_equal(c->instances[i].log_level, HEARTH_LOG_DEBUG);
		if (str_equal(c->instances[i].name, "y"))
			assert_true(c->instances[i].is_enabled);
	}
	config_free(c);
}

static void set_finds_the_longest_instance_whose_name_holds_dots(void **state)
{
	static const char yaml[] = "plugins: { a: {}, a.b: {}, log: {} }\n";
	char *set[] = {(char[]){"a.b.c=1"}, (char[]){"a.c=2"}, (char[]){"log.level=debug"},
		       (char[]){"plugins.log.text=3"}, NULL};
	struct config *c;

	assert_int_equal(file_write_atomic(test_path(state, "dots.yaml"), yaml, strlen(yaml), 0644, true), 0);
	assert_int_equal(remove(test_path(state, "conf.d/10-early.yaml")), 0);
	assert_int_equal(remove(test_path(state, "conf.d/20-late.yaml")), 0);
	c = load(state, (struct config_sources){.path = test_path(state, "dots.yaml"), .set = set});
	assert_string_equal(node_get(node_find(c->tree, "plugins.a.b"), "c")->text, "1");
	assert_string_equal(node_get(node_get(node_get(c->tree, "plugins"), "a"), "c")->text, "2");
	/* A key of the host comes before an instance of that name. */
	assert_int_equal(c->log_level, HEARTH_LOG_DEBUG);
	assert_string_equal(node_find(c->tree, "plugins.log.text")->text, "3");
	config_free(c);
}

static void sink_adds_an_instance_and_enables_one_that_stands_by(void **state)
{
	char *sinks[] = {(char[]){"otlp-export:endpoint=host:4317,insecure,headers=\"a,b\""},
			 (char[]){"y:frequency=7"}, (char[]){"debug-json"}, NULL};
	struct config *c = load(state, (struct config_sources){.sinks = sinks});
	struct instance_config *y = &c->instances[1];

	assert_value(c, "plugins.otlp-export.endpoint", "host:4317", "--sink", 0);
	assert_value(c, "plugins.otlp-export.insecure", "true", "--sink", 0);
	assert_value(c, "plugins.otlp-export.headers", "a,b", "--sink", 0);
	assert_value(c, "plugins.y.frequency", "7", "--sink", 0);
	assert_string_equal(y->name, "y");
	assert_string_equal(y->plugin, "x");
	assert_true(y->is_enabled);
	assert_int_equal(c->n_instances, 5);
	config_free(c);
}

static void controller_wins_over_the_command_line(void **state)
{
	char *set[] = {(char[]){"x.frequency=9"}, NULL};
	struct config *c = load(state, (struct config_sources){
		.set = set, .overlay = "plugins: { x: { frequency: 11, text: null }, y: { enabled: true } }"});

	assert_value(c, "plugins.x.frequency", "11", "control overlay", 1);
	assert_null(node_find(c->tree, "plugins.x.text"));
	assert_true(c->instances[1].is_enabled);
	assert_true(c->instances[0].is_of_overlay && c->instances[1].is_of_overlay);
	assert_false(c->instances[2].is_of_overlay);
	config_free(c);
}

static void run_of_an_agent_adds_instances_and_wins(void **state)
{
	char *set[] = {(char[]){"x.frequency=9"}, NULL};
	struct config *c = load(state, (struct config_sources){
		.set = set, .is_run_overlay = true,
		.overlay = "plugins: { x: { frequency: 11 }, new: { plugin: x, inputs: [x] } }"});

	assert_value(c, "plugins.x.frequency", "11", "run", 1);
	assert_int_equal(c->n_instances, 4);
	assert_string_equal(c->instances[3].name, "new");
	assert_true(c->instances[3].is_of_overlay);
	assert_string_equal(c->instances[3].inputs[0], "x");
	config_free(c);
}

static void verb_takes_labels_from_files_and_lets_the_command_line_win(void **state)
{
	char *set[] = {(char[]){"z.frequency=9"}, NULL};
	char *variables[] = {(char[]){"HEARTH_SERVER=https://studio"}, NULL};
	struct config *c = load(state, (struct config_sources){
		.set = set, .environ = variables, .is_run_overlay = true, .has_no_files = true,
		.overlay = "plugins: { z: { frequency: 11, text: verb } }"});

	assert_int_equal(c->n_instances, 1);
	assert_string_equal(c->instances[0].name, "z");
	assert_value(c, "plugins.z.frequency", "9", "--set", 0);
	assert_value(c, "plugins.z.text", "verb", "command line", 0);
	assert_string_equal(c->service, "base");
	assert_string_equal(c->environment, "production");
	assert_value(c, "labels.b", "production", "production.yaml", 1);
	config_free(c);
}

static void command_line_tree_lies_below_set(void **state)
{
	struct origin origin = {origin_file("--log-level"), 0, 0};
	struct node *tree = node_new(NODE_MAP, origin);
	char *set[] = {(char[]){"log.level=error"}, NULL};
	struct config *c;

	assert_int_equal(node_put_path(tree, "log.level", node_scalar("debug", origin)), 0);
	c = load(state, (struct config_sources){.command_line = tree});
	assert_int_equal(c->log_level, HEARTH_LOG_DEBUG);
	assert_value(c, "log.level", "debug", "--log-level", 0);
	config_free(c);
	c = load(state, (struct config_sources){.command_line = tree, .set = set});
	assert_int_equal(c->log_level, HEARTH_LOG_ERROR);
	config_free(c);
	node_free(tree);
}

static void missing_default_file_means_defaults(void **state)
{
	struct config *c = NULL;
	struct config_errors errors = {};
	struct config_sources sources = {.environ = (char *[]){NULL}};

	(void)state;
	if (access(HEARTH_CONFIG_DIR "/hearth.yaml", F_OK) == 0)
		test_skip("this machine has a hearth.yaml");
	assert_int_equal(config_load(&sources, &errors, &c), 0);
	assert_null(c->path);
	assert_null(c->service);
	assert_int_equal(c->n_instances, 0);
	assert_int_equal(c->log_level, HEARTH_LOG_INFO);
	assert_int_equal(c->shutdown_deadline_ns, 10000000000);
	assert_int_equal(c->callback_report_ns, 5000000000);
	assert_int_equal(c->callback_stuck_ns, 30000000000);
	assert_int_equal(c->max_cpu, 0);
	config_free(c);
}

/* Whatever allocation fails: -ENOMEM or success, never half a configuration. */
static void loading_survives_want_of_memory(void **state)
{
	char *variables[] = {(char[]){"HEARTH_SERVICE=v"}, NULL}, *set[] = {(char[]){"x.frequency=9"}, NULL};
	char *sinks[] = {(char[]){"y:frequency=7"}, NULL};
	struct config_sources s = {.path = test_path(state, "hearth.yaml"), .environ = variables, .set = set,
				   .sinks = sinks, .overlay = "plugins: { x: { frequency: 11 } }"};

	for (unsigned int i = 1; i < 20000; i += i < 400 ? 1 : 17) {
		struct config_errors errors = {};
		struct config *c = NULL;
		char spec[32];
		bool was_struck;
		int r;

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%u", i);
		test_fail(spec);
		r = config_load(&s, &errors, &c);
		was_struck = fail_count("sys.alloc") > 0;
		assert_int_equal(fail_configure(NULL), 0);
		if (r < 0)
			assert_null(c);
		if (!was_struck)
			assert_int_equal(r, 0);
		config_free(c);
		config_errors_done(&errors);
		if (!was_struck)
			return;
	}
	fail_msg("20,000 allocations");
}

#define layers_test(f) cmocka_unit_test_setup_teardown(f, setup, test_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		layers_test(later_files_win_and_are_named),
		layers_test(environment_is_named_by_option_then_variable_then_file),
		layers_test(variables_win_over_files_and_options_over_variables),
		layers_test(set_reaches_options_host_keys_and_maps),
		layers_test(set_finds_the_longest_instance_whose_name_holds_dots),
		layers_test(sink_adds_an_instance_and_enables_one_that_stands_by),
		layers_test(controller_wins_over_the_command_line),
		layers_test(run_of_an_agent_adds_instances_and_wins),
		layers_test(verb_takes_labels_from_files_and_lets_the_command_line_win),
		layers_test(command_line_tree_lies_below_set),
		layers_test(missing_default_file_means_defaults),
		layers_test(loading_survives_want_of_memory),
	};

	return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
