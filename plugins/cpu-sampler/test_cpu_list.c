/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/cleanup.h"
#include "cpu_list.h"

static void lists_are_read_as_sysfs_writes_them(void **state)
{
	static const struct {
		const char *text;
		uint32_t count, end, has, has_not;
	} cases[] = {
		{ "0\n", 1, 1, 0, 1 },
		{ "0-3\n", 4, 4, 3, 4 },
		{ "0-3,8,10-11\n", 7, 12, 10, 9 },
		{ "63-64", 2, 65, 64, 62 },
		{ "1023", 1, 1024, 1023, 5000 },
	};
	struct cpu_set s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(cpu_set_parse(cases[i].text, &s), 0);
		assert_int_equal(cpu_set_count(&s), cases[i].count);
		assert_int_equal(cpu_set_end(&s), cases[i].end);
		assert_true(cpu_set_has(&s, cases[i].has));
		assert_false(cpu_set_has(&s, cases[i].has_not));
	}
}

static void what_is_no_list_is_refused(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{ "", -EBADMSG }, { "\n", -EBADMSG }, { "a", -EBADMSG }, { "0-", -EBADMSG },
		{ "3-0", -EBADMSG }, { "0,,1", -EBADMSG }, { "0 1", -EBADMSG }, { "-1", -EBADMSG },
		{ "1024", -ERANGE }, { "0-99999999999999999999", -ERANGE },
	};
	struct cpu_set s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(cpu_set_parse(cases[i].text, &s), cases[i].error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_as_sysfs_writes_them),
		cmocka_unit_test(what_is_no_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
