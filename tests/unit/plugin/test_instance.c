/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/stage.h"

#include "stat/counter.h"

#define REPORT_NS (5 * NS_PER_S)
#define STUCK_NS (30 * NS_PER_S)

static enum instance_health watch_after(struct stage *s, uint64_t age_ns)
{
	struct instance_stats stats;

	instance_stats(s->instance, &stats);
	return instance_watch(s->instance, stats.callback_since_ns + age_ns, REPORT_NS, STUCK_NS);
}

/* Blocked in consume(), or in start() if there is no feed. */
static struct emitter *start_blocked(struct stage *s)
{
	struct emitter *feed;

	probe.is_blocked = true;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stage_emit(feed, 10), 0);
	stage_wait_calls(s, "create start consume");
	return feed;
}

static void long_callback_is_told_once_and_then_hangs(void **state)
{
	struct stage *s = *state;
	struct emitter *feed = start_blocked(s);

	assert_int_equal(watch_after(s, REPORT_NS - 1), INSTANCE_HEALTHY);
	assert_int_equal(watch_after(s, REPORT_NS), INSTANCE_LONG);
	assert_int_equal(watch_after(s, REPORT_NS + 1), INSTANCE_HEALTHY);
	assert_int_equal(watch_after(s, STUCK_NS - 1), INSTANCE_HEALTHY);
	assert_int_equal(watch_after(s, STUCK_NS), INSTANCE_HANGS);
	assert_int_equal(watch_after(s, STUCK_NS), INSTANCE_HANGS);
	probe.is_blocked = false;
	emitter_free(feed);
}

static void idle_instance_is_healthy(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	assert_int_equal(instance_watch(s->instance, UINT64_MAX, REPORT_NS, STUCK_NS), INSTANCE_HEALTHY);
}

static int32_t block(const struct hearth_host *h)
{
	(void)h;
	while (probe.is_blocked)
		sched_yield();
	return 0;
}

static void start_may_take_its_time_but_is_told(void **state)
{
	struct stage *s = *state;

	probe.is_blocked = true;
	probe.start = block;
	stage_begin(s, "{}");
	stage_wait_calls(s, "create start");
	assert_int_equal(watch_after(s, STUCK_NS), INSTANCE_LONG);
	assert_int_equal(watch_after(s, STUCK_NS), INSTANCE_HEALTHY);
	probe.is_blocked = false;
	stage_wait_events(s, "started");
}

static void create_that_does_not_return_hangs(void **state)
{
	struct stage *s = *state;

	probe.is_blocked = true;
	probe.create = block;
	stage_begin(s, "{}");
	stage_wait_calls(s, "create");
	assert_int_equal(watch_after(s, STUCK_NS), INSTANCE_HANGS);
	probe.is_blocked = false;
	stage_wait_events(s, "started");
}

static void abandoned_instance_takes_and_gives_nothing_more(void **state)
{
	struct stage *s = *state;
	struct emitter *feed = start_blocked(s);
	struct instance_stats stats;
	atomic_bool is_dropped = false;

	instance_abandon(s->instance);
	assert_int_equal(instance_state(s->instance), INSTANCE_STUCK);
	assert_int_equal(stage_emit(feed, 10), 0);
	instance_post(s->instance, stage_set, stage_set, &is_dropped);
	assert_true(is_dropped);
	instance_stats(s->instance, &stats);
	assert_int_equal(stats.queue.items_closed, 30);
	assert_int_equal(stats.pending_items, 10); /* in the hands that do not let go */
	assert_int_equal(watch_after(s, STUCK_NS), INSTANCE_HEALTHY);
	emitter_free(feed);
}

static void abandoned_instance_stays_stuck_when_it_comes_back(void **state)
{
	struct stage *s = *state;

	probe.is_blocked = true;
	probe.create = block;
	stage_begin(s, "{}");
	stage_wait_calls(s, "create");
	instance_abandon(s->instance);
	probe.is_blocked = false;
	stage_wait(s, stage_is_idle(s));
	assert_int_equal(instance_state(s->instance), INSTANCE_STUCK);
	assert_string_equal(probe.calls, "create");
	assert_string_equal(s->events, "");
}

