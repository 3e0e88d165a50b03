/* SPDX-License-Identifier: Apache-2.0 */
/* Which frames get which names, and why others get none. */
#include "test_symbolizer.h"

TEST(frames_get_the_names_that_were_answered)
{
	struct hearth_mock m;
	struct test_profile p;
	uint32_t frames[4];

	begin(&m, &p);
	frames[0] = test_frame(&p, HEARTH_FRAME_KERNEL, "[kernel]", 0, 0x100, 0);
	frames[1] = test_frame(&p, HEARTH_FRAME_KERNEL, "[kernel]", 0, 0x2000, 0);
	frames[2] = native(&p, 0x200);
	frames[3] = native(&p, 0x1000);
	assert_int_equal(hearth_mock_feed(&m, window_of(&p, frames, 4)), 0);
	assert_int_equal(fake.n, 2);
	assert_int_equal(m.n_emitted, 0);
	fake_answer_all();
	assert_int_equal(m.n_emitted, 1);
	assert_string_equal(name_of(&m, 0, frames[0], 0), "f_100");
	assert_string_equal(name_of(&m, 0, frames[1], 0), "f_2000 [ext4]");
	assert_string_equal(name_of(&m, 0, frames[2], 0), "f_200");
	assert_string_equal(name_of(&m, 0, frames[3], 0), "inner_1000");
	assert_string_equal(name_of(&m, 0, frames[3], 1), "f_1000");
	assert_null(name_of(&m, 0, frames[3], 2));
	assert_int_equal(hearth_mock_counter(&m, "addresses_asked"), 4);
	end(&m, &p);
}

static uint32_t frame_of_lost_kernel(struct test_profile *p, const char *cause)
{
	struct hearth_binary binary = {
		.path = hearth_flat_intern_string(&p->b, "[kernel]"),
		.cause = hearth_flat_intern_string(&p->b, cause),
	};
	struct hearth_frame frame = {
		.kind = HEARTH_FRAME_KERNEL,
		.address = 0x100,
		.binary = hearth_build_binary(&p->b, &binary),
	};

	return hearth_build_frame(&p->b, &frame);
}

TEST(a_recorded_kernel_is_asked_by_its_handle_and_never_the_running_one)
{
	struct hearth_mock m;
	struct test_profile p;
	uint32_t frames[3];

	begin(&m, &p);
	frames[0] = test_frame(&p, HEARTH_FRAME_KERNEL, "[kernel]", 9, 0x100, 0);
	frames[1] = frame_of_lost_kernel(&p, "[kernel] is of another build");
	frames[2] = test_frame(&p, HEARTH_FRAME_KERNEL, "[kernel]", 9, 0x301, HEARTH_FRAME_IS_RETURN);
	assert_int_equal(hearth_mock_feed(&m, window_of(&p, frames, 3)), 0);
	assert_int_equal(fake.n, 1);
	assert_int_equal(fake.requests[0].handle, 9);
	assert_int_equal(fake.requests[0].addresses[1], 0x300);
	fake_answer_all();
	assert_string_equal(name_of(&m, 0, frames[0], 0), "f_100");
	assert_string_equal(name_of(&m, 0, frames[2], 0), "f_300");
	assert_string_equal(cause_of(&m, 0, frames[1]), "[kernel] is of another build");
	end(&m, &p);
}

TEST(a_demangled_name_is_shown_and_that_of_the_linker_goes_along)
{
	struct hearth_frame_lines lines;
	struct hearth_function function;
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	for (uint32_t i = 0; i < 2; i++) { /* answered, then remembered */
		assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x40)), 0);
		fake_answer_all();
		assert_string_equal(name_of(&m, i, 1, 0), "f_40");
		lines = hearth_profile_frame_lines(&out_flat, 1);
		function = hearth_profile_function(&out_flat,
						   hearth_profile_line(&out_flat, lines.first).function);
		assert_string_equal(hearth_flat_string(&out_flat, function.system_name), "_Z4f_40v");
	}
	assert_int_equal(fake.n, 1);
	end(&m, &p);
}

