/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/stage.h"

#include <sys/epoll.h>

static int32_t answer_eio(const struct hearth_host *h, const struct hearth_batch *b)
{
	(void)h;
	(void)b;
	return -EIO;
}

static struct instance_stats stats_of(struct stage *s)
{
	struct instance_stats stats;

	instance_stats(s->instance, &stats);
	return stats;
}

static uint64_t next_sequence;

static int32_t check_sequence(const struct hearth_host *h, const struct hearth_batch *b)
{
	(void)h;
	return b->sequence == next_sequence++ ? 0 : -EILSEQ;
}

static void batches_are_consumed_in_order_and_counted(void **state)
{
	struct stage *s = *state;
	struct emitter *feed;

	next_sequence = 0;
	probe.consume = check_sequence;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	for (uint64_t i = 0; i < 100; i++) /* more than are taken at once */
		assert_int_equal(stage_emit(feed, i), 0);
	emitter_close(feed);
	stage_wait_events(s, "finished");
	assert_int_equal(stats_of(s).received, 100);
	assert_int_equal(stats_of(s).received_items, 99 * 100 / 2);
	assert_int_equal(stats_of(s).errors, 0);
	assert_int_equal(stats_of(s).pending_items, 0);
	emitter_free(feed);
}

static void refused_batch_is_counted(void **state)
{
	struct stage *s = *state;
	struct emitter *feed;

	probe.consume = answer_eio;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	assert_int_equal(stage_emit(feed, 5), 0);
	stage_wait(s, stats_of(s).errors == 1);
	assert_int_equal(stats_of(s).error_items, 5);
	emitter_free(feed);
}

/* Time stands still, so that the retry after 100 ms comes when the test says so. */
static struct emitter *start_with_held(struct stage *s)
{
	struct emitter *feed;

	clock_fake(1000 * NS_PER_S, NS_PER_S);
	next_sequence = 0;
	probe.consume = check_sequence;
	probe.n_again = 1;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	assert_int_equal(stage_emit(feed, 5), 0);
	assert_int_equal(stage_emit(feed, 6), 0);
	stage_wait_calls(s, "create start consume");
	return feed;
}

static void batch_put_off_is_offered_again_after_100_ms(void **state)
{
	struct stage *s = *state;
	struct emitter *feed = start_with_held(s);

	stage_pass(s);
	assert_int_equal(stats_of(s).received, 0);
	assert_int_equal(stats_of(s).pending_items, 11);
	clock_fake(1000 * NS_PER_S + 100 * NS_PER_MS, NS_PER_S);
	stage_wait_calls(s, "create start consume consume consume");
	stage_wait(s, stats_of(s).received == 2);
	assert_int_equal(stats_of(s).errors, 0);
	assert_int_equal(stats_of(s).pending_items, 0);
	emitter_free(feed);
}

static void batch_put_off_is_offered_again_when_routes_are_writable(void **state)
{
	struct stage *s = *state;
	struct emitter *feed = start_with_held(s);

	instance_on_room(s->instance);
	stage_wait_calls(s, "create start consume writable consume consume");
	stage_wait(s, stats_of(s).received == 2);
	assert_int_equal(stats_of(s).errors, 0);
	emitter_free(feed);
}

static void note_post(void *ctx)
{
	(void)ctx;
	probe_note("posted");
}

/* The answer that the plugin waits for may come as a call. */
static void calls_are_made_while_a_batch_is_put_off(void **state)
{
	struct stage *s = *state;
	struct emitter *feed = start_with_held(s);

	instance_post(s->instance, note_post, NULL, NULL);
	stage_wait_calls(s, "create start consume posted");
	instance_on_room(s->instance);
	stage_wait_calls(s, "create start consume posted writable consume consume");
	emitter_free(feed);
}

static void end_of_stream_waits_behind_a_batch_put_off(void **state)
{
	struct stage *s = *state;
	struct emitter *feed = start_with_held(s);

	emitter_close(feed);
	stage_pass(s);
	assert_string_equal(s->events, "");
	instance_on_room(s->instance);
	stage_wait_events(s, "finished");
	assert_string_equal(probe.calls, "create start consume writable consume consume finish");
	emitter_free(feed);
}

static void batch_put_off_is_counted_when_it_is_stopped(void **state)
{
	struct stage *s = *state;
	struct emitter *feed = start_with_held(s);

	stage_stop(s);
	assert_string_equal(probe.calls, "create start consume stop destroy");
	assert_int_equal(stats_of(s).error_items, 5);
	assert_int_equal(stats_of(s).queue.items_closed, 6);
	assert_int_equal(stats_of(s).pending_items, 0);
	emitter_free(feed);
}

static int32_t arm_timers(const struct hearth_host *h)
{
	assert_int_equal(h->set_timer(h, 0, 10, 0), 0);
	assert_int_equal(h->set_timer(h, 15, 20, 0), 0);
	assert_int_equal(h->set_timer(h, 1, 30, 0), 0);
	assert_int_equal(h->set_timer(h, 1, 0, 0), 0);
	assert_int_equal(h->set_timer(h, 16, 10, 0), -EINVAL);
	return 0;
}

