/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to whom: every figure here can be counted by hand. */
#include "common/test_profile.h"

#include "tally.h"

#define MANY 64

static struct tally *tally_of(struct test_profile *p)
{
	struct tally *t;

	assert_int_equal(tally_new(&t), 0);
	assert_int_equal(tally_add_batch(t, test_profile_end(p)), 0);
	return t;
}

static void assert_weight(const struct tally *t, const char *name, uint64_t self, uint64_t total)
{
	struct tally_function rows[MANY];
	uint32_t n = MANY;

	assert_int_equal(tally_rank_functions(t, TALLY_BY_TOTAL, rows, &n), 0);
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0) {
			assert_int_equal(rows[i].weight.self, self);
			assert_int_equal(rows[i].weight.total, total);
			return;
		}
	assert_string_equal(name, "among the functions");
}

TEST(self_is_the_leafs_and_total_everybodys_on_the_stack)
{
	struct test_profile p;
	struct tally *t;
	uint32_t main, parse, read;

	test_profile_begin(&p);
	main = test_named(&p, HEARTH_FRAME_NATIVE, "main");
	parse = test_named(&p, HEARTH_FRAME_NATIVE, "parse");
	read = test_named(&p, HEARTH_FRAME_KERNEL, "vfs_read");
	for (int i = 0; i < 3; i++)
		test_sample(&p, "a", (uint32_t[]){ parse, main }, 2, NULL);
	test_sample(&p, "a", (uint32_t[]){ read, parse, main }, 3, NULL);
	test_sample(&p, "b", (uint32_t[]){ main }, 1, NULL);
	t = tally_of(&p);
	assert_weight(t, "main", 1, 5);
	assert_weight(t, "parse", 3, 4);
	assert_weight(t, "vfs_read", 1, 1);
	assert_int_equal(t->n_samples, 5);
	tally_free(t);
	test_profile_done(&p);
}

TEST(recursion_counts_a_sample_once)
{
	struct test_profile p;
	struct tally *t;
	uint32_t walk;

	test_profile_begin(&p);
	walk = test_named(&p, HEARTH_FRAME_NATIVE, "walk");
	test_sample(&p, "a", (uint32_t[]){ walk, walk, walk }, 3, NULL);
	t = tally_of(&p);
	assert_weight(t, "walk", 1, 1);
	tally_free(t);
	test_profile_done(&p);
}

TEST(an_inlined_function_has_the_self_of_its_frame)
{
	static const char *const names[] = { "inner", "outer", NULL };
	struct test_profile p;
	struct tally *t;
	uint32_t frame;

	test_profile_begin(&p);
	frame = test_frame(&p, HEARTH_FRAME_NATIVE, "/bin/x", 1, 0x10, 0);
	test_names(&p, frame, names);
	test_sample(&p, "x", &frame, 1, NULL);
	t = tally_of(&p);
	assert_weight(t, "inner", 1, 1);
	assert_weight(t, "outer", 0, 1);
	tally_free(t);
	test_profile_done(&p);
}

TEST(frames_without_names_say_where_they_are)
{
	struct test_profile p;
	struct tally *t;
	uint32_t frames[3];

	test_profile_begin(&p);
	frames[0] = test_frame(&p, HEARTH_FRAME_NATIVE, "/usr/bin/gzip", 1, 0x4883, 0);
	frames[1] = test_frame(&p, HEARTH_FRAME_NATIVE, "/lib/libz.so (deleted)", 2, 0x7f00, HEARTH_FRAME_RAW);
	frames[2] = test_frame(&p, HEARTH_FRAME_UNKNOWN, NULL, 0, 0x1234, HEARTH_FRAME_RAW);
	test_sample(&p, "gzip", frames, 3, NULL);
	t = tally_of(&p);
	assert_weight(t, "gzip+0x4883", 1, 1);
	assert_weight(t, "[libz.so]", 0, 1);
	assert_weight(t, "[unknown]", 0, 1);
	tally_free(t);
	test_profile_done(&p);
}

TEST(the_sum_of_windows_is_the_window_of_all)
{
	struct test_profile p;
	struct tally *sum, *window;
	struct tally_process processes[MANY];
	uint32_t main, n = MANY;

	assert_int_equal(tally_new(&sum), 0);
	test_profile_begin(&p);
	for (int i = 1; i <= 3; i++) {
		main = test_named(&p, HEARTH_FRAME_NATIVE, "main");
		for (int k = 0; k < i; k++)
			test_sample(&p, i == 2 ? "b" : "a", &main, 1, NULL);
		hearth_build_loss(&p.b, HEARTH_LOSS_SAMPLES, "ring full", 5);
		window = tally_of(&p);
		assert_int_equal(tally_add(sum, window), 0);
		tally_free(window); /* the sum keeps nothing of it */
	}
	assert_weight(sum, "main", 6, 6);
	assert_int_equal(sum->lost, 15);
	assert_int_equal(sum->length_ns, 15 * HEARTH_MOCK_SECOND);
	assert_int_equal(sum->cpu_ns, 6 * p.info.period);
	assert_int_equal(tally_rank_processes(sum, processes, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(processes[0].comm, "a");
	assert_int_equal(processes[0].value, 4);
	tally_free(sum);
	test_profile_done(&p);
}

TEST(ranking_follows_the_order_and_the_limit)
{
	struct test_profile p;
	struct tally *t;
	struct tally_function rows[2];
	uint32_t main, hot, n = 2;

	test_profile_begin(&p);
	main = test_named(&p, HEARTH_FRAME_NATIVE, "main");
	hot = test_named(&p, HEARTH_FRAME_NATIVE, "hot");
	test_sample(&p, "a", (uint32_t[]){ hot, main }, 2, NULL);
	test_sample(&p, "a", (uint32_t[]){ hot, main }, 2, NULL);
	test_sample(&p, "a", &main, 1, NULL);
	t = tally_of(&p);
	assert_int_equal(tally_rank_functions(t, TALLY_BY_SELF, rows, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].name, "hot");
	assert_int_equal(tally_rank_functions(t, TALLY_BY_TOTAL, rows, &n), 0);
	assert_string_equal(rows[0].name, "main");
	n = 1;
	assert_int_equal(tally_rank_functions(t, TALLY_BY_SELF, rows, &n), 0);
	assert_int_equal(n, 1);
	tally_free(t);
	test_profile_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(self_is_the_leafs_and_total_everybodys_on_the_stack),
		cmocka_unit_test(recursion_counts_a_sample_once),
		cmocka_unit_test(an_inlined_function_has_the_self_of_its_frame),
		cmocka_unit_test(frames_without_names_say_where_they_are),
		cmocka_unit_test(the_sum_of_windows_is_the_window_of_all),
		cmocka_unit_test(ranking_follows_the_order_and_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