TEST(a_return_address_is_looked_up_one_before)
{
	struct hearth_mock m;
	struct test_profile p;
	uint32_t frame;

	begin(&m, &p);
	frame = test_frame(&p, HEARTH_FRAME_NATIVE, GZIP, 7, 0x301, HEARTH_FRAME_IS_RETURN);
	assert_int_equal(hearth_mock_feed(&m, window_of(&p, &frame, 1)), 0);
	assert_int_equal(fake.requests[0].handle, 7);
	assert_int_equal(fake.requests[0].addresses[0], 0x300);
	fake_answer_all();
	assert_string_equal(name_of(&m, 0, frame, 0), "f_300");
	end(&m, &p);
}

TEST(an_unnamed_frame_says_why_and_is_counted_by_its_samples)
{
	struct hearth_mock m;
	struct test_profile p;
	uint32_t odd, jit, gone;

	begin(&m, &p);
	odd = native(&p, 0x201);
	jit = test_frame(&p, HEARTH_FRAME_JIT, NULL, 0, 0x77, HEARTH_FRAME_RAW);
	gone = test_frame(&p, HEARTH_FRAME_NATIVE, "/tmp/gone", 0, 0x200, 0);
	for (int i = 0; i < 3; i++)
		test_sample(&p, "gzip", (uint32_t[]){ odd, gone }, 2, NULL);
	test_sample(&p, "gzip", &jit, 1, NULL);
	hearth_build_loss(&p.b, HEARTH_LOSS_SAMPLES, "ring full", 5);
	assert_int_equal(hearth_mock_feed(&m, test_profile_end(&p)), 0);
	fake_answer_all();
	assert_string_equal(cause_of(&m, 0, odd), "no symbol covers it");
	assert_string_equal(cause_of(&m, 0, gone), "file was not opened");
	assert_string_equal(cause_of(&m, 0, jit), "generated code");
	assert_int_equal(names_lost(&m, 0, "no symbol covers it"), 3);
	assert_int_equal(names_lost(&m, 0, "file was not opened"), 3);
	assert_int_equal(names_lost(&m, 0, "generated code"), 1);
	assert_int_equal(hearth_mock_counter(&m, "frames_unnamed.no symbol covers it"), 3);
	assert_int_equal(hearth_mock_counter(&m, "samples_unnamed.no symbol covers it"), 3);
	assert_int_equal(hearth_mock_counter(&m, "samples_unnamed.generated code"), 1);
	assert_int_equal(hearth_mock_counter(&m, "samples_unnamed.file was not opened"), 0);
	assert_int_equal(hearth_profile_loss(&out_flat, 0).kind, HEARTH_LOSS_SAMPLES);
	assert_int_equal(hearth_profile_loss(&out_flat, 0).count, 5);
	end(&m, &p);
}

TEST(generated_code_is_asked_about_each_time)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t frame = test_frame(&p, HEARTH_FRAME_JIT, "[jit]", 9, 0x200, HEARTH_FRAME_RAW);

		assert_int_equal(hearth_mock_feed(&m, window_of(&p, &frame, 1)), 0);
		assert_int_equal(fake.n, i + 1);
		assert_int_equal(fake.requests[i].handle, 9);
		assert_int_equal(fake.requests[i].addresses[0], 0x200);
		fake_answer_all();
		assert_string_equal(name_of(&m, i, frame, 0), "f_200");
	}
	end(&m, &p);
}

TEST(the_cause_of_a_binary_goes_with_its_frames)
{
	struct hearth_binary binary = { .handle = 0 };
	struct hearth_frame frame = { .address = 2, .kind = HEARTH_FRAME_NATIVE };
	struct hearth_mock m;
	struct test_profile p;
	uint32_t i;

	begin(&m, &p);
	binary.path = hearth_flat_intern_string(&p.b, "/tmp/x");
	binary.cause = hearth_flat_intern_string(&p.b, "the file is gone");
	frame.binary = hearth_build_binary(&p.b, &binary);
	i = hearth_build_frame(&p.b, &frame);
	assert_int_equal(hearth_mock_feed(&m, window_of(&p, &i, 1)), 0);
	assert_string_equal(cause_of(&m, 0, i), "the file is gone");
	end(&m, &p);
}

