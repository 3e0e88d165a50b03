/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "util/str.h"

static void str_suggest_finds_the_word_that_was_meant(void **state)
{
	static const char *const words[] = { "endpoint", "frequency", "f", "window", "sink" };
	static const struct {
		const char *word, *expected;
	} rows[] = {
		{ "endpont", "endpoint" },   /* left out */
		{ "endpooint", "endpoint" }, /* too much */
		{ "endpiont", "endpoint" },  /* swapped */
		{ "fequencey", "frequency" },
		{ "snik", "sink" },
		{ "sink", "sink" },
		{ "ednpiont", "endpoint" },
		{ "timeout", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "windows-of-the-world", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *found = str_suggest(rows[i].word, words, ARRAY_SIZE(words));

		if (rows[i].expected)
			assert_string_equal(found, rows[i].expected);
		else
			assert_null(found);
	}
}

static void str_suggest_prefers_the_nearest_word(void **state)
{
	static const char *const words[] = { "max_files", "max_bytes", "max_byte" };

	(void)state;
	assert_string_equal(str_suggest("max_bytez", words, 3), "max_bytes");
}

static void str_suggest_passes_over_words_of_absurd_length(void **state)
{
	char long_word[400];
	const char *const words[] = { long_word };

	(void)state;
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(str_suggest(long_word, words, 1));
	assert_null(str_suggest("aaa", words, 1));
}

static void str_sanitize_leaves_nothing_that_a_terminal_obeys(void **state)
{
	static const struct {
		const char *text, *expected, *lines;
	} rows[] = {
		{ "plain text", "plain text", "plain text" },
		{ "a\nb\tc\r", "a?b?c?", "a\nb\tc?" },
		{ "\x1b[31mred", "?[31mred", "?[31mred" },
		{ "\x7f", "?", "?" },
		{ "\xc2\x9b" "31m", "??31m", "??31m" }, /* U+009B: CSI in one character */
		{ "\x9b" "31m", "?31m", "?31m" },       /* the same in Latin-1 */
		{ "\xc2\xa0\xc3\xa4", "\xc2\xa0\xc3\xa4", "\xc2\xa0\xc3\xa4" },
		{ "\xe2\x82", "??", "??" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", rows[i].text);
		str_sanitize(text);
		assert_string_equal(text, rows[i].expected);
		snprintf(text, sizeof(text), "%s", rows[i].text);
		str_sanitize_lines(text);
		assert_string_equal(text, rows[i].lines);
	}
}

static void str_utf8_length_knows_valid_sequences(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {
		{ "", 0 },
		{ "a", 1 },
		{ "\xc2\x80", 2 },
		{ "\xdf\xbf", 2 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xef\xbf\xbf", 3 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\x80", 0 },             /* a continuation alone */
		{ "\xc0\x80", 0 },         /* overlong */
		{ "\xc1\xbf", 0 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xed\xa0\x80", 0 },     /* surrogate */
		{ "\xf4\x90\x80\x80", 0 }, /* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xe2\x82", 0 },         /* cut */
		{ "\xf0\x9f\x94", 0 },
		{ "\xc3" "a", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(str_utf8_length(rows[i].text), rows[i].length);
}

static void str_errno_knows_the_names_of_errors(void **state)
{
	(void)state;
	assert_int_equal(str_errno("ENOSPC"), ENOSPC);
	assert_int_equal(str_errno("EHWPOISON"), EHWPOISON);
	assert_int_equal(str_errno("ENOSUCH"), 0);
	assert_int_equal(str_errno(""), 0);
}

static void strv_split_leaves_empty_pieces_out(void **state)
{
	static const struct {
		const char *text;
		const char *pieces[4];
	} rows[] = {
		{ "a,b:c", { "a", "b", "c" } },
		{ ",,a,,b,", { "a", "b" } },
		{ "", { NULL } },
		{ ",:", { NULL } },
		{ "one", { "one" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char **v = NULL;
		size_t n = 0;

		assert_int_equal(strv_split(rows[i].text, ",:", &v), 0);
		for (; rows[i].pieces[n]; n++)
			assert_string_equal(v[n], rows[i].pieces[n]);
		assert_int_equal(strv_length(v), n);
		strv_free(v);
	}
}

static void strv_copy_shares_nothing(void **state)
{
	char **v = NULL, **copy;

	(void)state;
	assert_int_equal(strv_append(&v, "a"), 0);
	assert_int_equal(strv_append(&v, "b"), 0);
	copy = strv_copy(v);
	strv_free(v);
	assert_int_equal(strv_length(copy), 2);
	assert_string_equal(copy[1], "b");
	strv_free(copy);
}

static void strv_of_null_is_empty(void **state)
{
	char **copy = strv_copy(NULL);

	(void)state;
	assert_int_equal(strv_length(NULL), 0);
	assert_non_null(copy);
	assert_null(copy[0]);
	strv_free(copy);
	assert_null(strv_free(NULL));
}

static void strv_append_without_memory_leaves_the_list_as_it_was(void **state)
{
	char **v = NULL;

	(void)state;
	assert_int_equal(strv_append(&v, "a"), 0);
	test_fail("sys.alloc=ENOMEM@2");
	assert_int_equal(strv_append(&v, "b"), -ENOMEM);
	assert_int_equal(fail_count("sys.alloc"), 1);
	(void)fail_configure(NULL);
	assert_int_equal(strv_length(v), 1);
	strv_free(v);
}

static void strings_survive_every_failed_allocation(void **state)
{
	unsigned int n = 0;
	char spec[64], **v = NULL;

	(void)state;
	for (;;) {
		int r;

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%u", ++n);
		test_fail(spec);
		r = strv_split("a,b,c", ",", &v);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(fail_count("sys.alloc"), 1);
		assert_null(v);
	}
	(void)fail_configure(NULL);
	assert_true(n > 3);
	strv_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_suggest_finds_the_word_that_was_meant),
		cmocka_unit_test(str_suggest_prefers_the_nearest_word),
		cmocka_unit_test(str_suggest_passes_over_words_of_absurd_length),
		cmocka_unit_test(str_sanitize_leaves_nothing_that_a_terminal_obeys),
		cmocka_unit_test(str_utf8_length_knows_valid_sequences),
		cmocka_unit_test(str_errno_knows_the_names_of_errors),
		cmocka_unit_test(strv_split_leaves_empty_pieces_out),
		cmocka_unit_test(strv_copy_shares_nothing),
		cmocka_unit_test(strv_of_null_is_empty),
		cmocka_unit_test(strv_append_without_memory_leaves_the_list_as_it_was),
		cmocka_unit_test(strings_survive_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
