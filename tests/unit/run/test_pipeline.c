/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/run/theatre.h"

#define CHAIN \
	"  source: {}\n" \
	"  processor: { mode: pass-on }\n" \
	"  sink: {}\n"

static void consumers_start_before_those_they_read(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, CHAIN), 0);
	assert_string_equal(troupe.starts, "sink processor source");
	assert_string_equal(t->why, "");
	assert_int_equal(pipeline_blueprint(t->pipeline)->n, 3);
}

static void batches_pass_from_source_to_sink(void **state)
{
	struct theatre *t = *state;
	const struct actor *sink;

	assert_int_equal(theatre_apply(t, CHAIN), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(actor_emit(actor_find("source", 1), 3), 0);
	sink = actor_find("sink", 1);
	theatre_wait(t, sink->batches == 10);
	assert_int_equal(sink->items, 30);
	assert_false(sink->is_disordered);
}

static void nothing_can_be_applied(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  {}\n"), 0);
	assert_true(pipeline_is_finished(t->pipeline));
}

static void finishing_sources_finishes_everything_behind_the_data(void **state)
{
	struct theatre *t = *state;
	const struct actor *sink;

	assert_int_equal(theatre_apply(t, CHAIN "  controller: {}\n"), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(actor_emit(actor_find("source", 1), 1), 0);
	assert_false(pipeline_is_finished(t->pipeline));
	pipeline_finish(t->pipeline);
	theatre_wait(t, pipeline_is_finished(t->pipeline));
	sink = actor_find("sink", 1);
	assert_int_equal(sink->batches, 10);
	assert_int_equal(sink->n_finished, 1);
	assert_int_equal(actor_find("controller", 1)->n_finished, 1);
	theatre_wait(t, strstr(t->changes, "sink:finished"));
	assert_int_equal(actor_emit(actor_find("source", 1), 1), -EPIPE);
}

static void finite_source_ends_a_pipeline_by_itself(void **state)
{
	struct theatre *t = *state;
	struct actor *reader;

	assert_int_equal(theatre_apply(t, "  reader: {}\n  sink: {}\n"), 0);
	assert_false(pipeline_has_no_source(t->pipeline));
	reader = actor_find("reader", 1);
	assert_int_equal(actor_emit(reader, 1), 0);
	reader->host->finished(reader->host);
	theatre_wait(t, pipeline_is_finished(t->pipeline));
	assert_true(pipeline_has_no_source(t->pipeline));
	assert_int_equal(actor_find("sink", 1)->items, 1);
}

static void first_start_that_fails_leaves_nothing_behind(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: { mode: fail-in-start }\n  sink: {}\n"), -EIO);
	assert_string_equal(t->why, "plugin \"source\": the device is not there");
	assert_null(theatre_instance(t, "sink"));
	assert_null(theatre_leaver(t, "sink"));
	assert_null(pipeline_blueprint(t->pipeline));
	assert_int_equal(actor_find("sink", 1)->n_destroyed, 1);
}

static void stop_stops_and_destroys_each_once(void **state)
{
	static const char *const names[] = { "source", "processor", "sink" };
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, CHAIN), 0);
	pipeline_stop(t->pipeline, clock_monotonic_ns() + NS_PER_S, theatre_stopped, t);
	theatre_wait(t, t->n_stopped == 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct actor *a = actor_find(names[i], 1);

		assert_int_equal(a->n_stopped, 1);
		assert_int_equal(a->n_destroyed, 1);
	}
	assert_null(theatre_instance(t, "source"));
	assert_int_equal(pipeline_apply(t->pipeline, troupe_blueprint(CHAIN), theatre_done, t), -EBUSY);
}

static void stopping_nothing_is_answered(void **state)
{
	struct theatre *t = *state;

	pipeline_stop(t->pipeline, 0, theatre_stopped, t);
	assert_int_equal(t->n_stopped, 1);
}

static void one_that_does_not_return_from_stop_is_abandoned(void **state)
{
	struct theatre *t = *state;
	uint64_t now_ns = clock_monotonic_ns();

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: { mode: stay-in-stop }\n"), 0);
	clock_fake(now_ns, NS_PER_S);
	pipeline_stop(t->pipeline, now_ns + NS_PER_S, theatre_stopped, t);
	theatre_wait(t, !theatre_leaver(t, "source") && theatre_n_busy(t) == 1);
	assert_int_equal(t->n_stopped, 0);
	clock_fake(now_ns + 4 * NS_PER_S, NS_PER_S);
	theatre_wait(t, t->n_stopped == 1);
	assert_int_equal(pipeline_n_stuck(t->pipeline), 1);
	assert_string_equal(t->changes, "sink:stuck");
	assert_int_equal(actor_find("source", 1)->n_destroyed, 1);
}

static void leaver_that_never_finishes_is_stopped_at_its_deadline(void **state)
{
	struct theatre *t = *state;
	const struct actor *slow;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"
				       "  slow: { plugin: sink, mode: never-finish }\n"), 0);
	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	slow = actor_find("slow", 1);
	theatre_wait(t, slow->n_finished == 1);
	clock_fake(clock_monotonic_ns() + THEATRE_DRAIN_NS, NS_PER_S);
	theatre_wait(t, slow->n_destroyed == 1);
	assert_int_equal(slow->n_stopped, 1);
	theatre_wait(t, !theatre_leaver(t, "slow"));
	assert_int_equal(pipeline_n_stuck(t->pipeline), 0);
}