TEST(a_name_that_was_asked_for_is_not_asked_for_again)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x1000)), 0);
		fake_answer_all();
		assert_int_equal(m.n_emitted, i + 1);
		assert_string_equal(name_of(&m, (uint32_t)i, 1, 1), "f_1000");
	}
	assert_int_equal(fake.n, 1);
	end(&m, &p);
}

TEST(a_module_is_asked_about_in_each_window_and_the_kernel_itself_once)
{
	struct hearth_mock m;
	struct test_profile p;
	uint32_t frames[2];

	begin(&m, &p);
	for (uint32_t i = 0; i < 2; i++) {
		frames[0] = test_frame(&p, HEARTH_FRAME_KERNEL, "[kernel]", 0, 0x100, 0);
		frames[1] = test_frame(&p, HEARTH_FRAME_KERNEL, "[kernel]", 0, 0x2000, 0);
		assert_int_equal(hearth_mock_feed(&m, window_of(&p, frames, 2)), 0);
		fake_answer_all();
		assert_string_equal(name_of(&m, i, frames[0], 0), "f_100");
		assert_string_equal(name_of(&m, i, frames[1], 0), "f_2000 [ext4]");
	}
	assert_int_equal(fake.n, 2);
	assert_int_equal(fake.requests[1].n, 1);
	end(&m, &p);
}

TEST(an_answer_of_a_failed_helper_is_not_remembered)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	fake_fail(0, "helper restarted");
	assert_string_equal(cause_of(&m, 0, 1), "helper restarted");
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_int_equal(fake.n, 2);
	fake_answer_all();
	assert_string_equal(name_of(&m, 1, 1, 0), "f_200");
	end(&m, &p);
}

TEST(names_that_a_source_brings_are_kept)
{
	struct hearth_mock m;
	struct test_profile p;
	uint32_t frames[2];

	begin(&m, &p);
	frames[0] = test_named(&p, HEARTH_FRAME_INTERPRETED, "orm.py:fetch");
	frames[1] = native(&p, 0x200);
	assert_int_equal(hearth_mock_feed(&m, window_of(&p, frames, 2)), 0);
	fake_answer_all();
	assert_string_equal(name_of(&m, 0, frames[0], 0), "orm.py:fetch");
	assert_string_equal(name_of(&m, 0, frames[1], 0), "f_200");
	end(&m, &p);
}

TEST(an_answer_that_does_not_hold_together_names_nothing)
{
	const struct hearth_symbol bad = { .first_line = 1, .n_lines = UINT32_MAX };
	const struct hearth_symbol_line line = { .function = "x" };
	const struct hearth_named a = {
		.size = sizeof(a), .symbols = &bad, .n_symbols = 1, .symbol_stride = sizeof(bad),
		.lines = &line, .n_lines = 1, .line_stride = sizeof(line),
	};
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	fake.requests[0].fn(fake.requests[0].ctx, &a);
	assert_string_equal(cause_of(&m, 0, 1), "no answer");
	end(&m, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_get_the_names_that_were_answered),
		cmocka_unit_test(a_recorded_kernel_is_asked_by_its_handle_and_never_the_running_one),
		cmocka_unit_test(a_demangled_name_is_shown_and_that_of_the_linker_goes_along),
		cmocka_unit_test(a_return_address_is_looked_up_one_before),
		cmocka_unit_test(an_unnamed_frame_says_why_and_is_counted_by_its_samples),
		cmocka_unit_test(generated_code_is_asked_about_each_time),
		cmocka_unit_test(the_cause_of_a_binary_goes_with_its_frames),
		cmocka_unit_test(a_name_that_was_asked_for_is_not_asked_for_again),
		cmocka_unit_test(a_module_is_asked_about_in_each_window_and_the_kernel_itself_once),
		cmocka_unit_test(an_answer_of_a_failed_helper_is_not_remembered),
		cmocka_unit_test(names_that_a_source_brings_are_kept),
		cmocka_unit_test(an_answer_that_does_not_hold_together_names_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
