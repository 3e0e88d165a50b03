/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a line says about each kind of batch. With --print the lines go to standard output, for
 * the test that holds them against the published schema.
 */
#include "common/test_profile.h"

#include <jansson.h>

#include <hearth/artifact.h>
#include <hearth/metrics.h>
#include <hearth/receipt.h>

#include "common/cleanup.h"
#include "line.h"

static bool wants_print;

static json_t *line_of(const struct hearth_batch *b, bool with_samples)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };
	json_t *o;

	assert_int_equal(line_from_batch(&j, b, with_samples), 0);
	assert_null(strchr(j.text, '\n'));
	if (wants_print)
		printf("%s\n", j.text);
	o = json_loads(j.text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	return o;
}

static const char *text_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_int_t number_of(json_t *o, const char *key)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	return json_integer_value(json_object_get(o, key));
}

static const struct hearth_batch *example(struct test_profile *p)
{
	uint32_t frames[2];

	test_profile_begin(p);
	frames[0] = test_named(p, HEARTH_FRAME_NATIVE, "deflate \"x\"\n");
	frames[1] = test_frame(p, HEARTH_FRAME_KERNEL, "[kernel]", 0, 0xffffffff81000010,
			       HEARTH_FRAME_IS_RETURN);
	for (int i = 0; i < 3; i++)
		test_sample(p, "gzip", frames, 2, NULL);
	test_sample(p, "sh", frames, 1, "too deep");
	hearth_build_loss(&p->b, HEARTH_LOSS_SAMPLES, "ring full", 6);
	return test_profile_end(p);
}

TEST(a_profile_is_summed_up)
{
	struct test_profile p;
	json_t *o = line_of(example(&p), false), *top, *loss;

	assert_string_equal(text_of(o, "schema"), "hearth.profile/1");
	assert_string_equal(text_of(o, "instance"), "mock");
	assert_true(json_is_null(json_object_get(o, "run")));
	assert_string_equal(text_of(o, "event"), "cpu-clock");
	assert_int_equal(number_of(o, "value"), 4);
	assert_int_equal(number_of(json_object_get(o, "counts"), "samples"), 4);
	assert_int_equal(number_of(json_object_get(o, "counts"), "stacks"), 2);
	assert_int_equal(number_of(json_object_get(o, "counts"), "frames"), 2);
	assert_int_equal(number_of(json_object_get(o, "counts"), "mappings"), 0);
	top = json_object_get(o, "top_processes");
	assert_int_equal(json_array_size(top), 2);
	assert_string_equal(text_of(json_array_get(top, 0), "comm"), "gzip");
	assert_int_equal(number_of(json_array_get(top, 0), "samples"), 3);
	loss = json_array_get(json_object_get(o, "losses"), 0);
	assert_string_equal(text_of(loss, "kind"), "samples");
	assert_string_equal(text_of(loss, "cause"), "ring full");
	assert_int_equal(number_of(loss, "count"), 6);
	assert_null(json_object_get(o, "stacks"));
	json_decref(o);
	test_profile_done(&p);
}

TEST(a_function_has_the_linkers_name_beside_its_own)
{
	struct hearth_function mangled, plain;
	uint32_t frames[2];
	struct test_profile p;
	json_t *o, *lines[2];

	test_profile_begin(&p);
	frames[0] = test_named(&p, HEARTH_FRAME_NATIVE, "f(int)");
	frames[1] = test_named(&p, HEARTH_FRAME_NATIVE, "main");
	memcpy(&mangled, hearth_flat_at(&p.b, HEARTH_PROFILE_FUNCTIONS, 1), sizeof(mangled));
	memcpy(&plain, hearth_flat_at(&p.b, HEARTH_PROFILE_FUNCTIONS, 2), sizeof(plain));
	assert_int_equal(plain.system_name, 0);
	mangled.system_name = hearth_flat_intern_string(&p.b, "_Z1fi");
	memcpy(hearth_flat_at(&p.b, HEARTH_PROFILE_FUNCTIONS, 1), &mangled, sizeof(mangled));
	test_sample(&p, "sh", frames, 2, NULL);
	o = line_of(test_profile_end(&p), true);
	for (size_t i = 0; i < 2; i++) {
		json_t *frame = json_array_get(json_object_get(o, "frames"), frames[i]);

		lines[i] = json_array_get(json_object_get(frame, "lines"), 0);
	}
	assert_string_equal(text_of(lines[0], "function"), "f(int)");
	assert_string_equal(text_of(lines[0], "system_name"), "_Z1fi");
	assert_string_equal(text_of(lines[1], "function"), "main");
	assert_true(json_is_null(json_object_get(lines[1], "system_name")));
	json_decref(o);
	test_profile_done(&p);
}

