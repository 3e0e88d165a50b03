/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/test_yaml_text.h"
#include "common/yaml_text.h"

/* What comes back of a value that was written quoted. */
static void assert_comes_back(const char *value, size_t len, const char *expected)
{
	struct yaml_text y = {};
	struct yaml_leaves leaves;
	_cleanup_free_ char *text = NULL, *item = NULL;

	yaml_plain(&y, "key: ");
	yaml_quoted_n(&y, value, len);
	yaml_plain(&y, "\nnext: 1\n");
	assert_int_equal(yaml_text_take(&y, &text), 0);
	assert_true(yaml_leaves_read(text, &leaves));
	assert_int_equal(leaves.n, 2);
	assert_true(asprintf(&item, "/key=%s", expected) > 0);
	assert_string_equal(leaves.items[0], item);
	assert_string_equal(leaves.items[1], "/next=1");
	yaml_leaves_done(&leaves);
}

static void any_text_comes_back_as_it_was(void **state)
{
	static const char *const cases[] = {
		"", "plain", "with blank", " leading and trailing ", "quote \" and \\ backslash",
		"}, evil: {", "# no comment", "key: value", "- item", "*alias", "!tag", "%TAG", "null",
		"true", "0x10", "line\nbreak\r\n", "tab\tbell\a", "\x01\x1f\x7f", "Grüße, 世界 🔥",
		"\xc2\x85 next line", "line\xe2\x80\xa8 and\xe2\x80\xa9 paragraph",
		"no characters: \xef\xbf\xbe \xef\xbf\xbf", "\xef\xbb\xbf mark",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_comes_back(cases[i], strlen(cases[i]), cases[i]);
}

static void what_is_not_utf8_is_replaced(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "\xff", "\xef\xbf\xbd" },
		{ "a\xc3", "a\xef\xbf\xbd" },
		{ "\xc3(", "\xef\xbf\xbd(" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },                 /* "/" in two bytes */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_comes_back(cases[i].bytes, strlen(cases[i].bytes), cases[i].text);
}

static void every_byte_gives_text_that_can_be_read(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char value[3] = { (char)c, 'x', 0 };
		struct yaml_text y = {};
		struct yaml_leaves leaves;
		_cleanup_free_ char *text = NULL;

		yaml_quoted(&y, value);
		assert_int_equal(yaml_text_take(&y, &text), 0);
		assert_true(yaml_leaves_read(text, &leaves));
		assert_int_equal(leaves.n, 1);
		if (c < 128)
			assert_string_equal(leaves.items[0] + 1, value);
		yaml_leaves_done(&leaves);
	}
}

static void long_text_grows(void **state)
{
	char value[5000];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = 0;
	assert_comes_back(value, sizeof(value) - 1, value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_text_comes_back_as_it_was),
		cmocka_unit_test(what_is_not_utf8_is_replaced),
		cmocka_unit_test(every_byte_gives_text_that_can_be_read),
		cmocka_unit_test(long_text_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
