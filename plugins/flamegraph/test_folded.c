/* SPDX-License-Identifier: Apache-2.0 */
/* What frames are called, and that every sample is in exactly one line. */
#include "test_flamegraph.h"

static char *folded_of(struct test_flame *t)
{
	flame_feed(t);
	assert_int_equal(hearth_mock_finish(&t->m), 0);
	return flame_read(t, "stacks.folded");
}

TEST(a_stack_is_a_line_comm_first_root_to_leaf)
{
	_cleanup_free_ char *text = NULL;
	struct test_flame t;
	uint32_t frames[3];

	flame_begin(&t, NULL);
	frames[0] = test_named(&t.p, HEARTH_FRAME_KERNEL, "read_iter");
	frames[1] = test_named(&t.p, HEARTH_FRAME_JIT, "compiled");
	frames[2] = test_named(&t.p, HEARTH_FRAME_NATIVE, "main");
	test_sample(&t.p, "gzip", frames, 3, NULL);
	test_sample(&t.p, "gzip", frames, 3, NULL);
	test_sample(&t.p, "gzip", frames + 2, 1, NULL);
	text = folded_of(&t);
	assert_string_equal(text, "gzip;main 1\ngzip;main;compiled_[j];read_iter_[k] 2\n");
	flame_end(&t);
}

TEST(frames_are_called_by_what_is_known_of_them)
{
	static const struct {
		uint32_t kind, flags;
		const char *path;
		uint64_t address;
		const char *text;
	} cases[] = {
		{ HEARTH_FRAME_NATIVE, 0, "/usr/bin/gzip", 0x4883, "gzip+0x4883" },
		{ HEARTH_FRAME_NATIVE, 0, "/usr/lib/libz.so.1 (deleted)", 0x10, "libz.so.1+0x10" },
		{ HEARTH_FRAME_NATIVE, 0, "[vdso]", 0x10, "[vdso]+0x10" },
		{ HEARTH_FRAME_NATIVE, HEARTH_FRAME_RAW, "/usr/lib/libz.so.1", 0x7f10, "[libz.so.1]" },
		{ HEARTH_FRAME_NATIVE, HEARTH_FRAME_RAW, "[stack]", 0x7f10, "[stack]" },
		{ HEARTH_FRAME_UNKNOWN, HEARTH_FRAME_RAW, NULL, 0x7f10, "[unknown]" },
		{ HEARTH_FRAME_JIT, HEARTH_FRAME_RAW, NULL, 0x7f10, "[unknown]_[j]" },
		{ HEARTH_FRAME_KERNEL, 0, "[kernel]", 0xffffffff81000000, "[kernel]+0xffffffff81000000_[k]" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		struct test_flame t;
		uint32_t frame;
		char line[128];

		flame_begin(&t, NULL);
		frame = test_frame(&t.p, cases[i].kind, cases[i].path, 0, cases[i].address, cases[i].flags);
		test_sample(&t.p, "x", &frame, 1, NULL);
		text = folded_of(&t);
		snprintf(line, sizeof(line), "x;%s 1\n", cases[i].text);
		assert_string_equal(text, line);
		flame_end(&t);
	}
}

TEST(a_raw_frame_is_called_after_what_is_mapped_there)
{
	struct hearth_binary binary = { .size = 1 };
	struct hearth_mapping mapping = { .start = 0x7000, .end = 0x8000 };
	struct hearth_frame frame = { .address = 0x7010, .kind = HEARTH_FRAME_NATIVE,
				      .flags = HEARTH_FRAME_RAW };
	_cleanup_free_ char *text = NULL;
	struct test_flame t;
	uint32_t i;

	flame_begin(&t, NULL);
	binary.path = hearth_flat_intern_string(&t.p.b, "/opt/app");
	mapping.binary = hearth_build_binary(&t.p.b, &binary);
	frame.mapping = hearth_build_mapping(&t.p.b, &mapping);
	i = hearth_build_frame(&t.p.b, &frame);
	test_sample(&t.p, "x", &i, 1, NULL);
	text = folded_of(&t);
	assert_string_equal(text, "x;[app] 1\n");
	flame_end(&t);
}

TEST(inlined_functions_are_frames_of_their_own)
{
	static const char *const names[] = { "innermost", "inlined", "physical", NULL };
	_cleanup_free_ char *text = NULL;
	struct test_flame t;
	uint32_t frame;

	flame_begin(&t, NULL);
	frame = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/bin/x", 1, 0x10, 0);
	test_names(&t.p, frame, names);
	test_sample(&t.p, "x", &frame, 1, NULL);
	text = folded_of(&t);
	assert_string_equal(text, "x;physical;inlined;innermost 1\n");
	flame_end(&t);
}

TEST(a_cut_stack_says_so_behind_the_comm)
{
	_cleanup_free_ char *text = NULL;
	struct test_flame t;
	uint32_t leaf;

	flame_begin(&t, NULL);
	leaf = test_named(&t.p, HEARTH_FRAME_NATIVE, "leaf");
	test_sample(&t.p, "x", &leaf, 1, "no frame pointers");
	test_sample(&t.p, "x", NULL, 0, "too deep");
	test_sample(&t.p, "x", NULL, 0, NULL);
	text = folded_of(&t);
	assert_string_equal(text, "x 1\nx;[truncated: no frame pointers];leaf 1\n"
			    "x;[truncated: too deep] 1\n");
	flame_end(&t);
}

TEST(no_name_breaks_a_line_or_a_frame)
{
	_cleanup_free_ char *text = NULL;
	struct test_flame t;
	uint32_t frame;

	flame_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "a;b\nc\x01\xff 7");
	test_sample(&t.p, "my;comm\n", &frame, 1, NULL);
	text = folded_of(&t);
	assert_string_equal(text, "my:comm?;a:b?c?? 7 1\n");
	flame_end(&t);
}

