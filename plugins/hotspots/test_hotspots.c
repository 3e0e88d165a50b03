/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to which row: every figure here can be counted by hand. */
#include "test_hotspots.h"

#include <dirent.h>
#include <fnmatch.h>

TEST(self_is_the_leafs_and_total_everybodys_on_the_stack)
{
	struct test_report t;
	uint32_t main, parse, read;

	report_begin(&t, NULL);
	main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	parse = test_named(&t.p, HEARTH_FRAME_NATIVE, "parse");
	read = test_named(&t.p, HEARTH_FRAME_KERNEL, "vfs_read");
	test_sample(&t.p, "app", (uint32_t[]){ read, parse, main }, 3, NULL);
	test_sample(&t.p, "app", (uint32_t[]){ parse, main }, 2, NULL);
	test_sample(&t.p, "app", (uint32_t[]){ parse, main }, 2, NULL);
	test_sample(&t.p, "app", (uint32_t[]){ main }, 1, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_row(&t, "\"symbol\":\"main\"", 1, 4);
	assert_row(&t, "\"symbol\":\"parse\"", 2, 3);
	assert_row(&t, "\"symbol\":\"vfs_read\"", 1, 1);
	assert_text(&t, "  100.00%    25.00%        1  app      test           [.] main\n");
	assert_text(&t, "   25.00%    25.00%        1  app      [kernel]       [k] vfs_read\n");
	report_end(&t);
}

TEST(a_function_that_calls_itself_counts_once_a_sample)
{
	struct test_report t;
	uint32_t even, odd;

	report_begin(&t, NULL);
	even = test_named(&t.p, HEARTH_FRAME_NATIVE, "even");
	odd = test_named(&t.p, HEARTH_FRAME_NATIVE, "odd");
	test_sample(&t.p, "app", (uint32_t[]){ even, odd, even, odd, even }, 5, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_row(&t, "\"symbol\":\"even\"", 1, 1);
	assert_row(&t, "\"symbol\":\"odd\"", 0, 1);
	report_end(&t);
}

TEST(batches_add_up_and_programs_are_told_apart)
{
	struct test_report t;

	report_begin(&t, NULL);
	for (int i = 0; i < 3; i++) {
		uint32_t main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");

		test_sample(&t.p, "one", &main, 1, NULL);
		test_sample(&t.p, "two", &main, 1, NULL);
		test_sample(&t.p, "two", &main, 1, NULL);
		report_feed(&t);
	}
	report_finish(&t);
	assert_row(&t, "\"comm\":\"one\"", 3, 3);
	assert_row(&t, "\"comm\":\"two\"", 6, 6);
	assert_true(strstr(t.json, "\"comm\":\"two\"") < strstr(t.json, "\"comm\":\"one\""));
	report_end(&t);
}

TEST(shares_are_of_the_period_and_samples_are_counted)
{
	struct test_report t;
	struct hearth_sample *last;
	uint32_t rare, often;

	report_begin(&t, NULL);
	t.p.info.period = 100;
	rare = test_named(&t.p, HEARTH_FRAME_NATIVE, "rare_but_heavy");
	often = test_named(&t.p, HEARTH_FRAME_NATIVE, "often");
	for (int i = 0; i < 3; i++)
		test_sample(&t.p, "app", &often, 1, NULL);
	test_sample(&t.p, "app", &rare, 1, NULL);
	last = hearth_flat_at(&t.p.b, HEARTH_PROFILE_SAMPLES, 3);
	last->period = 700;
	report_feed(&t);
	report_finish(&t);
	assert_text(&t, "   70.00%    70.00%        1  app      test           [.] rare_but_heavy\n");
	assert_text(&t, "   30.00%    30.00%        3  app      test           [.] often\n");
	assert_text(&t, "# Samples: 4 of event 'cpu-clock'\n# Event count (approx.): 1000\n");
	report_end(&t);
}

TEST(a_value_that_is_no_count_is_the_period_of_one_sample)
{
	struct test_report t;
	struct hearth_sample *sample;
	uint32_t wait;

	report_begin(&t, NULL);
	wait = test_named(&t.p, HEARTH_FRAME_KERNEL, "schedule");
	test_sample(&t.p, "app", &wait, 1, NULL);
	sample = hearth_flat_at(&t.p.b, HEARTH_PROFILE_SAMPLES, 0);
	sample->value = 5000000;
	assert_int_equal(hearth_mock_feed(&t.m, test_profile_end_as(&t.p, "off-cpu", "nanoseconds")), 0);
	report_finish(&t);
	assert_row(&t, "\"symbol\":\"schedule\"", 1, 1);
	assert_text(&t, "# Samples: 1 of event 'off-cpu'\n# Event count (approx.): 5000000\n");
	report_end(&t);
}

TEST(each_event_has_a_table)
{
	static const char *const only[] = { "events=page-faults", NULL };
	struct test_report t;

	for (int is_chosen = 0; is_chosen < 2; is_chosen++) {
		report_begin(&t, is_chosen ? only : NULL);
		for (int i = 0; i < 4; i++) {
			uint32_t main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");

			for (int k = 0; k <= i; k++)
				test_sample(&t.p, "app", &main, 1, NULL);
			assert_int_equal(hearth_mock_feed(&t.m, test_profile_end_as(&t.p,
				i % 2 ? "page-faults" : "cpu-clock", "count")), 0);
		}
		report_finish(&t);
		assert_text(&t, "# Samples: 6 of event 'page-faults'\n");
		assert_int_equal(strstr(t.text, "# Samples: 4 of event 'cpu-clock'\n") != NULL, !is_chosen);
		report_end(&t);
	}
}

TEST(code_without_a_name_is_one_row_for_each_binary)
{
	struct test_report t;
	uint32_t frames[4];

	report_begin(&t, NULL);
	frames[0] = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/usr/bin/stripped", 1, 0x1000, 0);
	frames[1] = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/usr/bin/stripped", 1, 0x2000, 0);
	frames[2] = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/usr/lib/other.so", 1, 0x3000, 0);
	frames[3] = test_frame(&t.p, HEARTH_FRAME_UNKNOWN, NULL, 0, 0x4000, HEARTH_FRAME_RAW);
	for (int i = 0; i < 4; i++)
		test_sample(&t.p, "app", &frames[i], 1, NULL);
	test_sample(&t.p, "app", NULL, 0, NULL); /* without a stack */
	report_feed(&t);
	report_finish(&t);
	assert_row(&t, "\"dso\":\"stripped\",\"symbol\":\"[unknown]\"", 2, 2);
	assert_row(&t, "\"dso\":\"other.so\",\"symbol\":\"[unknown]\"", 1, 1);
	assert_row(&t, "\"dso\":\"[unknown]\",\"symbol\":\"[unknown]\"", 2, 2);
	report_end(&t);
}

TEST(an_inlined_function_is_part_of_the_one_around_it_unless_asked_for)
{
	static const char *const names[] = { "tiny", "around", NULL };
	static const char *const with[] = { "inline=true", NULL };
	struct test_report t;

	for (int is_asked = 0; is_asked < 2; is_asked++) {
		uint32_t frame;

		report_begin(&t, is_asked ? with : NULL);
		frame = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/bin/test", 1, 0x1000, 0);
		test_names(&t.p, frame, names);
		test_sample(&t.p, "app", &frame, 1, NULL);
		report_feed(&t);
		report_finish(&t);
		assert_row(&t, "\"symbol\":\"around\"", !is_asked, 1);
		assert_int_equal(strstr(t.text, "[.] tiny (inlined)\n") != NULL, is_asked);
		report_end(&t);
	}
}

TEST(rows_are_what_the_sort_keys_tell_apart)
{
	static const struct {
		const char *sort, *row;
		uint64_t self, total;
	} cases[] = {
		{ "sort=comm", "\"comm\":\"app\"", 3, 3 },
		{ "sort=dso", "\"dso\":\"[kernel]\"", 1, 1 },
		{ "sort=dso", "\"dso\":\"test\"", 2, 3 },
		{ "sort=symbol", "\"symbol\":\"main\"", 2, 3 },
		{ "sort=pid,sym", "\"pid\":100,\"symbol\":\"main\"", 2, 3 },
		{ "sort=cpu,tid", "\"tid\":100,\"cpu\":0", 3, 3 },
	};
	struct test_report t;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const settings[] = { cases[i].sort, NULL };
		uint32_t main, read;

		report_begin(&t, settings);
		main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
		read = test_named(&t.p, HEARTH_FRAME_KERNEL, "vfs_read");
		test_sample(&t.p, "app", (uint32_t[]){ read, main }, 2, NULL);
		test_sample(&t.p, "app", &main, 1, NULL);
		test_sample(&t.p, "app", &main, 1, NULL);
		report_feed(&t);
		report_finish(&t);
		assert_row(&t, cases[i].row, cases[i].self, cases[i].total);
		report_end(&t);
	}
}

TEST(small_rows_are_left_out_and_counted)
{
	static const struct {
		const char *settings[3];
		const char *says;
		int has_small;
	} cases[] = {
		{ { NULL }, "[.] small\n", 1 },
		{ { "percent_limit=1%", NULL }, "# 1 row is not shown\n", 0 },
		{ { "percent_limit=0.5%", NULL }, "[.] small\n", 1 },
		{ { "limit=1", NULL }, "# 1 row is not shown\n", 0 },
		{ { "symbols=large", NULL }, "[.] large\n", 0 },
	};
	struct test_report t;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t large, small;

		report_begin(&t, cases[i].settings);
		large = test_named(&t.p, HEARTH_FRAME_NATIVE, "large");
		small = test_named(&t.p, HEARTH_FRAME_NATIVE, "small");
		test_sample(&t.p, "app", &small, 1, NULL);
		for (int k = 0; k < 199; k++)
			test_sample(&t.p, "app", &large, 1, NULL);
		report_feed(&t);
		report_finish(&t);
		assert_text(&t, cases[i].says);
		assert_int_equal(strstr(t.text, "[.] small\n") != NULL, cases[i].has_small);
		assert_text(&t, "199  app ");
		report_end(&t);
	}
}