static void timers_fire_when_they_are_due_unless_disarmed(void **state)
{
	struct stage *s = *state;

	clock_fake(NS_PER_S, NS_PER_S);
	probe.start = arm_timers;
	stage_start(s, "{}");
	clock_fake(NS_PER_S + 10, NS_PER_S);
	stage_wait_calls(s, "create start timer");
	clock_fake(NS_PER_S + 100, NS_PER_S);
	stage_wait_calls(s, "create start timer timer");
	stage_pass(s);
	assert_string_equal(probe.calls, "create start timer timer");
}

static int32_t arm_beat(const struct hearth_host *h)
{
	return h->set_timer(h, 0, 10, 10);
}

static void periodic_timer_leaves_out_missed_beats(void **state)
{
	struct stage *s = *state;

	clock_fake(NS_PER_S, NS_PER_S);
	probe.start = arm_beat;
	stage_start(s, "{}");
	clock_fake(NS_PER_S + 35, NS_PER_S);
	stage_wait_calls(s, "create start timer");
	clock_fake(NS_PER_S + 40, NS_PER_S);
	stage_wait_calls(s, "create start timer timer");
}

static int watched[2];

static int32_t watch_pipe(const struct hearth_host *h)
{
	return h->watch_fd(h, watched[0], EPOLLIN);
}

static void forget_pipe(const struct hearth_host *h)
{
	assert_int_equal(h->watch_fd(h, watched[0], 0), 0);
}

static void fd_is_told_of_until_it_is_forgotten(void **state)
{
	struct stage *s = *state;

	assert_int_equal(pipe(watched), 0);
	probe.start = watch_pipe;
	probe.any = forget_pipe;
	stage_start(s, "{}");
	assert_int_equal(write(watched[1], "x", 1), 1);
	stage_wait_calls(s, "create start fd");
	stage_pass(s);
	assert_string_equal(probe.calls, "create start fd"); /* though it is still readable */
	close(watched[0]);
	close(watched[1]);
}

static int32_t wake_three_times(const struct hearth_host *h)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(h->wake(h), 0);
	return 0;
}

static void many_wakes_are_one_call(void **state)
{
	struct stage *s = *state;

	probe.start = wake_three_times;
	stage_start(s, "{}");
	stage_wait_calls(s, "create start wake");
	stage_pass(s);
	assert_string_equal(probe.calls, "create start wake");
}

enum { THREADS = 4, EMISSIONS = 1000 };

static void *emit_many(void *ctx)
{
	const struct hearth_host *h = ctx;
	const struct hearth_segment segment = { "x", 1, NULL, NULL };
	const struct hearth_emission e = { .size = sizeof(e), .schema = PROBE_SCHEMA,
					   .segments = &segment, .n_segments = 1,
					   .segment_stride = sizeof(segment), .n_items = 1 };

	for (int i = 0; i < EMISSIONS; i++) {
		assert_int_equal(h->emit(h, &e), 0);
		h->count(h, "emitted", 1);
	}
	return NULL;
}

static void threads_of_a_plugin_may_emit(void **state)
{
	struct stage *s = *state;
	pthread_t threads[THREADS];

	stage_start(s, "{}");
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, emit_many, (void *)probe.host), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(stats_of(s).sent, THREADS * EMISSIONS);
	assert_int_equal(s->n_tapped, THREADS * EMISSIONS);
}

static void stats_name_the_callback_under_way(void **state)
{
	struct stage *s = *state;
	struct emitter *feed;

	probe.is_blocked = true;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	assert_int_equal(stage_emit(feed, 5), 0);
	stage_wait_calls(s, "create start consume");
	assert_string_equal(stats_of(s).callback, "consume");
	assert_true(stats_of(s).callback_since_ns > 0);
	assert_int_equal(stats_of(s).pending_items, 5);
	assert_int_equal(stats_of(s).callbacks, 2);
	probe.is_blocked = false;
	stage_wait(s, stats_of(s).callbacks == 3);
	assert_null(stats_of(s).callback);
	assert_true(stats_of(s).callback_ns >= stats_of(s).callback_max_ns);
	assert_true(stats_of(s).tid > 0);
	emitter_free(feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stage_test(batches_are_consumed_in_order_and_counted),
		stage_test(refused_batch_is_counted),
		stage_test(batch_put_off_is_offered_again_after_100_ms),
		stage_test(batch_put_off_is_offered_again_when_routes_are_writable),
		stage_test(calls_are_made_while_a_batch_is_put_off),
		stage_test(end_of_stream_waits_behind_a_batch_put_off),
		stage_test(batch_put_off_is_counted_when_it_is_stopped),
		stage_test(timers_fire_when_they_are_due_unless_disarmed),
		stage_test(periodic_timer_leaves_out_missed_beats),
		stage_test(fd_is_told_of_until_it_is_forgotten),
		stage_test(many_wakes_are_one_call),
		stage_test(threads_of_a_plugin_may_emit),
		stage_test(stats_name_the_callback_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
