/* SPDX-License-Identifier: Apache-2.0 */
#include "common/test_profile.h"

#include <math.h>

#include <jansson.h>

#include "common/cleanup.h"
#include "common/json_text.h"

TEST(values_stand_where_they_were_written)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };

	json_open(&j, '{');
	json_member_uint(&j, "n", UINT64_MAX);
	json_member_string(&j, "none", "");
	json_put_key(&j, "list");
	json_open(&j, '[');
	json_put_bool(&j, true);
	json_put_bool(&j, false);
	json_put_number(&j, 0.25);
	json_put_number(&j, NAN);
	json_put_number(&j, -1e300 * 1e300);
	json_open(&j, '{');
	json_close(&j, '}');
	json_put_hex(&j, (const uint8_t *)"\x00\xab", 2);
	json_close(&j, ']');
	json_close(&j, '}');
	assert_string_equal(j.text, "{\"n\":18446744073709551615,\"none\":null,\"list\":[true,false,"
			    "0.25,null,null,{},\"00ab\"]}");
}

TEST(any_bytes_come_back_as_text)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "quote\" back\\slash", "quote\" back\\slash" },
		{ "\n\t\x01\x7f", "\n\t\x01\x7f" },
		{ "Grüße 世界 🔥", "Grüße 世界 🔥" },
		{ "</script><!--&amp;", "</script><!--&amp;" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xa8\xe2\x80\xa9" },
		{ "a\xff" "b\xc3", "a\xef\xbf\xbd" "b\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(json_text_done) struct json_text j = { .text = NULL };
		json_t *value;

		json_put_string(&j, cases[i].in);
		value = json_loads(j.text, JSON_DECODE_ANY, NULL);
		assert_non_null(value);
		assert_string_equal(json_string_value(value), cases[i].out);
		json_decref(value);
	}
}

TEST(nothing_that_html_or_javascript_reads_is_left)
{
	static const char *const markup[] = { "<", ">", "&", "\xe2\x80\xa8", "\xe2\x80\xa9", "\x7f" };

	for (size_t i = 0; i < ARRAY_SIZE(markup); i++) {
		_cleanup_(json_text_done) struct json_text j = { .text = NULL };

		json_put_string(&j, markup[i]);
		assert_null(strstr(j.text, markup[i]));
		assert_memory_equal(j.text, "\"\\u", 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_stand_where_they_were_written),
		cmocka_unit_test(any_bytes_come_back_as_text),
		cmocka_unit_test(nothing_that_html_or_javascript_reads_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
