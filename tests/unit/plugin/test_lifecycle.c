/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/stage.h"

static void callbacks_come_in_order_and_once(void **state)
{
	struct stage *s = *state;

	stage_begin(s, "{}");
	instance_finish(s->instance);
	stage_wait_events(s, "started finished");
	instance_finish(s->instance);
	stage_stop(s);
	assert_string_equal(s->events, "started finished stopped");
	assert_string_equal(probe.calls, "create start finish stop destroy");
	assert_int_equal(instance_state(s->instance), INSTANCE_STOPPED);
}

static int fds[2];

static int32_t arm_everything_and_fail(const struct hearth_host *h)
{
	assert_int_equal(h->set_timer(h, 0, 1, 1), 0);
	assert_int_equal(h->watch_fd(h, fds[0], 1 /* EPOLLIN */), 0);
	assert_int_equal(h->wake(h), 0);
	return -EIO;
}

static int32_t arm_everything(const struct hearth_host *h)
{
	(void)arm_everything_and_fail(h);
	return 0;
}

static void make_readable_pipe(void)
{
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
}

static void close_pipe(void)
{
	close(fds[0]);
	close(fds[1]);
}

static void nothing_is_called_after_a_start_that_failed(void **state)
{
	struct stage *s = *state;

	make_readable_pipe();
	probe.start = arm_everything_and_fail;
	stage_begin(s, "{}");
	stage_wait_events(s, "started(EIO)");
	stage_pass(s);
	assert_string_equal(probe.calls, "create start destroy");
	close_pipe();
}

static void nothing_is_called_between_finish_and_stop(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	instance_finish(s->instance);
	stage_wait_events(s, "finished");
	assert_int_equal(probe.host->wake(probe.host), 0);
	instance_on_room(s->instance);
	instance_budget(s->instance, 500);
	stage_pass(s);
	stage_stop(s);
	assert_string_equal(probe.calls, "create start finish stop destroy");
}

static void what_was_armed_dies_with_the_plugin(void **state)
{
	struct stage *s = *state;

	make_readable_pipe();
	probe.start = arm_everything;
	stage_start(s, "{}");
	stage_stop(s);
	assert_non_null(strstr(probe.calls, " stop destroy"));
	assert_string_equal(strstr(probe.calls, " destroy"), " destroy");
	close_pipe();
}

static void consumer_finishes_when_every_input_has_ended(void **state)
{
	struct stage *s = *state;
	struct emitter *a, *b;

	stage_start(s, "{}");
	a = stage_feed(s, NULL);
	b = stage_feed(s, NULL);
	assert_int_equal(stage_emit(a, 1), 0);
	emitter_close(a);
	stage_pass(s);
	assert_string_equal(probe.calls, "create start consume");
	assert_int_equal(stage_emit(b, 1), 0);
	emitter_close(b);
	stage_wait_events(s, "finished");
	assert_string_equal(probe.calls, "create start consume consume finish");
	emitter_free(a);
	emitter_free(b);
}

static int32_t emit_last(const struct hearth_host *h)
{
	const struct hearth_segment segment = { "last", 5, NULL, NULL };
	const struct hearth_emission e = { .size = sizeof(e), .schema = PROBE_SCHEMA,
					   .segments = &segment, .n_segments = 1,
					   .segment_stride = sizeof(segment), .n_items = 1 };

	return h->emit(h, &e);
}

static void streams_end_behind_what_finish_emits(void **state)
{
	struct stage *s = *state;
	struct route_options options = { .from = "probe#7", .to = "reader", .schemas = PROBE_SCHEMA,
					 .limit_bytes = 1000 };
	struct route **table = calloc(1, sizeof(struct route *));
	struct queue *reader = NULL;
	struct queue_item *item;

	probe.finish = emit_last;
	stage_start(s, "{}");
	assert_int_equal(queue_new(NULL, NULL, &reader), 0);
	assert_int_equal(route_new(reader, &options, table), 0);
	emitter_swap(instance_emitter(s->instance), table, 1);
	instance_finish(s->instance);
	stage_wait_events(s, "finished");
	item = queue_pop(reader);
	assert_int_equal(item->kind, QUEUE_BATCH);
	assert_string_equal(batch_public(item->batch)->instance, "probe#7");
	assert_string_equal(batch_public(item->batch)->run, "run-1");
	queue_item_done(item);
	item = queue_pop(reader);
	assert_int_equal(item->kind, QUEUE_END);
	queue_item_done(item);
	assert_int_equal(emit_last(probe.host), -EPIPE);
	queue_close(reader);
	queue_unref(reader);
}

static int32_t answer_einprogress(const struct hearth_host *h)
{
	(void)h;
	return -EINPROGRESS;
}

static void *say_finished(void *ctx)
{
	const struct hearth_host *h = ctx;

	h->finished(h);
	return NULL;
}

static void finish_may_end_later_and_on_another_thread(void **state)
{
	struct stage *s = *state;
	pthread_t thread;

	probe.finish = answer_einprogress;
	stage_start(s, "{}");
	instance_finish(s->instance);
	stage_pass(s);
	assert_int_equal(instance_state(s->instance), INSTANCE_FINISHING);
	assert_string_equal(s->events, "");
	assert_int_equal(probe.host->wake(probe.host), 0);
	stage_wait_calls(s, "create start finish wake"); /* it needs them to come to its end */
	assert_int_equal(pthread_create(&thread, NULL, say_finished, (void *)probe.host), 0);
	pthread_join(thread, NULL);
	stage_wait_events(s, "finished");
	probe.host->finished(probe.host);
	stage_pass(s);
	assert_string_equal(s->events, "finished");
}

