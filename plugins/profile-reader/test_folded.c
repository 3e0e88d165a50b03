/* SPDX-License-Identifier: Apache-2.0 */
/* Folded text in, samples out: what a line means, and which lines mean nothing. */
#include "test_text.h"

static void assert_reads(const char *in, const char *out)
{
	struct reading r;

	reading_begin(&r, in, strlen(in));
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(r.format->name, "folded");
	assert_string_equal(reading_text(&r), out);
	reading_done(&r);
}

TEST(a_line_is_a_sample_of_its_count)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "sh;main;f 3\n", "sh | main; f | 3 0\n" },
		{ "sh;main;f 3", "sh | main; f | 3 0\n" },
		{ "sh;main;f 3\r\n\r\n", "sh | main; f | 3 0\n" },
		{ "sh;main;f 3  \t\n", "sh | main; f | 3 0\n" },
		{ "sh;f 3\nsh;f 4\nsh;g 1\n", "sh | f | 7 0\nsh | g | 1 0\n" },
		{ "# made by hand\n\n   \nsh;f 3\n", "sh | f | 3 0\n" },
		{ "sh 3\n", "sh | | 3 0\n" },
		{ "my shell;a b c;d 1 2;e 3\n", "my shell | a b c; d 1 2; e | 3 0\n" },
		{ "sh;operator new(unsigned long) 18446744073709551615\n",
		  "sh | operator new(unsigned long) | 18446744073709551615 0\n" },
		{ "sh;caf\xc3\xa9 3\n", "sh | caf\xc3\xa9 | 3 0\n" },
		{ "sh;f 0\nsh;g 1\n", "sh | g | 1 0\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_reads(cases[i].in, cases[i].out);
}

TEST(suffixes_say_what_code_it_is)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "sh;f;vfs_read_[k] 3\n", "sh | f; vfs_read[k] | 3 0\n" },
		{ "java;Main::run_[j] 3\n", "java | Main::run[j] | 3 0\n" },
		/* an inlined function is a line of the frame before, and keeps its mark */
		{ "sh;f;g_[i];h_[i];k 3\n", "sh | h_[i]<g_[i]<f; k | 3 0\n" },
		{ "sh;f_[k];g_[i] 3\n", "sh | g_[i]<f[k] | 3 0\n" },
		{ "sh;g_[i];h 3\n", "sh | g_[i]; h | 3 0\n" },
		{ "sh;[unknown];g_[i] 3\n", "sh | [?]; g_[i] | 3 0\n" },
		{ "sh;_[k] 3\n", "sh | [k] | 3 0\n" },
		{ "kworker_[k];f 3\n", "kworker_[k] | f | 3 0\n" },
		{ "sh;[unknown];f 3\n", "sh | [?]; f | 3 0\n" },
		{ "sh;;f 3\n", "sh | [?]; f | 3 0\n" },
		{ "[unknown];f 3\n", " | f | 3 0\n" },
		{ "sh;[truncated: no frame pointers];f 3\n", "sh | [no frame pointers] f | 3 0\n" },
		{ "sh;g;[truncated: x];f 3\n", "sh | g; [truncated: x]; f | 3 0\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_reads(cases[i].in, cases[i].out);
}

TEST(without_a_comm_the_first_part_is_a_frame)
{
	static const char in[] = "main;f 3\n";
	struct reading r;

	reading_begin(&r, in, strlen(in));
	assert_int_equal(hearth_mock_set(&r.mock, "folded_comm=false"), 0);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), " | main; f | 3 0\n");
	reading_done(&r);
}

