/* SPDX-License-Identifier: Apache-2.0 */
/* Windows go out whole, in order and on time, whatever the helper does. */
#include "test_symbolizer.h"

TEST(stacks_and_samples_are_shared_not_copied)
{
	const struct hearth_batch *in, *out;
	struct hearth_flat f;
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	in = window_at(&p, 0x200);
	assert_int_equal(hearth_mock_feed(&m, in), 0);
	fake_answer_all();
	out = hearth_mock_emitted(&m, 0);
	assert_int_equal(out->n_segments, in->n_segments + 1);
	assert_int_equal(out->n_items, 1);
	assert_memory_equal(out->segments[1].data, in->segments[0].data, in->segments[0].len);
	assert_int_equal(hearth_profile_open(&f, out), 0);
	assert_int_equal(f.columns[HEARTH_PROFILE_SAMPLES].segment, 1);
	assert_int_equal(f.columns[HEARTH_PROFILE_STACKS].segment, 1);
	assert_int_equal(f.columns[HEARTH_PROFILE_FRAME_LINES].segment, 0);
	assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_FRAME_LINES),
			 hearth_flat_count(&f, HEARTH_PROFILE_FRAMES));
	end(&m, &p);
}

TEST(windows_stay_in_order_whatever_is_answered_first)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x400)), 0);
	fake_answer(1);
	assert_int_equal(m.n_emitted, 0);
	fake_answer(0);
	assert_int_equal(m.n_emitted, 2);
	assert_string_equal(name_of(&m, 0, 1, 0), "f_200");
	assert_string_equal(name_of(&m, 1, 1, 0), "f_400");
	end(&m, &p);
}

TEST(a_window_waits_two_seconds_and_no_longer)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	hearth_mock_advance(&m, SECOND);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x400)), 0);
	hearth_mock_advance(&m, SECOND - 1);
	assert_int_equal(m.n_emitted, 0);
	hearth_mock_advance(&m, 1);
	assert_int_equal(m.n_emitted, 1);
	assert_string_equal(cause_of(&m, 0, 1), "no answer within 2 s");
	fake_answer(0);
	assert_int_equal(m.n_emitted, 1);
	hearth_mock_advance(&m, SECOND);
	assert_int_equal(m.n_emitted, 2);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_string_equal(name_of(&m, 2, 1, 0), "f_200");
	assert_int_equal(fake.n, 2);
	end(&m, &p);
}

TEST(a_host_without_helpers_still_passes_everything_on)
{
	struct hearth_mock m;
	struct test_profile p;

	fake_reset();
	test_profile_begin(&p);
	hearth_mock_init(&m, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_start(&m), 0);
	assert_non_null(hearth_mock_logged(&m, "no helpers: nothing gets a name"));
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_string_equal(cause_of(&m, 0, 1), "no helper runs");
	end(&m, &p);
}

TEST(a_refused_request_costs_names_only)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	fake.refuse = -EBUSY;
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_string_equal(cause_of(&m, 0, 1), "helper is busy");
	assert_int_equal(hearth_mock_counter(&m, "requests_refused"), 1);
	end(&m, &p);
}

TEST(no_request_has_more_addresses_than_one_may)
{
	enum { N = 10000 };
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	for (uint64_t i = 0; i < N; i++) {
		uint32_t frame = native(&p, 0x200 + 2 * i);

		test_sample(&p, "gzip", &frame, 1, NULL);
	}
	assert_int_equal(hearth_mock_feed(&m, test_profile_end(&p)), 0);
	assert_int_equal(fake.n, 3); /* fake_ask() ends the test where one is too long */
	fake_answer_all();
	assert_int_equal(m.n_emitted, 1);
	for (uint32_t i = 1; i <= N; i++)
		assert_non_null(name_of(&m, 0, i, 0));
	end(&m, &p);
}

TEST(nothing_is_lost_on_a_full_route)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	m.room = 0;
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200 + 2 * i)), 0);
	fake_answer_all();
	assert_int_equal(m.n_emitted, 0);
	assert_int_equal(hearth_mock_finish(&m), -EINPROGRESS);
	hearth_mock_make_room(&m, 2);
	assert_int_equal(m.n_emitted, 2);
	assert_int_equal(m.n_finished, 0);
	hearth_mock_make_room(&m, UINT32_MAX);
	assert_int_equal(m.n_emitted, 3);
	assert_int_equal(m.n_finished, 1);
	assert_string_equal(name_of(&m, 2, 1, 0), "f_204");
	end(&m, &p);
}

TEST(finish_waits_for_the_last_answer)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_int_equal(hearth_mock_finish(&m), -EINPROGRESS);
	assert_int_equal(m.n_finished, 0);
	fake_answer_all();
	assert_int_equal(m.n_finished, 1);
	assert_int_equal(m.n_emitted, 1);
	end(&m, &p);
}

TEST(windows_in_work_are_bounded)
{
	struct hearth_mock m;
	struct test_profile p;
	uint32_t n = 0;

	begin(&m, &p);
	while (n < 100 && hearth_mock_feed(&m, window_at(&p, 0x200 + 2 * n)) == 0)
		n++;
	assert_in_range(n, 2, 8);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), -EAGAIN);
	fake_answer_all();
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_int_equal(m.n_emitted, n + 1);
	end(&m, &p);
}

TEST(a_window_that_cannot_be_emitted_is_counted)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	m.emit_error = -ENOMEM;
	fake_answer_all();
	assert_int_equal(hearth_mock_counter(&m, "samples_lost.out of memory"), 1);
	assert_non_null(hearth_mock_logged(&m, "a window of 1 samples is lost: out of memory"));
	m.emit_error = 0;
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_int_equal(m.n_emitted, 1);
	end(&m, &p);
}

TEST(a_batch_that_is_no_profile_is_refused)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_flat_emit(&p.b, &p.source.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	assert_int_equal(hearth_mock_feed(&m, hearth_mock_emitted(&p.source, 0)), -EBADMSG);
	end(&m, &p);
}

TEST(an_instance_that_ends_early_leaves_nothing_behind)
{
	struct hearth_mock m;
	struct test_profile p;

	begin(&m, &p);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x200)), 0);
	assert_int_equal(hearth_mock_feed(&m, window_at(&p, 0x400)), 0);
	end(&m, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_and_samples_are_shared_not_copied),
		cmocka_unit_test(windows_stay_in_order_whatever_is_answered_first),
		cmocka_unit_test(a_window_waits_two_seconds_and_no_longer),
		cmocka_unit_test(a_host_without_helpers_still_passes_everything_on),
		cmocka_unit_test(a_refused_request_costs_names_only),
		cmocka_unit_test(no_request_has_more_addresses_than_one_may),
		cmocka_unit_test(nothing_is_lost_on_a_full_route),
		cmocka_unit_test(finish_waits_for_the_last_answer),
		cmocka_unit_test(windows_in_work_are_bounded),
		cmocka_unit_test(a_window_that_cannot_be_emitted_is_counted),
		cmocka_unit_test(a_batch_that_is_no_profile_is_refused),
		cmocka_unit_test(an_instance_that_ends_early_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
