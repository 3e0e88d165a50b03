/* SPDX-License-Identifier: Apache-2.0 */
/* hearth.profile/1 from builder to accessors, and the small schemas beside it. */
#include "test.h"

#include <hearth/artifact.h>
#include <hearth/metrics.h>
#include <hearth/mock.h>
#include <hearth/profile_builder.h>
#include <hearth/receipt.h>

#include "random.h"

enum { MAX_DEPTH = 12 };

struct expected {
	uint32_t frames[MAX_DEPTH], depth, stack, truncated;
};

static uint32_t random_stack(struct hearth_flat_builder *b, struct sequence *s, struct expected *e)
{
	e->depth = random_below(s, MAX_DEPTH);
	e->truncated = random_below(s, 4) == 0 ? hearth_flat_intern_string(b, "cut") : 0;
	for (uint32_t i = 0; i < e->depth; i++) {
		struct hearth_frame frame = {
			.address = 0x1000 + random_below(s, 6),
			.kind = HEARTH_FRAME_NATIVE,
		};

		e->frames[i] = hearth_build_frame(b, &frame);
	}
	return hearth_build_stack(b, e->frames, e->depth, e->truncated);
}

TEST(stacks_come_out_as_they_went_in)
{
	enum { N = 2000 };
	static struct expected expected[N];
	struct sequence s = { 7 };
	struct hearth_flat_builder b;
	struct hearth_profile_info info = { .period = 10 };
	struct hearth_flat f = { 0 };
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	hearth_build_info(&b, &info);
	for (uint32_t i = 0; i < N; i++) {
		struct hearth_sample sample = { .time_ns = i, .value = 1 };

		sample.stack = expected[i].stack = random_stack(&b, &s, &expected[i]);
		hearth_build_sample(&b, &sample);
	}
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	assert_int_equal(hearth_mock_emitted(&m, 0)->n_items, N);
	assert_int_equal(hearth_profile_open(&f, hearth_mock_emitted(&m, 0)), 0);
	assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES), N);
	for (uint32_t i = 0; i < N; i++) {
		struct hearth_sample sample = hearth_profile_sample(&f, i);
		struct hearth_stack stack = hearth_profile_stack(&f, sample.stack);

		assert_int_equal(sample.time_ns, i);
		assert_int_equal(stack.count, expected[i].depth);
		assert_int_equal(stack.truncated, expected[i].truncated);
		for (uint32_t k = 0; k < stack.count; k++)
			assert_int_equal(hearth_profile_stack_frame(&f, &stack, k),
					 expected[i].frames[k]);
		assert_int_equal(hearth_profile_stack_frame(&f, &stack, stack.count), 0);
	}
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(equal_stacks_are_one_unless_one_was_cut)
{
	const uint32_t frames[] = { 3, 2, 1 }, prefix[] = { 3, 2 };
	struct hearth_flat_builder b;
	uint32_t whole, cut;

	hearth_flat_init(&b);
	whole = hearth_build_stack(&b, frames, 3, 0);
	cut = hearth_build_stack(&b, frames, 3, hearth_flat_intern_string(&b, "cut"));
	assert_int_not_equal(whole, 0);
	assert_int_not_equal(whole, cut);
	assert_int_equal(hearth_build_stack(&b, frames, 3, 0), whole);
	assert_int_not_equal(hearth_build_stack(&b, prefix, 2, 0), whole);
	assert_int_not_equal(hearth_build_stack(&b, NULL, 0, 0), whole);
	assert_int_equal(hearth_build_stack(&b, NULL, 0, 0), hearth_build_stack(&b, NULL, 0, 0));
	hearth_flat_done(&b);
}

