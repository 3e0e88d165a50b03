/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <hearth/plugin.h>

#include "config/units.h"
#include "util/buf.h"

#define S 1000000000ll

struct row {
	const char *text;
	int answer;
	int64_t number;
};

static void check(int (*parse)(const char *text, int64_t *ret), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t number = -77;
		int r = parse(rows[i].text, &number);

		if (r != rows[i].answer || number != (r < 0 ? -77 : rows[i].number))
			fail_msg("\"%s\": answer %d, number %lld", rows[i].text, r, (long long)number);
	}
}

static void integer_is_read_whole_or_not_at_all(void **state)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"42", 0, 42},
		{"-1", 0, -1},
		{"007", 0, 7},
		{"9223372036854775807", 0, INT64_MAX},
		{"-9223372036854775808", 0, INT64_MIN},
		{"9223372036854775808", -ERANGE, 0},
		{"-9223372036854775809", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"99999999999999999999999x", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"ten", -EINVAL, 0},
	};

	(void)state;
	check(units_parse_int, rows, sizeof(rows) / sizeof(rows[0]));
}

static void duration_adds_up_its_units(void **state)
{
	static const struct row rows[] = {
		{"10s", 0, 10 * S},
		{"250ms", 0, 250000000},
		{"1h30m", 0, 5400 * S},
		{"1d2h3m4s5ms6us7ns", 0, (86400 + 7200 + 180 + 4) * S + 5006007},
		{"10", 0, 10 * S},
		{"0.5", 0, S / 2},
		{"0.5s", 0, S / 2},
		{"1.5h", 0, 5400 * S},
		{"0", 0, 0},
		{"0s", 0, 0},
		{"1ns", 0, 1},
		{"0.1ns", -EINVAL, 0},
		{"0.000000001", 0, 1},
		{"0.0000000001", -EINVAL, 0},
		{"9223372036s", 0, 9223372036 * S},
		{"9223372037s", -ERANGE, 0},
		{"9223372036s854775807ns", 0, INT64_MAX},
		{"9223372036s854775808ns", -ERANGE, 0},
		{"99999999999999999999s", -ERANGE, 0},
		{"106752d", -ERANGE, 0},
		{"30m1h", -EINVAL, 0},
		{"1h1h", -EINVAL, 0},
		{"1h30", -EINVAL, 0},
		{"1 h", -EINVAL, 0},
		{"h", -EINVAL, 0},
		{"1.h", -EINVAL, 0},
		{".5h", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"10S", -EINVAL, 0},
		{"10 parsecs", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	check(units_parse_duration, rows, sizeof(rows) / sizeof(rows[0]));
}

static void size_takes_binary_and_decimal_units(void **state)
{
	static const struct row rows[] = {
		{"64MiB", 0, 64 << 20},
		{"100MB", 0, 100000000},
		{"1KiB", 0, 1024},
		{"1kB", 0, 1000},
		{"1KB", 0, 1000},
		{"1.5GiB", 0, 1610612736},
		{"1TiB", 0, 1ll << 40},
		{"2TB", 0, 2000000000000},
		{"17B", 0, 17},
		{"17", 0, 17},
		{"0", 0, 0},
		{"8388607TiB", 0, 8388607ll << 40},
		{"8388608TiB", -ERANGE, 0},
		{"0.5B", -EINVAL, 0},
		{"64M", -EINVAL, 0},
		{"64mib", -EINVAL, 0},
		{"64 MiB", -EINVAL, 0},
		{"64MiB2", -EINVAL, 0},
		{"MiB", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	check(units_parse_bytes, rows, sizeof(rows) / sizeof(rows[0]));
}

static void percentage_needs_its_sign(void **state)
{
	static const struct row rows[] = {
		{"1%", 0, 10000},
		{"0.5%", 0, 5000},
		{"100%", 0, 1000000},
		{"0.0001%", 0, 1},
		{"0%", 0, 0},
		{"250%", 0, 2500000},
		{"0.00001%", -EINVAL, 0},
		{"99999999999999999%", -ERANGE, 0},
		{"1", -EINVAL, 0},
		{"0.01", -EINVAL, 0},
		{"1 %", -EINVAL, 0},
		{"1%%", -EINVAL, 0},
		{"%", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	check(units_parse_percent, rows, sizeof(rows) / sizeof(rows[0]));
}

static void truth_is_one_of_six_words(void **state)
{
	static const struct row rows[] = {
		{"true", 0, 1}, {"yes", 0, 1},   {"on", 0, 1},     {"True", 0, 1},   {"ON", 0, 1},
		{"false", 0, 0}, {"no", 0, 0},   {"off", 0, 0},    {"FALSE", 0, 0},  {"1", -EINVAL, 0},
		{"0", -EINVAL, 0}, {"", -EINVAL, 0}, {"y", -EINVAL, 0}, {"truely", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool b = false;

		assert_int_equal(units_parse_bool(rows[i].text, &b), rows[i].answer);
		assert_int_equal(b, rows[i].number);
	}
}

static void formatted_numbers_read_back(void **state)
{
	static const struct {
		uint32_t type;
		int64_t number;
		const char *text;
	} rows[] = {
		{HEARTH_DURATION, 0, "0s"},
		{HEARTH_DURATION, 5400 * S, "1h30m"},
		{HEARTH_DURATION, 250000000, "250ms"},
		{HEARTH_DURATION, INT64_MAX, "106751d23h47m16s854ms775us807ns"},
		{HEARTH_BYTES, 0, "0"},
		{HEARTH_BYTES, 64 << 20, "64MiB"},
		{HEARTH_BYTES, 100000000, "100MB"},
		{HEARTH_BYTES, 1001, "1001"},
		{HEARTH_PERCENT, 10000, "1%"},
		{HEARTH_PERCENT, 5000, "0.5%"},
		{HEARTH_PERCENT, 10050, "1.005%"},
		{HEARTH_PERCENT, 1, "0.0001%"},
		{HEARTH_INT, INT64_MIN, "-9223372036854775808"},
		{HEARTH_BOOL, 1, "true"},
	};
	int (*const parse[])(const char *, int64_t *) = {
		[HEARTH_DURATION] = units_parse_duration, [HEARTH_BYTES] = units_parse_bytes,
		[HEARTH_PERCENT] = units_parse_percent, [HEARTH_INT] = units_parse_int,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = {};
		int64_t back;

		assert_int_equal(units_format(rows[i].type, rows[i].number, &out), 0);
		assert_string_equal(buf_text(&out), rows[i].text);
		if (rows[i].type != HEARTH_BOOL) {
			assert_int_equal(parse[rows[i].type](buf_text(&out), &back), 0);
			assert_true(back == rows[i].number);
		}
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integer_is_read_whole_or_not_at_all),
		cmocka_unit_test(duration_adds_up_its_units),
		cmocka_unit_test(size_takes_binary_and_decimal_units),
		cmocka_unit_test(percentage_needs_its_sign),
		cmocka_unit_test(truth_is_one_of_six_words),
		cmocka_unit_test(formatted_numbers_read_back),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
