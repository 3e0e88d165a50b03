/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "config/diff.h"
#include "util/buf.h"
#include "util/file.h"

static struct config *load(void **state, const char *yaml)
{
	const struct config_sources sources = {.path = test_path(state, "hearth.yaml"),
					       .environ = (char *[]){NULL}};
	struct config *c = NULL;

	assert_int_equal(file_write_atomic(sources.path, yaml, strlen(yaml), 0644, true), 0);
	assert_int_equal(config_load(&sources, NULL, &c), 0);
	return c;
}

static const char letters[] = "?kuca-"; /* by enum diff_action */

static void instances_are_kept_updated_changed_added_or_removed(void **state)
{
	static const struct {
		const char *old, *new, *diff;
	} rows[] = {
		{"plugins: {a: {x: 1}}", "plugins: {a: {x: 1}}", "ka"},
		{"plugins: {a: {x: 1}}", "plugins: {a: {x: 2}}", "ua"},
		{"plugins: {a: {x: 1}}", "plugins: {a: {}}", "ua"},
		{"plugins: {a: {}}", "plugins: {a: {x: 1}}", "ua"},
		{"plugins: {a: {x: 1, y: 2}}", "plugins: {a: {y: 2, x: 1}}", "ka"},
		{"plugins: {a: {}}", "plugins: {a: {plugin: b}}", "ca"},
		{"plugins: {a: {plugin: a}}", "plugins: {a: {}}", "ka"},
		{"plugins: {a: {}}", "plugins: {b: {}}", "ab -a"},
		{"plugins: {a: {}, b: {}}", "plugins: {c: {}, b: {x: 1}}", "ac ub -a"},
		{"plugins: {a: {}}", "plugins: {a: {enabled: false}}", "-a"},
		{"plugins: {a: {enabled: false}}", "plugins: {a: {}}", "aa"},
		{"plugins: {a: {enabled: false}}", "plugins: {}", ""},
		{"plugins: {a: {enabled: true}}", "plugins: {a: {}}", "ka"},
		{"plugins: {a: {inputs: [b]}}", "plugins: {a: {inputs: [c]}}", "ka"},
		{"plugins: {a: {queue: 1MiB}}", "plugins: {a: {queue: 2MiB, log: {level: debug}}}", "ka"},
		{"service: x\nplugins: {a: {}}", "service: y\nplugins: {a: {}}", "ka"},
		{"{}", "{}", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config *old = load(state, rows[i].old), *new = load(state, rows[i].new);
		struct diff d = {};
		struct buf text = {};

		assert_int_equal(diff_instances(old, new, &d), 0);
		for (size_t k = 0; k < d.n; k++) {
			const struct diff_entry *e = &d.entries[k];

			assert_int_equal(e->old == NULL, e->action == DIFF_ADD);
			assert_int_equal(e->new == NULL, e->action == DIFF_REMOVE);
			buf_printf(&text, "%s%c%s", k ? " " : "", letters[e->action], e->name);
		}
		assert_string_equal(buf_text(&text), rows[i].diff);
		buf_done(&text);
		diff_done(&d);
		config_free(old);
		config_free(new);
	}
}

static void everything_is_added_to_nothing(void **state)
{
	struct config *new = load(state, "plugins: {a: {}, b: {enabled: false}, c: {}}");
	struct diff d = {};

	assert_int_equal(diff_instances(NULL, new, &d), 0);
	assert_int_equal(d.n, 2);
	assert_int_equal(d.entries[0].action, DIFF_ADD);
	assert_string_equal(d.entries[1].name, "c");
	diff_done(&d);
	config_free(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(instances_are_kept_updated_changed_added_or_removed),
		unit_test_with_folder(everything_is_added_to_nothing),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