TEST(samples_come_when_asked_for)
{
	struct test_profile p;
	json_t *o = line_of(example(&p), true), *frame, *stack, *sample;

	frame = json_array_get(json_object_get(o, "frames"), 1);
	assert_string_equal(text_of(frame, "kind"), "native");
	assert_string_equal(text_of(json_array_get(json_object_get(frame, "lines"), 0), "function"),
			    "deflate \"x\"\n");
	frame = json_array_get(json_object_get(o, "frames"), 2);
	assert_string_equal(text_of(frame, "address"), "0xffffffff81000010");
	assert_true(json_is_true(json_object_get(frame, "is_return")));
	stack = json_array_get(json_object_get(o, "stacks"), 2);
	assert_string_equal(text_of(stack, "truncated"), "too deep");
	assert_int_equal(json_array_size(json_object_get(stack, "frames")), 1);
	sample = json_array_get(json_object_get(o, "samples"), 3);
	assert_int_equal(number_of(sample, "stack"), 2);
	assert_string_equal(text_of(sample, "comm"), "sh");
	assert_int_equal(number_of(sample, "cpu"), 0);
	json_decref(o);
	test_profile_done(&p);
}

TEST(metrics_are_points_with_attributes)
{
	struct hearth_mock m;
	struct hearth_flat_builder b;
	struct hearth_metric_point point = { .kind = HEARTH_METRIC_GAUGE, .value = 0.5, .n_attributes = 1 };
	struct hearth_metric_attribute attribute;
	json_t *o, *first;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	point.name = hearth_flat_intern_string(&b, "ipc");
	point.unit = hearth_flat_intern_string(&b, "1");
	attribute.key = hearth_flat_intern_string(&b, "cpu");
	attribute.value = hearth_flat_intern_string(&b, "3");
	hearth_flat_append(&b, HEARTH_METRICS_POINTS, &point, sizeof(point));
	hearth_flat_append(&b, HEARTH_METRICS_ATTRIBUTES, &attribute, sizeof(attribute));
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_METRICS_SCHEMA, NULL), 0);
	o = line_of(hearth_mock_emitted(&m, 0), false);
	first = json_array_get(json_object_get(o, "points"), 0);
	assert_string_equal(text_of(first, "name"), "ipc");
	assert_string_equal(text_of(first, "kind"), "gauge");
	assert_true(json_real_value(json_object_get(first, "value")) > 0.4);
	assert_string_equal(text_of(json_object_get(first, "attributes"), "cpu"), "3");
	json_decref(o);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(artifacts_and_receipts_are_their_fields)
{
	struct hearth_mock m;
	struct hearth_flat_builder b;
	struct hearth_artifact_row row = { .size = 7, .sha256 = { 0xab } };
	struct hearth_receipt_row receipt = { .state = HEARTH_RECEIPT_FAILED, .time_ns = 9 };
	json_t *o;

	hearth_mock_init(&m, NULL);
	assert_int_equal(hearth_artifact_emit(&m.host, "/x", "text/plain", "x", &row), 0);
	o = line_of(hearth_mock_emitted(&m, 0), false);
	assert_string_equal(text_of(o, "path"), "/x");
	assert_int_equal(number_of(o, "bytes"), 7);
	assert_memory_equal(text_of(o, "sha256"), "ab00", 4);
	json_decref(o);
	hearth_flat_init(&b);
	receipt.error = hearth_flat_intern_string(&b, "403 Forbidden");
	hearth_flat_append(&b, HEARTH_RECEIPT_ROWS, &receipt, sizeof(receipt));
	assert_int_equal(hearth_flat_emit(&b, &m.host, HEARTH_RECEIPT_SCHEMA, NULL), 0);
	o = line_of(hearth_mock_emitted(&m, 1), false);
	assert_string_equal(text_of(o, "state"), "failed");
	assert_string_equal(text_of(o, "error"), "403 Forbidden");
	assert_true(json_is_null(json_object_get(o, "url")));
	json_decref(o);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_batch_of_no_known_kind_is_refused)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };
	struct hearth_flat_builder b;
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	hearth_flat_init(&b);
	assert_int_equal(hearth_flat_emit(&b, &m.host, "other/1", NULL), 0);
	assert_int_equal(line_from_batch(&j, hearth_mock_emitted(&m, 0), false), -EBADMSG);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&m), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_summed_up),
		cmocka_unit_test(a_function_has_the_linkers_name_beside_its_own),
		cmocka_unit_test(samples_come_when_asked_for),
		cmocka_unit_test(metrics_are_points_with_attributes),
		cmocka_unit_test(artifacts_and_receipts_are_their_fields),
		cmocka_unit_test(a_batch_of_no_known_kind_is_refused),
	};

	wants_print = argc > 1 && strcmp(argv[1], "--print") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