TEST(lines_that_make_no_sense_are_left_out_and_said_once)
{
	static const struct {
		const char *in, *out, *warning;
	} cases[] = {
		{ "sh;f 3\nsh;g\nsh;h\n", "sh | f | 3 0\n", "file: line 2 does not end in a count" },
		{ "sh;f 3\nsh;g 18446744073709551616\n", "sh | f | 3 0\n",
		  "file: line 2 has a count of more than 64 bits" },
		{ "sh;f 3\nsh;g -2\n", "sh | f | 3 0\n", "file: line 2 does not end in a count" },
		{ "sh;f 3\nsh;g 1.5\nsh;h 0.25\nsh;k 0.50\n", "sh | f | 3 0\nsh | g | 2 0\nsh | k | 1 0\n",
		  "file: line 2 has a fraction of a sample" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading r;
		const char *logged;

		reading_begin(&r, cases[i].in, strlen(cases[i].in));
		assert_int_equal(reading_all(&r), 0);
		assert_string_equal(reading_text(&r), cases[i].out);
		logged = hearth_mock_logged(&r.mock, cases[i].warning);
		assert_non_null(logged);
		assert_int_equal(r.mock.n_lines, 1);
		reading_done(&r);
	}
}

TEST(a_comparison_is_refused)
{
	static const char in[] = "sh;f 3 4\nsh;g 1.5 0\n", mixed[] = "sh;f 3 4\nsh;g 1\n";
	struct reading r;

	reading_begin(&r, in, strlen(in));
	assert_int_equal(reading_all(&r), -EBADMSG);
	assert_non_null(strstr(r.warnings.failure, "two counts, as difffolded.pl writes them"));
	reading_done(&r);
	assert_reads(mixed, "sh | f 3 | 4 0\nsh | g | 1 0\n"); /* one name ends in digits */
}

TEST(a_line_of_any_length_costs_bounded_memory)
{
	size_t len = 9 << 20;
	char *in = malloc(len);
	struct reading r;

	memset(in, 'x', len);
	memcpy(in, "sh;f 3\n", 7);
	memcpy(in + len - 10, " 1\nsh;g 2\n", 10);
	reading_begin(&r, in, len);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), "sh | f | 3 0\nsh | g | 2 0\n");
	assert_non_null(hearth_mock_logged(&r.mock, "file: line 2 is longer than 4 MiB"));
	reading_done(&r);
	memset(in + 7, ';', len - 7);
	memcpy(in + (3 << 20), " 1\nsh;g 2\n", 10);
	reading_begin(&r, in, (3 << 20) + 10);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), "sh | f | 3 0\nsh | g | 2 0\n");
	assert_non_null(hearth_mock_logged(&r.mock, "file: line 2 has more than 65536 frames"));
	reading_done(&r);
	free(in);
}

TEST(packed_text_is_read_up_to_where_it_is_cut_off)
{
	uLongf len = 4096;
	uint8_t packed[4096];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)"sh;f 3\nsh;g 4\n", .avail_in = 14,
		       .next_out = packed, .avail_out = sizeof(packed) };
	struct reading r;

	assert_int_equal(deflateInit2(&z, 0, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	len = z.total_out;
	deflateEnd(&z);
	reading_begin(&r, packed, len);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), "sh | f | 3 0\nsh | g | 4 0\n");
	reading_done(&r);
	reading_begin(&r, packed, len - 10); /* its sum, and the last two bytes of text */
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), "sh | f | 3 0\n");
	assert_non_null(hearth_mock_logged(&r.mock, "the gzip data is damaged or cut off"));
	reading_done(&r);
}

TEST(many_stacks_are_several_batches)
{
	enum { N = FORMAT_BATCH_SAMPLES + 1000 };
	char *in = malloc(N * 16), *at = in;
	struct reading r;

	for (int i = 0; i < N; i++)
		at += snprintf(at, 16, "sh;f%d 1\n", i % 10);
	reading_begin(&r, in, (size_t)(at - in));
	assert_int_equal(reading_all(&r), 0);
	assert_int_equal(r.n_batches, 2);
	assert_memory_equal(reading_text(&r), "sh | f0 | 6654 0\n", 17);
	reading_done(&r);
	free(in);
}

TEST(what_is_no_folded_text_is_not_taken_for_it)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "", 0 }, { "\n\n", 2 }, { "hello world\n", 12 }, { "sh;f 3\0\n", 8 }, { "\x7f" "ELF 1\x02\n", 8 },
		{ "sh 100 [000] 12.5: 1003009 cpu-clock:\n", 38 }, { "a,b\n1,2\n", 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading r;

		reading_begin(&r, cases[i].bytes, cases[i].len);
		assert_int_equal(reading_all(&r), -ENOTSUP);
		reading_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_sample_of_its_count),
		cmocka_unit_test(suffixes_say_what_code_it_is),
		cmocka_unit_test(without_a_comm_the_first_part_is_a_frame),
		cmocka_unit_test(lines_that_make_no_sense_are_left_out_and_said_once),
		cmocka_unit_test(a_comparison_is_refused),
		cmocka_unit_test(a_line_of_any_length_costs_bounded_memory),
		cmocka_unit_test(packed_text_is_read_up_to_where_it_is_cut_off),
		cmocka_unit_test(many_stacks_are_several_batches),
		cmocka_unit_test(what_is_no_folded_text_is_not_taken_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
