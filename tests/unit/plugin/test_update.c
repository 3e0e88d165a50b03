/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/stage.h"

static int32_t refuse_odd(const struct hearth_host *h)
{
	return h->option_int(h, "size") % 2 ? h->refuse(h, "size", "must be even") : 0;
}

static int64_t size_seen;

static int32_t see_size(const struct hearth_host *h)
{
	size_seen = h->option_int(h, "size");
	return refuse_odd(h);
}

static int32_t see_size_and_go_on(const struct hearth_host *h)
{
	(void)see_size(h);
	return 0;
}

static void see_size_on_wake(const struct hearth_host *h)
{
	size_seen = h->option_int(h, "size");
}

/* What the getters return now. */
static int64_t size_now(struct stage *s)
{
	probe.any = see_size_on_wake;
	assert_int_equal(probe.host->wake(probe.host), 0);
	stage_pass(s);
	return size_seen;
}

static void update_sees_the_new_options(void **state)
{
	struct stage *s = *state;

	probe.update = see_size;
	stage_start(s, "size: 8");
	instance_update(s->instance, stage_options("size: 16"));
	stage_wait_events(s, "updated");
	assert_int_equal(size_seen, 16);
	assert_int_equal(size_now(s), 16);
}

static void refused_update_keeps_the_old_options(void **state)
{
	int32_t (*const hooks[])(const struct hearth_host *) = { see_size, see_size_and_go_on };
	struct stage *s = *state;

	stage_start(s, "size: 8");
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		probe.update = hooks[i];
		s->events[0] = 0;
		instance_update(s->instance, stage_options("size: 15"));
		stage_wait_events(s, "updated(EINVAL)");
		assert_int_equal(size_seen, 15);
		assert_string_equal(s->why, "hearth.yaml:1:7: plugin \"probe#7\": option \"size\": must be even");
		assert_int_equal(size_now(s), 8);
	}
}

static void refusal_is_forgotten_at_the_next_update(void **state)
{
	struct stage *s = *state;

	probe.update = see_size;
	stage_start(s, "size: 8");
	instance_update(s->instance, stage_options("size: 15"));
	instance_update(s->instance, stage_options("size: 16"));
	stage_wait_events(s, "updated(EINVAL) updated");
}

static int32_t answer_ebusy(const struct hearth_host *h)
{
	(void)h;
	return -EBUSY;
}

static void update_that_cannot_be_done_in_place_is_busy(void **state)
{
	struct stage *s = *state;

	probe.update = answer_ebusy;
	stage_start(s, "size: 8");
	instance_update(s->instance, stage_options("size: 16"));
	stage_wait_events(s, "updated(EBUSY)");
	assert_int_equal(size_now(s), 8);
}

static void component_without_update_is_busy(void **state)
{
	struct stage *s = *state;

	probe_component.c.update = NULL;
	stage_start(s, "{}");
	instance_update(s->instance, stage_options("size: 16"));
	stage_wait_events(s, "updated(EBUSY)");
	probe_component.c.update = probe_update;
}

static void finished_instance_cannot_be_updated(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	instance_finish(s->instance);
	instance_update(s->instance, stage_options("size: 16"));
	stage_wait_events(s, "finished updated(EBUSY)");
	assert_string_equal(probe.calls, "create start finish");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stage_test(update_sees_the_new_options),
		stage_test(refused_update_keeps_the_old_options),
		stage_test(refusal_is_forgotten_at_the_next_update),
		stage_test(update_that_cannot_be_done_in_place_is_busy),
		stage_test(component_without_update_is_busy),
		stage_test(finished_instance_cannot_be_updated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
