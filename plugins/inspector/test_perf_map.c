/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include "perf_map.h"

static struct perf_map *map_of(const char *text, struct reader *ret)
{
	struct perf_map *m;

	reader_open_memory(ret, text, strlen(text));
	assert_int_equal(perf_map_new(ret, &m), 0);
	return m;
}

/* The name of an address, "-": nothing covers it, "?": its line is no good. */
static const char *name_at(const struct perf_map *m, const struct reader *r, uint64_t address)
{
	static char name[PERF_MAP_MAX_NAME];
	struct perf_map_piece piece;

	if (!perf_map_find(m, address, &piece))
		return "-";
	return perf_map_name(r, &piece, name) == 0 ? name : "?";
}

static const struct {
	const char *what, *text;
	struct {
		uint64_t address;
		const char *name;
	} answers[5];
} rows[] = {
	{ "a piece names its own range only", "1000 10 f\n",
	  { { 0xfff, "-" }, { 0x1000, "f" }, { 0x100f, "f" }, { 0x1010, "-" } } },
	{ "lines come in any order", "3000 10 c\n1000 10 a\n2000 10 b\n",
	  { { 0x1000, "a" }, { 0x2000, "b" }, { 0x3000, "c" } } },
	{ "order is that of all 64 bits", "7f0000001000 10 high\n2000 10 low\n7e0000003000 10 middle\n",
	  { { 0x7f0000001000, "high" }, { 0x2000, "low" }, { 0x7e0000003000, "middle" } } },
	{ "names may hold blanks", "1000 10 LazyCompile:*f /a b.js:1:2\n",
	  { { 0x1000, "LazyCompile:*f /a b.js:1:2" } } },
	{ "0x and capitals are hex too", "0x1A00 0X10 f\n", { { 0x1a0f, "f" } } },
	{ "of two for one range the last counts", "1000 10 old\n1000 10 new\n", { { 0x1000, "new" } } },
	{ "what overwrote a part of it ends the whole piece", "1000 100 old\n1080 10 new\n",
	  { { 0x1000, "-" }, { 0x1080, "new" }, { 0x10f0, "-" } } },
	{ "what was overwritten from before is gone", "1080 10 old\n1000 100 new\n",
	  { { 0x1000, "new" }, { 0x1080, "new" }, { 0x10ff, "new" } } },
	{ "a line without its end is not there yet", "1000 10 f\n2000 10 half",
	  { { 0x1000, "f" }, { 0x2000, "-" } } },
	{ "lines that make no sense are skipped",
	  "\nnonsense\n1000\n1000 10\n1000 0 empty\n1000 100000000 huge\n10000000000000000 10 wide\n"
	  "ffffffffffffffff 10 wraps\n-1 10 x\n2000 10 f\n",
	  { { 0x1000, "-" }, { UINT64_MAX, "-" }, { 0x2000, "f" } } },
	{ "an empty name is none", "1000 10 \n", { { 0x1000, "?" } } },
};

static void pieces_name_what_the_rules_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reader r;
		_cleanup_(perf_map_freep) struct perf_map *m = map_of(rows[i].text, &r);

		for (size_t k = 0; k < 5 && rows[i].answers[k].name; k++)
			if (strcmp(name_at(m, &r, rows[i].answers[k].address),
				   rows[i].answers[k].name) != 0)
				fail_msg("%s: 0x%lx is %s", rows[i].what,
					 (unsigned long)rows[i].answers[k].address,
					 name_at(m, &r, rows[i].answers[k].address));
	}
}

static char *lines_of(size_t n, size_t name_len, size_t *ret_len)
{
	size_t room = n * (name_len + 32), len = 0;
	char *text = malloc(room);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		len += (size_t)snprintf(text + len, room - len, "%zx 10 ", 0x1000 + i * 16);
		memset(text + len, 'n', name_len);
		len += name_len;
		text[len++] = '\n';
	}
	*ret_len = len;
	return text;
}

static void lines_are_found_across_all_chunks(void **state)
{
	size_t n = 20000, len;
	_cleanup_free_ char *text = lines_of(n, 5, &len);
	struct perf_map *m;
	struct reader r;

	(void)state;
	reader_open_memory(&r, text, len);
	assert_int_equal(perf_map_new(&r, &m), 0);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(name_at(m, &r, 0x1000 + i * 16 + 15), "nnnnn");
	perf_map_free(m);
}

static void a_line_without_end_hides_no_other(void **state)
{
	size_t len, more;
	_cleanup_free_ char *endless = lines_of(1, 200000, &len), *next = lines_of(2, 3, &more);
	_cleanup_free_ char *text = malloc(len + more);
	struct perf_map *m;
	struct reader r;

	(void)state;
	memcpy(text, endless, len);
	memcpy(text + len, next, more);
	reader_open_memory(&r, text, len + more);
	assert_int_equal(perf_map_new(&r, &m), 0);
	assert_string_equal(name_at(m, &r, 0x1000), "nnn");
	assert_string_equal(name_at(m, &r, 0x1010), "nnn");
	perf_map_free(m);
}

static void names_longer_than_the_cap_are_cut(void **state)
{
	size_t len;
	_cleanup_free_ char *text = lines_of(1, 5000, &len);
	struct perf_map *m;
	struct reader r;

	(void)state;
	reader_open_memory(&r, text, len);
	assert_int_equal(perf_map_new(&r, &m), 0);
	assert_int_equal(strlen(name_at(m, &r, 0x1000)), PERF_MAP_MAX_NAME - 1);
	perf_map_free(m);
}

static void more_pieces_than_the_cap_are_ignored(void **state)
{
	size_t n = PERF_MAP_MAX_PIECES + 1000, len;
	_cleanup_free_ char *text = lines_of(n, 1, &len);
	struct perf_map *m;
	struct reader r;

	(void)state;
	reader_open_memory(&r, text, len);
	assert_int_equal(perf_map_new(&r, &m), 0);
	assert_int_equal(perf_map_bytes(m) / 16, PERF_MAP_MAX_PIECES + 1);
	assert_string_equal(name_at(m, &r, 0x1000 + (PERF_MAP_MAX_PIECES - 1) * 16ull), "n");
	assert_string_equal(name_at(m, &r, 0x1000 + PERF_MAP_MAX_PIECES * 16ull), "-");
	perf_map_free(m);
}

/* The program may begin its file anew between our reading it and our wanting a name. */
static void a_line_that_is_of_another_piece_by_now_names_nothing(void **state)
{
	char text[] = "1000 10 f\n";
	struct reader r;
	_cleanup_(perf_map_freep) struct perf_map *m = map_of(text, &r);

	(void)state;
	text[0] = '2';
	assert_string_equal(name_at(m, &r, 0x1000), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_name_what_the_rules_say),
		cmocka_unit_test(lines_are_found_across_all_chunks),
		cmocka_unit_test(a_line_without_end_hides_no_other),
		cmocka_unit_test(names_longer_than_the_cap_are_cut),
		cmocka_unit_test(more_pieces_than_the_cap_are_ignored),
		cmocka_unit_test(a_line_that_is_of_another_piece_by_now_names_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