TEST(without_children_a_function_ranks_by_its_own)
{
	static const char *const settings[] = { "children=false", NULL };
	struct test_report t;
	uint32_t main, leaf;

	report_begin(&t, settings);
	main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	leaf = test_named(&t.p, HEARTH_FRAME_NATIVE, "leaf");
	test_sample(&t.p, "app", (uint32_t[]){ leaf, main }, 2, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_text(&t, "# Overhead  Samples  Command  Shared Object  Symbol\n");
	assert_text(&t, "   100.00%        1  app      test           [.] leaf\n");
	assert_null(strstr(t.text, "main"));
	report_end(&t);
}

TEST(losses_and_cut_stacks_are_said_above_the_table)
{
	struct test_report t;
	uint32_t main;

	report_begin(&t, (const char *const[]){ "title=a file", NULL });
	main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "app", &main, 1, "no unwind rows");
	test_sample(&t.p, "app", &main, 1, NULL);
	hearth_build_loss(&t.p.b, HEARTH_LOSS_SAMPLES, "ring full", 1234);
	report_feed(&t);
	report_finish(&t);
	assert_text(&t, "# a file, 2026-09-21 14:13:20 UTC, 5.0 s: 2 samples of cpu-clock at 997 Hz, "
		    "1,234 lost (ring full), 1 with a cut stack\n");
	report_end(&t);
}