TEST(a_loss_of_nothing_leaves_no_row)
{
	struct hearth_profile_info info = { .period = 1 };
	struct hearth_flat_builder b;
	struct hearth_flat f = { 0 };
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	hearth_build_info(&b, &info);
	hearth_build_loss(&b, HEARTH_LOSS_SAMPLES, "ring full", 0);
	hearth_build_loss(&b, HEARTH_LOSS_STACKS, "too deep", 2);
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	assert_int_equal(hearth_profile_open(&f, hearth_mock_emitted(&m, 0)), 0);
	assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_LOSSES), 1);
	assert_int_equal(hearth_profile_loss(&f, 0).count, 2);
	assert_string_equal(hearth_flat_string(&f, hearth_profile_loss(&f, 0).cause), "too deep");
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(the_last_info_counts)
{
	struct hearth_profile_info info = { .period = 1 };
	struct hearth_flat_builder b;
	struct hearth_flat f = { 0 };
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	hearth_build_info(&b, &info);
	info.period = 2;
	hearth_build_info(&b, &info);
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	assert_int_equal(hearth_profile_open(&f, hearth_mock_emitted(&m, 0)), 0);
	assert_int_equal(hearth_profile_info(&f).period, 2);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_batch_of_another_schema_or_without_its_row_is_refused)
{
	struct hearth_flat_builder b;
	struct hearth_flat f = { 0 };
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	assert_int_equal(hearth_flat_emit(&b, &m.host, "test/1", NULL), 0);
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_ARTIFACT_SCHEMA, NULL), 0);
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_RECEIPT_SCHEMA, NULL), 0);
	for (uint32_t i = 0; i < m.n_emitted; i++) {
		const struct hearth_batch *batch = hearth_mock_emitted(&m, i);

		assert_int_equal(hearth_profile_open(&f, batch), -EBADMSG);
		assert_int_equal(hearth_artifact_open(&f, batch), -EBADMSG);
		assert_int_equal(hearth_receipt_open(&f, batch), -EBADMSG);
		assert_int_equal(hearth_metrics_open(&f, batch), -EBADMSG);
	}
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(an_artifact_comes_out_as_it_was_emitted)
{
	struct hearth_artifact_row row = { .size = 123, .sha256 = { 1, 2, 3 } };
	struct hearth_flat f = { 0 };
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	assert_int_equal(hearth_artifact_emit(&m.host, "/x/y.html", "text/html", "a page", &row), 0);
	assert_int_equal(hearth_artifact_open(&f, hearth_mock_emitted(&m, 0)), 0);
	row = hearth_artifact(&f);
	assert_string_equal(hearth_flat_string(&f, row.path), "/x/y.html");
	assert_string_equal(hearth_flat_string(&f, row.media_type), "text/html");
	assert_string_equal(hearth_flat_string(&f, row.description), "a page");
	assert_int_equal(row.size, 123);
	assert_int_equal(row.sha256[2], 3);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(an_attribute_beyond_its_range_is_a_row_of_zeros)
{
	struct hearth_metric_attribute attributes[] = { { 1, 2 }, { 3, 4 } };
	struct hearth_metric_point point = { .value = 1.5, .first_attribute = 1, .n_attributes = 1 };
	struct hearth_flat_builder b;
	struct hearth_flat f = { 0 };
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	hearth_flat_append(&b, HEARTH_METRICS_POINTS, &point, sizeof(point));
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		hearth_flat_append(&b, HEARTH_METRICS_ATTRIBUTES, &attributes[i], sizeof(attributes[i]));
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_METRICS_SCHEMA, NULL), 0);
	assert_int_equal(hearth_metrics_open(&f, hearth_mock_emitted(&m, 0)), 0);
	point = hearth_metrics_point(&f, 0);
	assert_true(point.value > 1.4 && point.value < 1.6);
	assert_int_equal(hearth_metrics_attribute(&f, &point, 0).key, 3);
	assert_int_equal(hearth_metrics_attribute(&f, &point, 1).key, 0);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_come_out_as_they_went_in),
		cmocka_unit_test(equal_stacks_are_one_unless_one_was_cut),
		cmocka_unit_test(a_loss_of_nothing_leaves_no_row),
		cmocka_unit_test(the_last_info_counts),
		cmocka_unit_test(a_batch_of_another_schema_or_without_its_row_is_refused),
		cmocka_unit_test(an_artifact_comes_out_as_it_was_emitted),
		cmocka_unit_test(an_attribute_beyond_its_range_is_a_row_of_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