static void abandoned_sink_does_not_hold_up_the_others(void **state)
{
	struct theatre *t = *state;
	struct instance_stats s;
	struct instance *stuck;
	struct actor *source;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"
				       "  stuck: { plugin: sink, mode: stay-in-consume }\n"), 0);
	source = actor_find("source", 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(actor_emit(source, 1), 0);
	stuck = theatre_instance(t, "stuck");
	theatre_wait(t, theatre_stats(t, "stuck").callback && actor_find("sink", 1)->batches == 3);
	pipeline_abandon(t->pipeline, stuck);
	pipeline_abandon(t->pipeline, stuck);
	assert_string_equal(t->changes, "stuck:stuck");
	assert_int_equal(actor_emit(source, 1), 0);
	theatre_wait(t, actor_find("sink", 1)->batches == 4);
	instance_stats(stuck, &s);
	assert_int_equal(s.queue.dropped_closed, 2);
	assert_int_equal(s.pending_items, 1);
	pipeline_finish(t->pipeline);
	theatre_wait(t, pipeline_is_finished(t->pipeline));
}

/* Else a finite source would wait for ever. */
static void source_that_waits_for_a_stuck_sink_goes_on(void **state)
{
	struct theatre *t = *state;
	struct actor *reader;

	assert_int_equal(theatre_apply(t, "  reader: {}\n"
				       "  stuck: { plugin: sink, queue: 64KiB, mode: stay-in-consume }\n"), 0);
	reader = actor_find("reader", 1);
	while (actor_emit(reader, 1) == 0)
		;
	assert_int_equal(reader->host->writable(reader->host), 0);
	pipeline_abandon(t->pipeline, theatre_instance(t, "stuck"));
	assert_int_equal(reader->host->writable(reader->host), 1);
	assert_int_equal(actor_emit(reader, 1), 0);
}

static void failed_instance_is_stopped_and_stays_to_be_looked_at(void **state)
{
	struct theatre *t = *state;
	const struct actor *sink;
	struct instance *dead;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	sink = actor_find("sink", 1);
	sink->host->count(sink->host, "witness", 1);
	(sink->host->fail)(sink->host, "the disk is gone");
	theatre_wait(t, sink->n_destroyed == 1);
	assert_string_equal(t->changes, "sink:failed");
	assert_null(theatre_instance(t, "sink"));
	dead = theatre_leaver(t, "sink");
	assert_int_equal(instance_state(dead), INSTANCE_FAILED);

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	assert_null(theatre_leaver(t, "sink"));
	assert_int_equal(actor_emit(actor_find("source", 1), 1), 0);
	theatre_wait(t, actor_find("sink", 2)->batches == 1);
}

static void failed_source_lets_its_consumers_finish(void **state)
{
	struct theatre *t = *state;
	const struct actor *source;

	assert_int_equal(theatre_apply(t, CHAIN), 0);
	source = actor_find("source", 1);
	(source->host->fail)(source->host, "the device is gone");
	theatre_wait(t, pipeline_is_finished(t->pipeline));
	assert_true(pipeline_has_no_source(t->pipeline));
	assert_int_equal(actor_find("sink", 1)->n_finished, 1);
}

static void sinks_are_lost_when_each_has_failed(void **state)
{
	struct theatre *t = *state;
	const struct hearth_host *h;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n  other: { plugin: sink }\n"), 0);
	h = actor_find("sink", 1)->host;
	(h->fail)(h, "gone");
	theatre_wait(t, theatre_leaver(t, "sink"));
	assert_false(pipeline_has_lost_sinks(t->pipeline));
	h = actor_find("other", 1)->host;
	(h->fail)(h, "gone");
	theatre_wait(t, pipeline_has_lost_sinks(t->pipeline));
}

static void stop_while_starting_waits_for_nobody_who_has_not_begun(void **state)
{
	struct theatre *t = *state;

	theatre_begin(t, "  source: {}\n  processor: {}\n  sink: { mode: stay-in-start }\n");
	theatre_wait(t, actor_find("sink", 1));
	pipeline_stop(t->pipeline, clock_monotonic_ns() + 10 * NS_PER_S, theatre_stopped, t);
	assert_int_equal(t->n_done, 1);
	assert_int_equal(t->result, -ECANCELED);
	troupe_release();
	theatre_wait(t, t->n_stopped == 1);
	assert_int_equal(pipeline_n_stuck(t->pipeline), 0);
	assert_null(actor_find("processor", 1));
	assert_int_equal(actor_find("sink", 1)->n_destroyed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		theatre_test(consumers_start_before_those_they_read),
		theatre_test(batches_pass_from_source_to_sink),
		theatre_test(nothing_can_be_applied),
		theatre_test(finishing_sources_finishes_everything_behind_the_data),
		theatre_test(finite_source_ends_a_pipeline_by_itself),
		theatre_test(first_start_that_fails_leaves_nothing_behind),
		theatre_test(stop_stops_and_destroys_each_once),
		theatre_test(stopping_nothing_is_answered),
		theatre_test(one_that_does_not_return_from_stop_is_abandoned),
		theatre_test(leaver_that_never_finishes_is_stopped_at_its_deadline),
		theatre_test(abandoned_sink_does_not_hold_up_the_others),
		theatre_test(source_that_waits_for_a_stuck_sink_goes_on),
		theatre_test(failed_instance_is_stopped_and_stays_to_be_looked_at),
		theatre_test(failed_source_lets_its_consumers_finish),
		theatre_test(sinks_are_lost_when_each_has_failed),
		theatre_test(stop_while_starting_waits_for_nobody_who_has_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