TEST(a_profile_without_samples_says_so_in_one_sentence)
{
	struct test_report t;

	report_begin(&t, (const char *const[]){ "title=a file", NULL });
	report_feed(&t);
	report_finish(&t);
	assert_string_equal(t.text, "# a file: no samples: nothing of what was watched has run\n");
	report_end(&t);
}

TEST(beyond_max_memory_samples_are_counted_in_one_row)
{
	struct test_report t;
	char name[300];

	report_begin(&t, (const char *const[]){ "max_memory=1MiB", NULL });
	for (int batch = 0; batch < 3; batch++) {
		for (int i = 0; i < 4000; i++) {
			uint32_t frame;

			snprintf(name, sizeof(name), "%0200d", batch * 4000 + i);
			frame = test_named(&t.p, HEARTH_FRAME_NATIVE, name);
			test_sample(&t.p, "app", &frame, 1, NULL);
		}
		report_feed(&t);
	}
	report_finish(&t);
	assert_row(&t, "\"symbol\":\"[beyond max_memory]\"", 8000, 8000);
	assert_int_equal(hearth_mock_counter(&t.m, "stacks_truncated.memory limit"), 8000);
	assert_text(&t, "# max_memory was reached: 8,000 samples are in no row of their own\n");
	report_end(&t);
}

TEST(an_interval_writes_a_file_with_its_time_and_begins_anew)
{
	struct test_report t;
	char name[64];
	struct dirent *file;
	DIR *folder;

	report_begin(&t, (const char *const[]){ "interval=60s", "json=", NULL });
	hearth_mock_advance(&t.m, 60 * HEARTH_MOCK_SECOND); /* nothing has been sampled */
	for (int i = 0; i < 2; i++) {
		uint32_t main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");

		test_sample(&t.p, "app", &main, 1, NULL);
		report_feed(&t);
		hearth_mock_advance(&t.m, 60 * HEARTH_MOCK_SECOND);
		folder = opendir(t.folder);
		assert_non_null(folder);
		*name = 0;
		while ((file = readdir(folder)))
			if (*file->d_name != '.')
				snprintf(name, sizeof(name), "%.63s", file->d_name);
		closedir(folder);
		assert_int_equal(fnmatch("report-2???????T??????Z.txt", name, 0), 0);
		free(t.text);
		t.text = report_take(&t, name);
		assert_text(&t, "# Samples: 1 of event 'cpu-clock'\n");
	}
	report_finish(&t); /* and nothing is left */
	assert_null(t.text);
	report_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(self_is_the_leafs_and_total_everybodys_on_the_stack),
		cmocka_unit_test(a_function_that_calls_itself_counts_once_a_sample),
		cmocka_unit_test(batches_add_up_and_programs_are_told_apart),
		cmocka_unit_test(shares_are_of_the_period_and_samples_are_counted),
		cmocka_unit_test(a_value_that_is_no_count_is_the_period_of_one_sample),
		cmocka_unit_test(each_event_has_a_table),
		cmocka_unit_test(code_without_a_name_is_one_row_for_each_binary),
		cmocka_unit_test(an_inlined_function_is_part_of_the_one_around_it_unless_asked_for),
		cmocka_unit_test(rows_are_what_the_sort_keys_tell_apart),
		cmocka_unit_test(small_rows_are_left_out_and_counted),
		cmocka_unit_test(without_children_a_function_ranks_by_its_own),
		cmocka_unit_test(losses_and_cut_stacks_are_said_above_the_table),
		cmocka_unit_test(a_profile_without_samples_says_so_in_one_sentence),
		cmocka_unit_test(beyond_max_memory_samples_are_counted_in_one_row),
		cmocka_unit_test(an_interval_writes_a_file_with_its_time_and_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
