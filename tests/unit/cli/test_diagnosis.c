/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "cli/diagnosis.h"
#include "util/buf.h"

static void assert_written(struct diagnosis *d, bool has_colour, const char *expected)
{
	struct buf out = {};

	diagnosis_write(d, "title", has_colour, &out);
	assert_string_equal(buf_text(&out), expected);
	buf_done(&out);
}

static void findings_stand_in_columns_one_line_each(void **state)
{
	struct diagnosis d;

	(void)state;
	diagnosis_init(&d);
	d.d.line(&d.d, 0, "a", "good", NULL);
	d.d.line(&d.d, 1, "longer", "slow", "mend it");
	d.d.line(&d.d, 2, "b", "bad", "mend that");
	assert_int_equal(d.n_costs, 1);
	assert_int_equal(d.n_broken, 1);
	assert_written(&d, false, "title\n"
				  "  OK      a       good\n"
				  "  costs   longer  slow  →  mend it\n"
				  "  broken  b       bad  →  mend that\n");
	diagnosis_done(&d);
}

static void section_without_findings_is_not_written(void **state)
{
	struct diagnosis d;

	(void)state;
	diagnosis_init(&d);
	assert_written(&d, false, "");
	diagnosis_done(&d);
}

static void each_section_has_its_own_columns_and_counts_go_on(void **state)
{
	struct diagnosis d;

	(void)state;
	diagnosis_init(&d);
	diagnosis_add(&d, SEVERITY_BROKEN, "a long subject", "bad", NULL);
	assert_written(&d, false, "title\n  broken  a long subject  bad\n");
	diagnosis_add(&d, SEVERITY_BROKEN, "b", "bad", NULL);
	assert_written(&d, false, "title\n  broken  b  bad\n");
	assert_int_equal(d.n_broken, 2);
	diagnosis_done(&d);
}

static void colour_is_for_the_severity_alone(void **state)
{
	struct diagnosis d;

	(void)state;
	diagnosis_init(&d);
	diagnosis_add(&d, SEVERITY_OK, "a", "good", NULL);
	assert_written(&d, true, "title\n  \033[32mOK    \033[0m  a  good\n");
	diagnosis_done(&d);
}

static void words_of_a_plugin_cannot_steer_the_terminal(void **state)
{
	struct diagnosis d;

	(void)state;
	diagnosis_init(&d);
	d.d.line(&d.d, 7, "a\033[2J", "b\nc", NULL);
	d.d.line(&d.d, 0, NULL, NULL, NULL);
	assert_written(&d, false, "title\n"
				  "  broken  a?[2J  b?c\n"
				  "  OK             \n");
	diagnosis_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings_stand_in_columns_one_line_each),
		cmocka_unit_test(section_without_findings_is_not_written),
		cmocka_unit_test(each_section_has_its_own_columns_and_counts_go_on),
		cmocka_unit_test(colour_is_for_the_severity_alone),
		cmocka_unit_test(words_of_a_plugin_cannot_steer_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
