/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/fixture.h"

#include "plugin/loader.h"
#include "plugin/search.h"
#include "util/log.h"
#include "util/str.h"

static int registry_setup(void **state)
{
	char *const dirs[] = { (char *)fake_dir(), NULL };
	struct trust t = test_trust();
	struct registry *r;
	int answer = registry_new_trusting(&t, dirs, &r);

	*state = r;
	return answer;
}

static int registry_teardown(void **state)
{
	registry_free(*state);
	return 0;
}

static void component_is_found_by_the_name_of_its_plugin_or_by_its_own(void **state)
{
	static const struct {
		const char *type, *found;
		int answer;
		const char *why;
	} cases[] = {
		{ "fake-patient", "fake-patient", 0, NULL },
		{ "fake-patient/fake-patient", "fake-patient", 0, NULL },
		{ "fake-two/right", "right", 0, NULL },
		{ "fake-two/left", "left", 0, NULL },
		{ "fake-two", NULL, -ESRCH,
		  "plugin \"fake-two\" has no component \"fake-two\"; it has \"fake-two/left\", "
		  "\"fake-two/right\"" },
		{ "fake-patient/leg", NULL, -ESRCH,
		  "plugin \"fake-patient\" has no component \"leg\"; it has "
		  "\"fake-patient/fake-patient\"" },
		{ "fake-verbs", NULL, -ESRCH,
		  "plugin \"fake-verbs\" has no component \"fake-verbs\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct component *c = NULL;
		char *reason = NULL;

		assert_int_equal(registry_component(*state, cases[i].type, &c, &reason),
				 cases[i].answer);
		if (cases[i].why)
			assert_string_equal(reason, cases[i].why);
		else
			assert_string_equal(c->c.name, cases[i].found);
		free(reason);
	}
}

static void plugin_is_loaded_once(void **state)
{
	const struct component *left, *right, *again;
	char *reason;

	assert_int_equal(registry_component(*state, "fake-two/left", &left, &reason), 0);
	assert_int_equal(registry_component(*state, "fake-two/right", &right, &reason), 0);
	assert_int_equal(registry_component(*state, "fake-two/left", &again, &reason), 0);
	assert_ptr_equal(left, again);
	assert_ptr_equal(left->plugin, right->plugin);
}

static void verb_is_found_among_all_plugins_and_broken_ones_are_passed(void **state)
{
	const struct verb *v = NULL;

	log_set_level(HEARTH_LOG_WARNING);
	assert_int_equal(registry_verb(*state, "fake-greet", &v), 0);
	assert_string_equal(v->v.name, "fake-greet");
	assert_string_equal(v->plugin->name, "fake-verbs");
	assert_int_equal(registry_verb(*state, "fake-dance", &v), -ENOENT);
	assert_non_null(strstr(registry_first_broken(*state), "fake-bad-default"));
}

struct seen {
	size_t good, broken;
	char last[64];
	bool is_sorted, has_reasons;
};

static void see(void *ctx, const char *name, const struct plugin *p, const char *why)
{
	struct seen *s = ctx;

	s->is_sorted &= strcmp(s->last, name) < 0;
	s->has_reasons &= !p == !!why;
	snprintf(s->last, sizeof(s->last), "%s", name);
	*(p ? &s->good : &s->broken) += 1;
}

static void every_file_is_listed_in_order_with_its_reason_if_it_is_broken(void **state)
{
	struct seen s = { .is_sorted = true, .has_reasons = true };

	assert_int_equal(registry_each(*state, see, &s), 0);
	assert_true(s.is_sorted);
	assert_true(s.has_reasons);
	assert_int_equal(s.broken, 8);
	assert_true(s.good >= 18);
}

static void names_of_all_folders_come_once_and_sorted(void **state)
{
	char *a = str_format("%s/a", fake_dir()), *b = str_format("%s/b", fake_dir());
	char *const dirs[] = { b, a, (char *)"/nowhere", NULL };
	char **names = NULL;

	(void)state;
	assert_int_equal(search_names(dirs, &names), 0);
	assert_int_equal(strv_length(names), 1);
	assert_string_equal(names[0], "fake-twin");
	strv_free(names);
	free(a);
	free(b);
}

#define registry_test(f) cmocka_unit_test_setup_teardown(f, registry_setup, registry_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		registry_test(component_is_found_by_the_name_of_its_plugin_or_by_its_own),
		registry_test(plugin_is_loaded_once),
		registry_test(verb_is_found_among_all_plugins_and_broken_ones_are_passed),
		registry_test(every_file_is_listed_in_order_with_its_reason_if_it_is_broken),
		cmocka_unit_test(names_of_all_folders_come_once_and_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
