/* SPDX-License-Identifier: Apache-2.0 */
/* Who called what: a graph adds up to the total of the function that it is of. */
#include "test_hotspots.h"

/* a → b → leaf twice, a → c → leaf once, b alone once. */
static void sample(struct test_report *t)
{
	uint32_t a = test_named(&t->p, HEARTH_FRAME_NATIVE, "a");
	uint32_t b = test_named(&t->p, HEARTH_FRAME_NATIVE, "b");
	uint32_t c = test_named(&t->p, HEARTH_FRAME_NATIVE, "c");
	uint32_t leaf = test_named(&t->p, HEARTH_FRAME_KERNEL, "leaf");

	test_sample(&t->p, "app", (uint32_t[]){ leaf, b, a }, 3, NULL);
	test_sample(&t->p, "app", (uint32_t[]){ leaf, b, a }, 3, NULL);
	test_sample(&t->p, "app", (uint32_t[]){ leaf, c, a }, 3, NULL);
	test_sample(&t->p, "app", &b, 1, NULL);
	report_feed(t);
	report_finish(t);
}

TEST(callers_go_outwards_from_a_function)
{
	struct test_report t;

	report_begin(&t, (const char *const[]){ "callers=true", "symbols=leaf", NULL });
	sample(&t);
	assert_text(&t, "        called by:\n"
			"             50.00%  [.] b\n"
			"                     [.] a\n"
			"             25.00%  [.] c\n"
			"                     [.] a\n\n");
	report_end(&t);
}

TEST(callees_go_inwards_from_a_function)
{
	struct test_report t;

	report_begin(&t, (const char *const[]){ "callees=true", "symbols=a", NULL });
	sample(&t);
	assert_text(&t, "        calls:\n"
			"             50.00%  [.] b\n"
			"                     [k] leaf\n"
			"             25.00%  [.] c\n"
			"                     [k] leaf\n\n");
	report_end(&t);
}

TEST(a_graph_divides_where_stacks_do)
{
	struct test_report t;
	uint32_t f[4];

	report_begin(&t, (const char *const[]){ "callees=true", "symbols=top", NULL });
	f[0] = test_named(&t.p, HEARTH_FRAME_NATIVE, "top");
	f[1] = test_named(&t.p, HEARTH_FRAME_NATIVE, "middle");
	f[2] = test_named(&t.p, HEARTH_FRAME_NATIVE, "left");
	f[3] = test_named(&t.p, HEARTH_FRAME_NATIVE, "right");
	test_sample(&t.p, "app", (uint32_t[]){ f[2], f[1], f[0] }, 3, NULL);
	test_sample(&t.p, "app", (uint32_t[]){ f[2], f[1], f[0] }, 3, NULL);
	test_sample(&t.p, "app", (uint32_t[]){ f[3], f[1], f[0] }, 3, NULL);
	test_sample(&t.p, "app", (uint32_t[]){ f[1], f[0] }, 2, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_text(&t, "        calls:\n"
			"            100.00%  [.] middle\n"
			"               50.00%  [.] left\n"
			"               25.00%  [.] right\n\n");
	assert_non_null(strstr(t.json, "\"callees\":[{\"dso\":\"test\",\"symbol\":\"middle\""));
	report_end(&t);
}

TEST(the_outermost_call_of_a_function_counts)
{
	struct test_report t;
	uint32_t f[3];

	report_begin(&t, (const char *const[]){ "callees=true", "callers=true", "symbols=again", NULL });
	f[0] = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	f[1] = test_named(&t.p, HEARTH_FRAME_NATIVE, "again");
	f[2] = test_named(&t.p, HEARTH_FRAME_NATIVE, "between");
	test_sample(&t.p, "app", (uint32_t[]){ f[1], f[2], f[1], f[0] }, 4, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_text(&t, "        called by:\n"
			"            100.00%  [.] main\n\n"
			"        calls:\n"
			"            100.00%  [.] between\n"
			"                     [.] again\n\n");
	report_end(&t);
}

TEST(small_branches_are_left_out)
{
	struct test_report t;
	uint32_t main, large, small;

	report_begin(&t, (const char *const[]){ "callees=true", "symbols=main", NULL });
	main = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	large = test_named(&t.p, HEARTH_FRAME_NATIVE, "large");
	small = test_named(&t.p, HEARTH_FRAME_NATIVE, "small");
	for (int i = 0; i < 1000; i++)
		test_sample(&t.p, "app", (uint32_t[]){ i < 4 ? small : large, main }, 2, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_text(&t, "             99.60%  [.] large\n");
	assert_null(strstr(t.text, "small"));
	report_end(&t);
}

TEST(a_stack_of_any_depth_is_drawn)
{
	enum { DEPTH = 20000 };
	struct test_report t;
	uint32_t *frames = calloc(DEPTH, sizeof(*frames));

	assert_non_null(frames);
	report_begin(&t, (const char *const[]){ "callees=true", "callers=true", NULL });
	for (uint32_t i = 0; i < DEPTH; i++)
		frames[i] = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/bin/test", 1, i, 0);
	test_names(&t.p, frames[0], (const char *const[]){ "leaf", NULL });
	test_sample(&t.p, "app", frames, DEPTH, NULL);
	test_sample(&t.p, "app", frames + DEPTH / 2, DEPTH / 2, NULL);
	report_feed(&t);
	report_finish(&t);
	assert_row(&t, "\"symbol\":\"leaf\"", 1, 1);
	report_end(&t);
	free(frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_go_outwards_from_a_function),
		cmocka_unit_test(callees_go_inwards_from_a_function),
		cmocka_unit_test(a_graph_divides_where_stacks_do),
		cmocka_unit_test(the_outermost_call_of_a_function_counts),
		cmocka_unit_test(small_branches_are_left_out),
		cmocka_unit_test(a_stack_of_any_depth_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
