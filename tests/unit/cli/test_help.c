/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "cli/exit.h"
#include "cli/help.h"
#include "unit/cli/verb.h"
#include "util/buf.h"
#include "util/str.h"

static void help_of_a_verb_looks_like_this(void **state)
{
	struct buf out = {};

	(void)state;
	assert_int_equal(help_verb(&bake_page, &kitchen_table, 72, &out), 0);
	assert_string_equal(buf_text(&out),
			    "usage: hearth bake [OPTION…] brown|white [-- COMMAND…]\n"
			    "\n"
			    "bake a loaf \\ with \"crust\" and .dots\n"
			    "\n"
			    "Mixes, kneads and bakes. It takes a while, so that this paragraph is\n"
			    "long enough to be wrapped at least once.\n"
			    "\n"
			    "'Quoted' and .dotted lines are no commands of roff.\n"
			    "\n"
			    "options:\n"
			    "  -H, --heat=N            how hot the oven is to be (integer, 50 to 250\n"
			    "                          degrees; default 180)\n"
			    "      --baking-time=TIME  how long; until it is done, when not given\n"
			    "                          (duration)\n"
			    "  -s, --shape=WORD        shape of the loaf (round, square; default\n"
			    "                          round)\n"
			    "      --seeds=A,B,…       what to strew on it (may be given several\n"
			    "                          times)\n"
			    "      --recipe-file-of-the-grandmother=FILE\n"
			    "                          never shown (required)\n"
			    "  -q, --quick             with baking powder\n"
			    "      --crust             as it should be (default true)\n"
			    "\n"
			    "options of every verb:\n"
			    "  -h, --help              print this text\n");
	buf_done(&out);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0, n = 0;

	for (; *text; text++) {
		n = *text == '\n' ? 0 : n + (((unsigned char)*text & 0xc0) != 0x80);
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void lines_fit_the_terminal(void **state)
{
	static const unsigned int widths[] = {50, 60, 80, 100};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct buf out = {};

		assert_int_equal(help_verb(&bake_page, &kitchen_table, widths[i], &out), 0);
		assert_true(longest_line(buf_text(&out)) <= widths[i] + 10);
		/* Beyond the names that cannot be broken, every line fits. */
		if (widths[i] >= 60)
			assert_true(longest_line(buf_text(&out)) <= widths[i]);
		buf_done(&out);
	}
}

static void overview_lists_verbs_and_every_exit_status(void **state)
{
	struct page pages[] = {bake_page, {.verb = "eat", .summary = "eat it"}};
	const struct page_list list = {pages, 2};
	struct buf out = {};

	(void)state;
	assert_int_equal(help_overview(&list, 80, &out), 0);
	assert_non_null(strstr(buf_text(&out), "\n  bake                    bake a loaf"));
	assert_non_null(strstr(buf_text(&out), "\n  eat                     eat it\n"));
	for (size_t i = 0; i < exit_table_n; i++) {
		_cleanup_free_ char *line = str_format("\n  %-24d%.20s", exit_table[i].code,
						       exit_table[i].meaning);

		assert_non_null(strstr(buf_text(&out), line));
	}
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_of_a_verb_looks_like_this),
		cmocka_unit_test(lines_fit_the_terminal),
		cmocka_unit_test(overview_lists_verbs_and_every_exit_status),
	};

	return cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
