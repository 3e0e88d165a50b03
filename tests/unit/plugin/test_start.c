/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/stage.h"

static int32_t answer_enoent(const struct hearth_host *h)
{
	(void)h;
	return -ENOENT;
}

static void failing_create_is_not_destroyed(void **state)
{
	struct stage *s = *state;

	probe.create = answer_enoent;
	stage_begin(s, "{}");
	stage_wait_events(s, "started(ENOENT)");
	assert_string_equal(s->why, "plugin \"probe#7\": create failed: No such file or directory");
	assert_int_equal(instance_state(s->instance), INSTANCE_FAILED);
	stage_stop(s);
	assert_string_equal(probe.calls, "create");
}

static void failing_start_is_destroyed_but_not_stopped(void **state)
{
	struct stage *s = *state;

	probe.start = answer_enoent;
	stage_begin(s, "{}");
	stage_wait_events(s, "started(ENOENT)");
	assert_string_equal(s->why, "plugin \"probe#7\": start failed: No such file or directory");
	stage_stop(s);
	assert_string_equal(probe.calls, "create start destroy");
}

static int32_t answer_seven(const struct hearth_host *h)
{
	(void)h;
	return 7;
}

static void positive_answer_is_success(void **state)
{
	struct stage *s = *state;

	probe.create = probe.start = probe.update = probe.finish = answer_seven;
	stage_start(s, "{}");
	instance_update(s->instance, stage_options("{}"));
	instance_finish(s->instance);
	stage_wait_events(s, "updated finished");
	stage_stop(s);
	assert_string_equal(probe.calls, "create start update finish stop destroy");
}

static int32_t fail_with_words(const struct hearth_host *h)
{
	(h->fail)(h, "the device is not there; plug it in");
	return -ENODEV;
}

static int32_t fail_and_go_on(const struct hearth_host *h)
{
	(h->fail)(h, "the device is not there; plug it in");
	return 0;
}

static void failing_start_says_why(void **state)
{
	struct stage *s = *state;

	probe.start = fail_with_words;
	stage_begin(s, "{}");
	stage_wait_events(s, "started(ENODEV)");
	assert_string_equal(s->why, "plugin \"probe#7\": the device is not there; plug it in");
}

static void start_that_fails_in_words_alone_has_failed(void **state)
{
	struct stage *s = *state;

	probe.start = fail_and_go_on;
	stage_begin(s, "{}");
	stage_wait_events(s, "started(EIO)");
	assert_string_equal(s->why, "plugin \"probe#7\": the device is not there; plug it in");
	stage_stop(s);
	assert_string_equal(probe.calls, "create start destroy");
}

static int32_t refuse_odd(const struct hearth_host *h)
{
	return h->option_int(h, "size") % 2 ? h->refuse(h, "size", "must be even") : 0;
}

static int32_t refuse_odd_and_go_on(const struct hearth_host *h)
{
	(void)refuse_odd(h);
	return 0;
}

static void refused_option_is_told_with_its_place(void **state)
{
	struct stage *s = *state;

	probe.create = refuse_odd;
	stage_begin(s, "note: x\nsize: 3\n");
	stage_wait_events(s, "started(EINVAL)");
	assert_string_equal(s->why, "hearth.yaml:2:7: plugin \"probe#7\": option \"size\": must be even");
	assert_string_equal(probe.calls, "create");
}

static void create_that_refuses_and_goes_on_is_destroyed(void **state)
{
	struct stage *s = *state;

	probe.create = refuse_odd_and_go_on;
	stage_begin(s, "size: 3");
	stage_wait_events(s, "started(EINVAL)");
	assert_string_equal(probe.calls, "create destroy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stage_test(failing_create_is_not_destroyed),
		stage_test(failing_start_is_destroyed_but_not_stopped),
		stage_test(positive_answer_is_success),
		stage_test(failing_start_says_why),
		stage_test(start_that_fails_in_words_alone_has_failed),
		stage_test(refused_option_is_told_with_its_place),
		stage_test(create_that_refuses_and_goes_on_is_destroyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
