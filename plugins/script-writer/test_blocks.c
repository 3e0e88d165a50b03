/* SPDX-License-Identifier: Apache-2.0 */
/* How many blocks a sample is, in which order they come, and what stands above the frames. */
#include "test_script.h"

#include <dirent.h>

#include "blocks.h"

TEST(a_sample_is_a_block_with_its_frames_leaf_first)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frames[2];

	script_begin(&t, NULL);
	frames[0] = test_frame(&t.p, HEARTH_FRAME_KERNEL, "[kernel]", 0, 0xffffffff81234567, 0);
	frames[1] = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/usr/bin/gzip", 7, 0x4883, 0);
	test_names(&t.p, frames[1], (const char *const[]){ "deflate", NULL });
	test_sample(&t.p, "gzip", frames, 2, NULL);
	script_feed(&t);
	text = script_finish(&t);
	assert_string_equal(text, "gzip   100/100   [000]  1000.000000:    1003009 cpu-clock: \n"
				  "\tffffffff81234567 [unknown] ([kernel.kallsyms])\n"
				  "\t            4883 deflate (/usr/bin/gzip)\n\n");
	script_end(&t);
}

/* Bytes of the folder's one file, which has a temporary name until it is whole. */
static off_t growing_size(const struct test_script *t)
{
	DIR *d = opendir(t->folder);
	struct stat st = { .st_size = 0 };

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (e->d_type == DT_REG)
			assert_int_equal(fstatat(dirfd(d), e->d_name, &st, 0), 0);
	closedir(d);
	return st.st_size;
}

TEST(a_batch_is_on_the_disk_before_the_next_one_comes)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	off_t before;
	uint32_t frame;

	script_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "a", &frame, 1, NULL);
	script_feed(&t);
	before = growing_size(&t);
	assert_true(before > 0);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "b", &frame, 1, NULL);
	script_feed(&t);
	assert_int_equal(growing_size(&t), 2 * before);
	text = script_finish(&t);
	assert_int_equal(strlen(text), 2 * before);
	script_end(&t);
}

TEST(why_a_stack_was_cut_stands_where_its_callers_would)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frame;

	script_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "leaf");
	test_sample(&t.p, "x", &frame, 1, "no unwind table");
	script_feed(&t);
	text = script_finish(&t);
	assert_non_null(strstr(text, " leaf (/bin/test)\n\t               0 [truncated: no unwind table] ([unknown])\n\n"));
	script_end(&t);
}

/* The batch's one sample, before it is fed. */
static struct hearth_sample *only_sample(struct test_script *t)
{
	return (struct hearth_sample *)(void *)t->p.b.rows[HEARTH_PROFILE_SAMPLES].bytes;
}

static size_t count_blocks(const char *text)
{
	size_t n = 0;

	/* Not strstr(): a sanitizer measures the whole rest of the text each time. */
	for (const char *at = text; *at; at++)
		n += at[0] == '\n' && at[1] == '\n';
	return n;
}

static char *script_of_value(struct test_script *t, uint64_t value)
{
	uint32_t frame;

	script_begin(t, NULL);
	frame = test_named(&t->p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t->p, "x", &frame, 1, NULL);
	only_sample(t)->value = value;
	script_feed(t);
	return script_finish(t);
}

TEST(a_sample_that_stands_for_several_is_as_many_blocks)
{
	struct test_script t;
	_cleanup_free_ char *text = script_of_value(&t, 3);

	assert_int_equal(count_blocks(text), 3);
	assert_int_equal(hearth_mock_counter(&t.m, "samples_merged"), 0);
	script_end(&t);
}

TEST(more_than_a_file_can_hold_are_in_the_period_of_the_last_and_are_counted)
{
	struct test_script t;
	_cleanup_free_ char *text = script_of_value(&t, BLOCKS_MAX_REPEATS + 1000);

	assert_int_equal(count_blocks(text), BLOCKS_MAX_REPEATS);
	assert_int_equal(hearth_mock_counter(&t.m, "samples_merged"), 1000);
	assert_non_null(strstr(text, ": 1004012009 cpu-clock: \n")); /* 1001 × 1003009 */
	script_end(&t);
}

TEST(samples_without_a_time_are_a_period_apart)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frame;

	script_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "x", &frame, 1, NULL);
	*only_sample(&t) = (struct hearth_sample){ .value = 2, .stack = 1, .thread = 1, .cpu = HEARTH_NO_CPU };
	script_feed(&t);
	text = script_finish(&t);
	assert_non_null(strstr(text, "x   100/100       0.001003:    1003009"));
	assert_non_null(strstr(text, "x   100/100       0.002006:    1003009"));
	script_end(&t);
}

TEST(samples_come_in_the_order_of_their_times)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frame;

	script_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "late", &frame, 1, NULL);
	only_sample(&t)->time_ns += 5;
	test_sample(&t.p, "early", &frame, 1, NULL);
	script_feed(&t);
	text = script_finish(&t);
	assert_memory_equal(text, "early ", 6);
	assert_non_null(strstr(text, "\nlate "));
	script_end(&t);
}

TEST(without_the_period_collapsers_count_samples)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frame;

	script_begin(&t, "period=false");
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "x", &frame, 1, NULL);
	script_feed(&t);
	text = script_finish(&t);
	assert_memory_equal(text, "x   100/100   [000]  1000.000000: cpu-clock: \n", 45);
	script_end(&t);
}

TEST(the_period_of_a_sample_counts_before_that_of_its_event)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frame;

	script_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "x", &frame, 1, NULL);
	only_sample(&t)->period = 77;
	script_feed(&t);
	text = script_finish(&t);
	assert_non_null(strstr(text, ":         77 cpu-clock: \n"));
	script_end(&t);
}

TEST(a_name_is_one_of_the_folder)
{
	static const char *const names[] = { "name=", "name=.hidden", "name=a/b" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct hearth_mock m;

		hearth_mock_init(&m, hearth_plugin_v0.components[0]);
		assert_int_equal(hearth_mock_set(&m, names[i]), 0);
		assert_int_equal(hearth_mock_create(&m), -EINVAL);
		assert_int_equal(hearth_mock_done(&m), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_a_block_with_its_frames_leaf_first),
		cmocka_unit_test(a_batch_is_on_the_disk_before_the_next_one_comes),
		cmocka_unit_test(why_a_stack_was_cut_stands_where_its_callers_would),
		cmocka_unit_test(a_sample_that_stands_for_several_is_as_many_blocks),
		cmocka_unit_test(more_than_a_file_can_hold_are_in_the_period_of_the_last_and_are_counted),
		cmocka_unit_test(samples_without_a_time_are_a_period_apart),
		cmocka_unit_test(samples_come_in_the_order_of_their_times),
		cmocka_unit_test(without_the_period_collapsers_count_samples),
		cmocka_unit_test(the_period_of_a_sample_counts_before_that_of_its_event),
		cmocka_unit_test(a_name_is_one_of_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
