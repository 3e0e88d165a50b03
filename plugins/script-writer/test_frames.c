/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of frame looks like, and that nothing that is sampled can write a line of its own. */
#include "test_script.h"

TEST(frames_are_shown_as_perf_shows_them)
{
	static const struct {
		uint32_t kind, flags;
		const char *path;
		uint64_t address;
		const char *line;
	} cases[] = {
		{ HEARTH_FRAME_NATIVE, 0, "/usr/lib/libz.so.1 (deleted)", 0x10, "              10 [unknown] (/usr/lib/libz.so.1)" },
		{ HEARTH_FRAME_NATIVE, HEARTH_FRAME_RAW, "/opt/my app", 0x7f10, "            7f10 [unknown] (/opt/my_app)" },
		{ HEARTH_FRAME_NATIVE, HEARTH_FRAME_RAW, "[stack]", 0x7f10, "            7f10 [unknown] ([stack])" },
		{ HEARTH_FRAME_UNKNOWN, HEARTH_FRAME_RAW, NULL, 0x7f10, "            7f10 [unknown] ([unknown])" },
		{ HEARTH_FRAME_KERNEL, 0, "[kernel]", 0xffffffff81000000, "ffffffff81000000 [unknown] ([kernel.kallsyms])" },
		{ HEARTH_FRAME_KERNEL, 0, NULL, 0, "               0 [unknown] ([kernel.kallsyms])" },
		{ HEARTH_FRAME_KERNEL, 0, "[xfs]", 0x10, "              10 [unknown] ([xfs])" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct test_script t;
		_cleanup_free_ char *text = NULL;
		uint32_t frame;
		char line[128];

		script_begin(&t, NULL);
		frame = test_frame(&t.p, cases[i].kind, cases[i].path, 0, cases[i].address, cases[i].flags);
		test_sample(&t.p, "x", &frame, 1, NULL);
		script_feed(&t);
		text = script_finish(&t);
		snprintf(line, sizeof(line), ": \n\t%s\n\n", cases[i].line);
		assert_string_equal(strstr(text, ": \n"), line);
		script_end(&t);
	}
}

/* A process that has the file at 0x70000 from byte 0x2000 on, which is ELF address 0x403000. */
static uint32_t map_file(struct test_profile *p, const char *path)
{
	struct hearth_binary binary = { .size = 1 };
	struct hearth_process process = { .pid = 100 };
	struct hearth_mapping m = { .start = 0x70000, .end = 0x80000, .file_offset = 0x2000, .vaddr = 0x403000 };

	binary.path = hearth_flat_intern_string(&p->b, path);
	m.binary = hearth_build_binary(&p->b, &binary);
	process.comm = hearth_flat_intern_string(&p->b, "x");
	m.process = hearth_build_process(&p->b, &process);
	return hearth_build_mapping(&p->b, &m);
}

TEST(code_of_a_file_is_shown_by_its_offset_in_it)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	struct hearth_frame elf = { .address = 0x403010, .kind = HEARTH_FRAME_NATIVE, .binary = 1 };
	struct hearth_frame beyond = { .address = 0x413000, .kind = HEARTH_FRAME_NATIVE, .binary = 1 };
	struct hearth_frame raw = { .address = 0x70020, .kind = HEARTH_FRAME_NATIVE, .flags = HEARTH_FRAME_RAW };
	uint32_t frames[3];

	script_begin(&t, NULL);
	raw.mapping = map_file(&t.p, "/opt/app");
	frames[0] = hearth_build_frame(&t.p.b, &elf);
	frames[1] = hearth_build_frame(&t.p.b, &raw);
	frames[2] = hearth_build_frame(&t.p.b, &beyond);
	test_sample(&t.p, "x", frames, 3, NULL);
	script_feed(&t);
	text = script_finish(&t);
	assert_non_null(strstr(text, "\t            2010 [unknown] (/opt/app)\n"
				     "\t            2020 [unknown] (/opt/app)\n"
				     "\t          413000 [unknown] (/opt/app)\n"));
	script_end(&t);
}

