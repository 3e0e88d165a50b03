/* SPDX-License-Identifier: Apache-2.0 */
/* What reaches a terminal, and how it fits there. */
#include "test_hotspots.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "printed.h"

static void print(char *out, size_t size, const char *name, uint32_t room)
{
	FILE *f = fmemopen(out, size, "w");

	assert_non_null(f);
	*out = 0;
	printed_put(f, name, room);
	assert_int_equal(fclose(f), 0);
}

TEST(a_long_name_loses_its_middle)
{
	static const struct {
		const char *name, *printed;
		uint32_t room;
	} cases[] = {
		{ "abcdefghij", "abcdefghij", 0 },
		{ "abcdefghij", "abcdefghij", 10 },
		{ "abcdefghij", "abcd…ghij", 9 },
		{ "abcdefghij", "ab…hij", 6 },
		{ "abcdefghij", "…", 1 },
		{ "äöüäöüäöü", "äö…öü", 5 },
		{ "", "", 5 },
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print(text, sizeof(text), cases[i].name, cases[i].room);
		assert_string_equal(text, cases[i].printed);
		if (cases[i].room)
			assert_true(printed_width(text) <= cases[i].room);
	}
}

TEST(nothing_of_a_name_steers_a_terminal)
{
	static const struct {
		const char *name, *printed;
	} cases[] = {
		{ "\033[31mred\033[0m", "?[31mred?[0m" },
		{ "a\nb\tc\rd\x7f", "a?b?c?d?" },
		{ "c1 \xc2\x9b" "31m", "c1 ?31m" },
		{ "not \xff\xc3 utf-8 \xc3\xa4", "not ?? utf-8 \xc3\xa4" },
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print(text, sizeof(text), cases[i].name, 0);
		assert_string_equal(text, cases[i].printed);
	}
}

TEST(hostile_names_stay_in_their_row)
{
	struct test_report t;
	uint32_t frame;

	report_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "a\n# Samples: 1M \033[2J");
	test_sample(&t.p, "co\033mm", &frame, 1, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_null(strchr(t.text, '\033'));
	assert_text(&t, "  co?mm    test           [.] a?# Samples: 1M ?[2J\n");
	report_end(&t);
}

TEST(numbers_are_grouped)
{
	static const struct {
		uint64_t n;
		const char *printed;
	} cases[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 123456, "123,456" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *f = fmemopen(text, sizeof(text), "w");

		assert_non_null(f);
		printed_put_number(f, cases[i].n);
		assert_int_equal(fclose(f), 0);
		assert_string_equal(text, cases[i].printed);
	}
}

#define LONG_NAME "std::map<std::__cxx11::basic_string<char>, std::vector<std::shared_ptr<Order>>>::find(" \
	"std::__cxx11::basic_string<char> const&) const"

/* Has a report written to what fd is, closes it, and answers what came out at the other end. */
static void report_to(int fd, int other_end, char *out, size_t size)
{
	struct test_report t;
	int saved = dup(STDOUT_FILENO);
	uint32_t frame;
	ssize_t n, got;

	assert_true(saved >= 0);
	fflush(stdout);
	report_begin(&t, (const char *const[]){ "json=", NULL });
	assert_int_equal(hearth_mock_done(&t.m), 0);
	hearth_mock_init(&t.m, &hotspots_component);
	assert_int_equal(hearth_mock_set(&t.m, "output=-"), 0);
	assert_int_equal(hearth_mock_set(&t.m, "json="), 0);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(hearth_mock_create(&t.m), 0);
	assert_int_equal(hearth_mock_start(&t.m), 0);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, LONG_NAME);
	test_sample(&t.p, "app", &frame, 1, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	close(saved);
	report_end(&t);
	close(fd);
	for (n = 0; (got = read(other_end, out + n, size - 1 - (size_t)n)) > 0;)
		n += got;
	close(other_end);
	out[n] = 0;
}

TEST(a_row_fits_a_terminal_and_is_whole_elsewhere)
{
	struct winsize window = { .ws_row = 24, .ws_col = 80 };
	int ends[2], terminal, keyboard;
	char text[4096], *line, *rest = text;

	assert_int_equal(pipe(ends), 0);
	report_to(ends[1], ends[0], text, sizeof(text));
	assert_non_null(strstr(text, "[.] " LONG_NAME "\n"));
	assert_null(strchr(text, '\033'));

	assert_int_equal(openpty(&keyboard, &terminal, NULL, NULL, &window), 0);
	report_to(terminal, keyboard, text, sizeof(text));
	assert_non_null(strstr(text, "[.] std::map<"));
	assert_non_null(strstr(text, "&) const\r\n"));
	while ((line = strsep(&rest, "\r\n")))
		assert_true(printed_width(line) <= 80 || strstr(line, "samples of"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_name_loses_its_middle),
		cmocka_unit_test(nothing_of_a_name_steers_a_terminal),
		cmocka_unit_test(hostile_names_stay_in_their_row),
		cmocka_unit_test(numbers_are_grouped),
		cmocka_unit_test(a_row_fits_a_terminal_and_is_whole_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
