/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "cli/plugin_list.h"
#include "util/buf.h"
#include "util/cleanup.h"

static const struct hearth_option options[] = {
	{ .name = "rate", .type = HEARTH_INT, .def = "19", .min = 1, .max = 100, .unit = "Hz",
	  .help = "samples per second" },
	{ .name = "token", .type = HEARTH_SECRET_FILE, .flags = HEARTH_REQUIRED },
	{ .name = "inner", .type = HEARTH_INT, .flags = HEARTH_HIDDEN },
};

static struct component components[] = {
	{ .c = { .kind = HEARTH_SOURCE, .name = "alpha", .summary = "makes numbers",
		 .capabilities = "cap_bpf cap_perfmon", .emits = "hearth.profile/1" },
	  .options = { options, ARRAY_SIZE(options), sizeof(options[0]) } },
	{ .c = { .kind = HEARTH_SINK, .name = "other", .accepts = "hearth.profile/1" } },
};
static struct verb verbs[] = { { .v = { .name = "act", .summary = "acts" } } };
static const struct plugin alpha = {
	.name = (char *)"alpha", .path = (char *)"/p/alpha.so", .shadowed = (char *)"/q/alpha.so",
	.version = "1.2.3", .license = "MIT", .components = components, .n_components = 2,
	.verbs = verbs, .n_verbs = 1,
};
static struct plugin_entry entries[] = {
	{ .name = (char *)"alpha", .plugin = &alpha },
	{ .name = (char *)"beta", .why = (char *)"plugin \"beta\" is broken" },
};
static struct plugin_list list = { entries, ARRAY_SIZE(entries) };

static void list_has_one_line_per_component_and_verb(void **state)
{
	struct buf out = {};

	(void)state;
	plugin_list_write(&list, &out);
	assert_string_equal(buf_text(&out),
			    "plugin  version  kind        what it does\n"
			    "alpha   1.2.3    source      makes numbers\n"
			    "                 sink        other\n"
			    "                 verb        act: acts\n"
			    "                             not used: /q/alpha.so\n"
			    "beta    -        broken      plugin \"beta\" is broken\n");
	buf_done(&out);
}

static void entry_shows_everything_that_a_plugin_declares_but_hidden_options(void **state)
{
	struct buf out = {};

	(void)state;
	plugin_entry_write(&entries[0], &out);
	assert_string_equal(buf_text(&out),
			    "alpha  1.2.3  MIT\n"
			    "  /p/alpha.so\n"
			    "  not used, because the one above comes first: /q/alpha.so\n"
			    "  source alpha: makes numbers\n"
			    "    capabilities  cap_bpf cap_perfmon\n"
			    "    emits         hearth.profile/1\n"
			    "    rate          samples per second (integer, 1 to 100 Hz; default 19)\n"
			    "    token         (path of a secret file; required)\n"
			    "  sink other\n"
			    "    accepts       hearth.profile/1\n"
			    "  verb act: acts\n"
			    "    options       hearth act --help\n");
	buf_done(&out);
}

static void agent_says_which_plugins_are_outdated(void **state)
{
	json_t *status = json_pack("{s:[{s:s,s:b},{s:s,s:b},{s:s,s:b}]}", "instances",
				   "plugin", "alpha/other", "is_outdated", 1,
				   "plugin", "beta", "is_outdated", 0,
				   "plugin", "gone", "is_outdated", 1);
	struct buf out = {};

	(void)state;
	plugin_list_mark_outdated(&list, status);
	assert_true(entries[0].is_outdated);
	assert_false(entries[1].is_outdated);
	plugin_entry_write(&entries[0], &out);
	assert_non_null(strstr(buf_text(&out), "has an older file loaded: restart it"));
	entries[0].is_outdated = false;
	json_decref(status);
	buf_done(&out);
}

static void json_says_the_same(void **state)
{
	json_t *good = plugin_entry_json(&entries[0]), *broken = plugin_entry_json(&entries[1]);
	const json_t *component = json_array_get(json_object_get(good, "components"), 0);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(good, "version")), "1.2.3");
	assert_string_equal(json_string_value(json_object_get(good, "shadowed")), "/q/alpha.so");
	assert_string_equal(json_string_value(json_object_get(component, "kind")), "source");
	assert_int_equal(json_array_size(json_object_get(component, "capabilities")), 2);
	assert_int_equal(json_array_size(json_object_get(component, "options")), 2);
	assert_true(json_is_true(json_object_get(
		json_array_get(json_object_get(component, "options"), 1), "is_required")));
	assert_int_equal(json_array_size(json_object_get(good, "verbs")), 1);
	assert_string_equal(json_string_value(json_object_get(broken, "error")),
			    "plugin \"beta\" is broken");
	json_decref(good);
	json_decref(broken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_has_one_line_per_component_and_verb),
		cmocka_unit_test(entry_shows_everything_that_a_plugin_declares_but_hidden_options),
		cmocka_unit_test(agent_says_which_plugins_are_outdated),
		cmocka_unit_test(json_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