static void source_that_has_emitted_everything_is_not_asked_to_finish(void **state)
{
	struct stage *s = *state;

	probe_component.c.kind = HEARTH_SOURCE;
	stage_start(s, "{}");
	probe.host->finished(probe.host);
	stage_wait_events(s, "finished");
	instance_finish(s->instance);
	stage_pass(s);
	assert_string_equal(probe.calls, "create start");
	assert_int_equal(emit_last(probe.host), -EPIPE);
}

static int32_t answer_enospc(const struct hearth_host *h)
{
	(void)h;
	return -ENOSPC;
}

static void output_that_could_not_be_completed_is_told(void **state)
{
	struct stage *s = *state;

	probe.finish = answer_enospc;
	stage_start(s, "{}");
	instance_finish(s->instance);
	stage_wait_events(s, "finished(ENOSPC)");
	assert_string_equal(s->why, "No space left on device");
}

static void failure_is_told_once_and_stays(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	(probe.host->fail)(probe.host, "the device is gone");
	(probe.host->fail)(probe.host, "so it is");
	stage_wait_events(s, "failed(EIO)");
	assert_string_equal(s->why, "the device is gone");
	assert_int_equal(instance_state(s->instance), INSTANCE_FAILED);
	stage_stop(s);
	assert_string_equal(s->events, "failed(EIO) stopped");
	assert_string_equal(probe.calls, "create start stop destroy");
	assert_int_equal(instance_state(s->instance), INSTANCE_FAILED);
}

static void stop_overtakes_batches_and_counts_them(void **state)
{
	struct stage *s = *state;
	struct instance_stats stats;
	struct emitter *feed;

	probe.is_blocked = true;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(stage_emit(feed, 10), 0);
	stage_wait_calls(s, "create start consume");
	instance_stop(s->instance, clock_monotonic_ns() + NS_PER_S);
	probe.is_blocked = false;
	stage_wait_events(s, "stopped");
	assert_string_equal(probe.calls, "create start consume stop destroy");
	instance_stats(s->instance, &stats);
	assert_int_equal(stats.received_items, 10);
	assert_int_equal(stats.queue.dropped_closed, 3);
	assert_int_equal(stats.queue.items_closed, 30);
	emitter_free(feed);
}

static void count_call(void *ctx)
{
	atomic_fetch_add((atomic_int *)ctx, 1);
}

static void posted_call_is_made_or_dropped_once(void **state)
{
	struct stage *s = *state;
	atomic_int n_made = 0, n_dropped = 0;

	stage_make(s, "{}");
	instance_post(s->instance, count_call, NULL, &n_made);
	assert_int_equal(instance_start(s->instance), 0);
	s->is_started = true;
	stage_wait_events(s, "started");
	assert_int_equal(n_made, 1);
	stage_stop(s);
	instance_post(s->instance, count_call, count_call, &n_dropped);
	instance_post(s->instance, count_call, NULL, &n_made);
	assert_int_equal(n_made, 1);
	assert_int_equal(n_dropped, 1);
}

static void call_behind_the_stop_is_dropped(void **state)
{
	struct stage *s = *state;
	atomic_int n_made = 0, n_dropped = 0;
	struct emitter *feed;

	probe.is_blocked = true;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	assert_int_equal(stage_emit(feed, 1), 0);
	stage_wait_calls(s, "create start consume");
	instance_post(s->instance, count_call, count_call, &n_dropped);
	instance_stop(s->instance, 0);
	probe.is_blocked = false;
	stage_wait_events(s, "stopped");
	assert_int_equal(n_made, 0);
	assert_int_equal(n_dropped, 1);
	emitter_free(feed);
}

static void budget_reaches_a_running_instance(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	instance_budget(s->instance, 250);
	stage_wait_calls(s, "create start budget");
	assert_int_equal(probe.scale, 250);
}

static void instance_that_never_ran_can_be_freed(void **state)
{
	struct stage *s = *state;

	stage_make(s, "{}");
	instance_update(s->instance, stage_options("{}"));
	instance_budget(s->instance, 1);
	assert_int_equal(instance_state(s->instance), INSTANCE_NEW);
	assert_string_equal(probe.calls, "");
}

static void instance_at_its_end_takes_no_more_inputs(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	assert_int_equal(instance_inputs_add(s->instance, 1), 0);
	instance_finish(s->instance);
	stage_wait_events(s, "finished");
	assert_int_equal(instance_inputs_add(s->instance, 1), -EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stage_test(callbacks_come_in_order_and_once),
		stage_test(nothing_is_called_after_a_start_that_failed),
		stage_test(nothing_is_called_between_finish_and_stop),
		stage_test(what_was_armed_dies_with_the_plugin),
		stage_test(consumer_finishes_when_every_input_has_ended),
		stage_test(streams_end_behind_what_finish_emits),
		stage_test(finish_may_end_later_and_on_another_thread),
		stage_test(source_that_has_emitted_everything_is_not_asked_to_finish),
		stage_test(output_that_could_not_be_completed_is_told),
		stage_test(failure_is_told_once_and_stays),
		stage_test(stop_overtakes_batches_and_counts_them),
		stage_test(posted_call_is_made_or_dropped_once),
		stage_test(call_behind_the_stop_is_dropped),
		stage_test(budget_reaches_a_running_instance),
		stage_test(instance_that_never_ran_can_be_freed),
		stage_test(instance_at_its_end_takes_no_more_inputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