TEST(one_name_in_two_files_is_one_line)
{
	static const char *const names[] = { "init", NULL };
	_cleanup_free_ char *text = NULL;
	struct test_flame t;
	uint32_t one, two;

	flame_begin(&t, NULL);
	one = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/bin/one", 1, 0x10, 0);
	test_names(&t.p, one, names);
	two = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/bin/two", 2, 0x10, 0);
	test_names(&t.p, two, names);
	test_sample(&t.p, "x", &one, 1, NULL);
	test_sample(&t.p, "x", &two, 1, NULL);
	text = folded_of(&t);
	assert_string_equal(text, "x;init 2\n");
	assert_string_equal(hearth_mock_reported(&t.m, "stacks.unique"), "1");
	flame_end(&t);
}

static uint64_t seed = 88172645463325252ull;

static uint32_t random_below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/* Cuts the count off a line; the rest is the stack. */
static uint64_t take_count(char *line)
{
	char *blank = strrchr(line, ' ');

	assert_non_null(blank);
	*blank = 0;
	return strtoull(blank + 1, NULL, 10);
}

TEST(lines_are_sorted_distinct_and_add_up_to_the_samples)
{
	/* Bytes below ';' are where sorting by frame and sorting by line part. */
	static const char *const names[] = { "a", "a b", "a!", "a(int)", "a:b", "a;b", "aa", "a<b>", "~a" };
	enum { N = 4000 };
	_cleanup_free_ char *text = NULL;
	char *save = NULL, *previous = NULL;
	struct test_flame t;
	uint64_t sum = 0;

	flame_begin(&t, NULL);
	for (int batch = 0; batch < 4; batch++) {
		uint32_t all[ARRAY_SIZE(names)];

		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			all[k] = test_named(&t.p, HEARTH_FRAME_NATIVE, names[k]);
		for (int i = 0; i < N / 4; i++) {
			uint32_t frames[4], n = random_below(5);

			for (uint32_t k = 0; k < n; k++)
				frames[k] = all[random_below(ARRAY_SIZE(names))];
			test_sample(&t.p, names[random_below(3)], frames, n, NULL);
		}
		if (batch < 3)
			flame_feed(&t);
	}
	text = folded_of(&t);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		sum += take_count(line);
		if (previous)
			assert_true(strcmp(previous, line) < 0);
		previous = line;
	}
	assert_int_equal(sum, N);
	flame_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stack_is_a_line_comm_first_root_to_leaf),
		cmocka_unit_test(frames_are_called_by_what_is_known_of_them),
		cmocka_unit_test(a_raw_frame_is_called_after_what_is_mapped_there),
		cmocka_unit_test(inlined_functions_are_frames_of_their_own),
		cmocka_unit_test(a_cut_stack_says_so_behind_the_comm),
		cmocka_unit_test(no_name_breaks_a_line_or_a_frame),
		cmocka_unit_test(one_name_in_two_files_is_one_line),
		cmocka_unit_test(lines_are_sorted_distinct_and_add_up_to_the_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
