/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "descendants.h"
#include "proc.h"
#include "test_proc_tree.h"

#define FIELDS " S 7 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 4711 0 0 0 4096 0 0 0\n"

static void a_name_may_hold_anything(void **state)
{
	static const struct {
		const char *text, *comm;
	} cases[] = {
		{ "42 (bash)" FIELDS, "bash" },
		{ "42 (a b)" FIELDS, "a b" },
		{ "42 (x) S 1 (y)" FIELDS, "x) S 1 (y" },
		{ "42 ())" FIELDS, ")" },
		{ "42 ()" FIELDS, "" },
		{ "42 (kworker/0:1-events_long)" FIELDS, "kworker/0:1-eve" },
	};
	struct proc_stat s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(proc_stat_parse(cases[i].text, strlen(cases[i].text), &s), 0);
		assert_string_equal(s.comm, cases[i].comm);
		assert_int_equal(s.parent_pid, 7);
		assert_int_equal(s.n_threads, 3);
		assert_int_equal(s.start_time, 4711);
		assert_int_equal(s.start_code, 4096);
	}
}

static void what_is_no_stat_is_refused(void **state)
{
	static const char *const cases[] = {
		"", "42", "42 (bash", "42 bash)", ")(", "42 (bash) S 1", "42 (bash) S x 1 1 0" FIELDS,
		"42 (bash) S 7 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 x 0 0",
	};
	struct proc_stat s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(proc_stat_parse(cases[i], strlen(cases[i]), &s), -EBADMSG);
}

static void our_own_process_can_be_read(void **state)
{
	struct proc_stat s;

	(void)state;
	assert_int_equal(proc_read_stat("/proc", (uint32_t)getpid(), &s), 0);
	assert_int_equal(s.parent_pid, getppid());
	assert_true(s.start_time > 0);
	assert_true(s.start_code > 0);
}

static void a_process_that_is_gone_says_so(void **state)
{
	struct proc_stat s;

	(void)state;
	assert_int_equal(proc_read_stat("/proc", 2147483000, &s), -ENOENT);
}

static void descendants_are_children_and_theirs(void **state)
{
	static const uint32_t given[] = { 10, 40 };
	_cleanup_free_ uint32_t *found = NULL;
	struct proc_tree t;
	size_t n;

	(void)state;
	proc_tree_init(&t);
	proc_tree_add(&t, 1, 0, "init", 1, 0, "");
	proc_tree_add(&t, 30, 20, "grandchild", 1, 0, "");
	proc_tree_add(&t, 10, 1, "given", 1, 0, "");
	proc_tree_add(&t, 20, 10, "child", 1, 0, "");
	proc_tree_add(&t, 40, 10, "given too", 1, 0, "");
	proc_tree_add(&t, 50, 1, "stranger", 1, 0, "");
	assert_int_equal(descendants_find(t.root, given, 2, &found, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(found[0], 20);
	assert_int_equal(found[1], 30);
	proc_tree_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_may_hold_anything),
		cmocka_unit_test(what_is_no_stat_is_refused),
		cmocka_unit_test(our_own_process_can_be_read),
		cmocka_unit_test(a_process_that_is_gone_says_so),
		cmocka_unit_test(descendants_are_children_and_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