TEST(generated_code_is_said_to_be_in_the_map_where_perf_looks_for_it)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	struct hearth_frame frame = { .address = 0x70020, .kind = HEARTH_FRAME_JIT, .flags = HEARTH_FRAME_RAW };
	uint32_t i;

	script_begin(&t, NULL);
	frame.mapping = map_file(&t.p, "[jit]");
	i = hearth_build_frame(&t.p.b, &frame);
	test_names(&t.p, i, (const char *const[]){ "LazyCompile:~f", NULL });
	test_sample(&t.p, "x", &i, 1, NULL);
	script_feed(&t);
	text = script_finish(&t);
	assert_non_null(strstr(text, "\t           70020 LazyCompile:~f (/tmp/perf-100.map)\n"));
	script_end(&t);
}

TEST(inlined_functions_have_lines_of_their_own_before_the_one_they_are_in)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frame;

	script_begin(&t, NULL);
	frame = test_frame(&t.p, HEARTH_FRAME_NATIVE, "/bin/x", 7, 0x10, 0);
	test_names(&t.p, frame, (const char *const[]){ "innermost", "inner", "outer", NULL });
	test_sample(&t.p, "x", &frame, 1, NULL);
	script_feed(&t);
	text = script_finish(&t);
	assert_non_null(strstr(text, "\t              10 innermost (inlined)\n"
				     "\t              10 inner (inlined)\n"
				     "\t              10 outer (/bin/x)\n\n"));
	script_end(&t);
}

TEST(a_function_of_a_kernel_module_is_in_the_module)
{
	struct test_script t;
	_cleanup_free_ char *text = NULL;
	uint32_t frame;

	script_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_KERNEL, "xfs_read [xfs]");
	test_sample(&t.p, "x", &frame, 1, NULL);
	script_feed(&t);
	text = script_finish(&t);
	assert_non_null(strstr(text, " xfs_read ([xfs])\n"));
	script_end(&t);
}

TEST(names_cannot_write_lines_or_pass_for_other_fields)
{
	static const struct {
		const char *comm, *name, *head, *frame;
	} cases[] = {
		{ "a\n\nb 1/1 1.0: 1 e:", "f", "a??b_1/1_1.0:_1 e:   100/100   [000]", " f (/bin/test)\n\n" },
		{ "Web Content", "f", "Web Content   100/100   [000]", " f (/bin/test)\n\n" },
		{ "worker 7", "f", "worker_7   100/100   [000]", " f (/bin/test)\n\n" },
		{ "worker 7/7 ", "f", "worker_7/7_   100/100   [000]", " f (/bin/test)\n\n" },
		{ " 1/1", "f", "_1/1   100/100   [000]", " f (/bin/test)\n\n" },
		{ "a\xc2\xa0" "7/7\xe2\x80\xa8", "f", "a?7/7?   100/100   [000]", " f (/bin/test)\n\n" },
		{ "#!", "f", "_!   100/100   [000]", " f (/bin/test)\n\n" },
		{ "", "f", "[unknown]   100/100   [000]", " f (/bin/test)\n\n" },
		{ "x", "f\n\nroot 1/1 [000] 1.0: 1 e:", "x   100/100   [000]", " f??root 1/1 [000] 1.0: 1 e: (/bin/test)\n\n" },
		{ "x", "caf\xc3\xa9 \xff\x1b[2J", "x   100/100   [000]", " caf\xc3\xa9 ??[2J (/bin/test)\n\n" },
		{ "x", "", "x   100/100   [000]", " [unknown] (/bin/test)\n\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct test_script t;
		_cleanup_free_ char *text = NULL;
		uint32_t frame;

		script_begin(&t, NULL);
		frame = test_named(&t.p, HEARTH_FRAME_NATIVE, cases[i].name);
		test_sample(&t.p, cases[i].comm, &frame, 1, NULL);
		script_feed(&t);
		text = script_finish(&t);
		assert_memory_equal(text, cases[i].head, strlen(cases[i].head));
		assert_string_equal(text + strlen(text) - strlen(cases[i].frame), cases[i].frame);
		script_end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_shown_as_perf_shows_them),
		cmocka_unit_test(code_of_a_file_is_shown_by_its_offset_in_it),
		cmocka_unit_test(generated_code_is_said_to_be_in_the_map_where_perf_looks_for_it),
		cmocka_unit_test(inlined_functions_have_lines_of_their_own_before_the_one_they_are_in),
		cmocka_unit_test(a_function_of_a_kernel_module_is_in_the_module),
		cmocka_unit_test(names_cannot_write_lines_or_pass_for_other_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
