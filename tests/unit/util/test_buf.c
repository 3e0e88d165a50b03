/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "util/buf.h"

static void buf_grows_as_text_is_appended(void **state)
{
	struct buf b = {};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_printf(&b, "%03d,", i), 0);
	assert_int_equal(b.len, 4000);
	assert_memory_equal(b.data + 4 * 789, "789,", 4);
	assert_int_equal(b.data[b.len], '\0');
	buf_done(&b);
	assert_null(b.data);
}

static void buf_text_of_an_empty_buf_is_an_empty_string(void **state)
{
	struct buf b = {};

	(void)state;
	assert_string_equal(buf_text(&b), "");
}

static void buf_take_hands_the_text_over(void **state)
{
	struct buf b = {};
	char *text;

	(void)state;
	buf_append_string(&b, "abc");
	text = buf_take(&b);
	assert_string_equal(text, "abc");
	assert_int_equal(b.len, 0);
	assert_null(b.data);
	free(text);
}

static void buf_take_of_an_empty_buf_is_an_empty_string(void **state)
{
	struct buf b = {};
	char *text = buf_take(&b);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

static void buf_keeps_bytes_that_are_not_text(void **state)
{
	struct buf b = {};

	(void)state;
	buf_append(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_done(&b);
}

static void buf_append_json_escapes_what_json_forbids(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5\"" },
		{ "a\xff" "b", "\"a\xef\xbf\xbd" "b\"" },
		{ "\xc3", "\"\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = {};

		assert_int_equal(buf_append_json(&b, rows[i].text), 0);
		assert_string_equal(buf_text(&b), rows[i].json);
		buf_done(&b);
	}
}

static void buf_refuses_a_length_that_overflows(void **state)
{
	struct buf b = {};

	(void)state;
	buf_append_string(&b, "x");
	assert_int_equal(buf_append(&b, "", SIZE_MAX - 1), -ENOMEM);
	assert_int_equal(b.len, 1);
	buf_done(&b);
}

static void buf_remembers_the_first_failed_allocation(void **state)
{
	struct buf b = {};

	(void)state;
	test_fail("sys.alloc=ENOMEM@2");
	assert_int_equal(buf_append_string(&b, "kept"), 0);
	assert_int_equal(buf_printf(&b, "%200s", ""), -ENOMEM);
	assert_int_equal(fail_count("sys.alloc"), 1);
	assert_int_equal(buf_append_string(&b, "late"), -ENOMEM);
	assert_string_equal(buf_text(&b), "kept");
	assert_null(buf_take(&b));
	assert_int_equal(b.error, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_grows_as_text_is_appended),
		cmocka_unit_test(buf_text_of_an_empty_buf_is_an_empty_string),
		cmocka_unit_test(buf_take_hands_the_text_over),
		cmocka_unit_test(buf_take_of_an_empty_buf_is_an_empty_string),
		cmocka_unit_test(buf_keeps_bytes_that_are_not_text),
		cmocka_unit_test(buf_append_json_escapes_what_json_forbids),
		cmocka_unit_test(buf_refuses_a_length_that_overflows),
		cmocka_unit_test(buf_remembers_the_first_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