static void trial_creates_and_destroys(void **state)
{
	struct stage *s = *state;
	struct instance_spec spec = { .name = "probe", .component = &probe_component,
				      .options = stage_options("size: 8"), .log_level = -1 };
	char *why = NULL;

	assert_int_equal(instance_try_create(&s->env, &spec, &why), 0);
	assert_null(why);
	assert_string_equal(probe.calls, "create destroy");
}

static int32_t use_the_host(const struct hearth_host *h)
{
	const struct hearth_emission e = { .size = sizeof(e), .schema = PROBE_SCHEMA,
					   .segment_stride = sizeof(struct hearth_segment) };

	(void)h->wake(h);
	(void)h->set_timer(h, 0, 1, 1);
	(void)h->emit(h, &e);
	h->count(h, "created", 1);
	return h->writable(h) == 1 ? 0 : -EIO;
}

/* A create() that does more than it should is no reason for `check` to crash. */
static void trial_has_a_whole_host(void **state)
{
	struct stage *s = *state;
	struct instance_spec spec = { .name = "probe", .component = &probe_component,
				      .options = stage_options("size: 8"), .log_level = -1 };
	char *why = NULL;

	probe.create = use_the_host;
	assert_int_equal(instance_try_create(&s->env, &spec, &why), 0);
	assert_null(why);
}

static int32_t refuse_size(const struct hearth_host *h)
{
	return h->refuse(h, "size", "is too small");
}

static void failed_trial_says_why(void **state)
{
	struct stage *s = *state;
	struct instance_spec spec = { .name = "probe", .component = &probe_component,
				      .options = stage_options("size: 8"), .log_level = -1 };
	char *why = NULL;

	probe.create = refuse_size;
	assert_int_equal(instance_try_create(&s->env, &spec, &why), -EINVAL);
	assert_string_equal(why, "hearth.yaml:1:7: plugin \"probe\": option \"size\": is too small");
	free(why);
}

static void every_state_has_a_name(void **state)
{
	static const char *const names[] = { "new", "starting", "running", "finishing", "finished",
					     "stopping", "stopped", "failed", "stuck" };

	(void)state;
	for (int i = INSTANCE_NEW; i <= INSTANCE_STUCK; i++)
		assert_string_equal(instance_state_name((enum instance_state)i), names[i - INSTANCE_NEW]);
}

static void thread_that_cannot_be_made_leaves_a_new_instance(void **state)
{
	struct stage *s = *state;

	test_fail("plugin.thread=EAGAIN@1");
	stage_make(s, "{}");
	assert_int_equal(instance_start(s->instance), -EAGAIN);
	assert_int_equal(fail_count("plugin.thread"), 1);
	(void)fail_configure(NULL);
	assert_int_equal(instance_state(s->instance), INSTANCE_NEW);
}

static void instance_without_memory_takes_its_options_all_the_same(void **state)
{
	struct stage *s = *state;
	struct instance_spec spec = { .name = "probe", .component = &probe_component, .log_level = -1 };
	struct instance *i = NULL;
	int r = -ENOMEM;

	for (int n = 1; r == -ENOMEM; n++) {
		_cleanup_free_ char *fail = str_format("sys.alloc=ENOMEM@%d", n);

		spec.options = stage_options("{}");
		test_fail(fail);
		r = instance_new(&s->env, &spec, &i); /* the leak checker has the last word */
		(void)fail_configure(NULL);
	}
	assert_int_equal(r, 0);
	instance_free(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stage_test(long_callback_is_told_once_and_then_hangs),
		stage_test(idle_instance_is_healthy),
		stage_test(start_may_take_its_time_but_is_told),
		stage_test(create_that_does_not_return_hangs),
		stage_test(abandoned_instance_takes_and_gives_nothing_more),
		stage_test(abandoned_instance_stays_stuck_when_it_comes_back),
		stage_test(trial_creates_and_destroys),
		stage_test(trial_has_a_whole_host),
		stage_test(failed_trial_says_why),
		stage_test(every_state_has_a_name),
		stage_test(thread_that_cannot_be_made_leaves_a_new_instance),
		stage_test(instance_without_memory_takes_its_options_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
