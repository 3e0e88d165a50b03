/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "helper/answer.h"
#include "helper/protocol.h"
#include "helper/record.h"
#include "util/cleanup.h"

static uint8_t records[HELPER_MAX_PAYLOAD];

static size_t append(size_t at, const char *module, const char *cause,
		     const struct hearth_symbol_line *lines, uint32_t n_lines)
{
	int r = record_write(records + at, sizeof(records) - at, module, cause, lines, n_lines);

	assert_true(r > 0);
	return at + (size_t)r;
}

static size_t write_three(void)
{
	const struct hearth_symbol_line lines[] = {
		{ .function = "inlined", .file = "a.c", .line = 3, .column = 7, .start = 0x10 },
		{ .function = "_Z5outerv", .start = 0x10, .name = "outer" },
	};
	size_t len = 0;

	len = append(len, NULL, NULL, lines, 2);
	len = append(len, NULL, "no symbol covers it", NULL, 0);
	return append(len, "xfs", NULL, &lines[1], 1);
}

static void what_is_written_is_what_is_answered(void **state)
{
	size_t len = write_three();
	_cleanup_free_ struct helper_answer *a = NULL;

	(void)state;
	assert_int_equal(answer_new_named(records, len, 3, &a), 0);
	assert_int_equal(a->named.n_symbols, 3);
	assert_int_equal(a->named.n_lines, 3);
	assert_int_equal(a->named.symbols[0].n_lines, 2);
	assert_null(a->named.symbols[0].cause);
	assert_string_equal(a->named.lines[0].function, "inlined");
	assert_string_equal(a->named.lines[0].file, "a.c");
	assert_int_equal(a->named.lines[0].line, 3);
	assert_int_equal(a->named.lines[0].column, 7);
	assert_null(a->named.lines[0].name);
	assert_string_equal(a->named.lines[1].function, "_Z5outerv");
	assert_string_equal(a->named.lines[1].name, "outer");
	assert_null(a->named.lines[1].file);
	assert_int_equal(a->named.symbols[1].n_lines, 0);
	assert_string_equal(a->named.symbols[1].cause, "no symbol covers it");
	assert_string_equal(a->named.symbols[2].module, "xfs");
	assert_int_equal(a->named.symbols[2].first_line, 2);
	assert_int_equal(a->named.lines[2].start, 0x10);
}

static void another_number_of_symbols_than_asked_for_is_refused(void **state)
{
	size_t len = write_three();
	struct helper_answer *a;

	(void)state;
	assert_int_equal(answer_new_named(records, len, 2, &a), -EBADMSG);
	assert_int_equal(answer_new_named(records, len, 4, &a), -EBADMSG);
}

static void records_cut_anywhere_are_refused(void **state)
{
	size_t len = write_three(), whole = 0;
	struct record_totals totals;

	(void)state;
	for (size_t n = 1; n < len; n++)
		whole += records_measure(records, n, &totals) == 0;
	assert_int_equal(whole, 2); /* at the two borders between records */
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
	const struct hearth_symbol_line line = { .function = "evil\033[2J\n", .start = 1 };
	_cleanup_free_ struct helper_answer *a = NULL;
	size_t len = append(0, "a\tb", NULL, &line, 1);

	(void)state;
	assert_int_equal(answer_new_named(records, len, 1, &a), 0);
	assert_string_equal(a->named.lines[0].function, "evil?[2J?");
	assert_string_equal(a->named.symbols[0].module, "a?b");
}

static void a_full_message_is_said_before_anything_is_written(void **state)
{
	const struct hearth_symbol_line line = { .function = "function" };
	uint8_t small[16] = {};
	static const uint8_t zero[16];

	(void)state;
	assert_int_equal(record_write(small, sizeof(small), NULL, NULL, &line, 1), -ENOSPC);
	assert_memory_equal(small, zero, sizeof(zero));
}

static void names_without_end_are_cut_and_the_physical_function_is_kept(void **state)
{
	static char name[RECORD_MAX_STRING * 2];
	static struct hearth_symbol_line lines[64];
	_cleanup_free_ struct helper_answer *a = NULL;
	size_t len;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		lines[i] = (struct hearth_symbol_line){ .function = name, .line = (uint32_t)i };
	len = append(0, NULL, NULL, lines, ARRAY_SIZE(lines));
	assert_int_equal(answer_new_named(records, len, 1, &a), 0);
	assert_true(a->named.n_lines > 0 && a->named.n_lines < ARRAY_SIZE(lines));
	assert_int_equal(a->named.lines[a->named.n_lines - 1].line, ARRAY_SIZE(lines) - 1);
	assert_int_equal(strlen(a->named.lines[0].function), RECORD_MAX_STRING);
}

static void a_failure_needs_no_memory(void **state)
{
	_cleanup_free_ struct helper_answer *a = answer_new_failure();
	char cause[1000];

	(void)state;
	memset(cause, 'x', sizeof(cause));
	cause[sizeof(cause) - 1] = '\0';
	answer_fail(a, -EIO, cause);
	assert_int_equal(a->inspected.status, -EIO);
	assert_int_equal(a->named.status, -EIO);
	assert_int_equal(strlen(a->named.cause), HELPER_MAX_CAUSE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_what_is_answered),
		cmocka_unit_test(another_number_of_symbols_than_asked_for_is_refused),
		cmocka_unit_test(records_cut_anywhere_are_refused),
		cmocka_unit_test(control_characters_do_not_reach_a_terminal),
		cmocka_unit_test(a_full_message_is_said_before_anything_is_written),
		cmocka_unit_test(names_without_end_are_cut_and_the_physical_function_is_kept),
		cmocka_unit_test(a_failure_needs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
