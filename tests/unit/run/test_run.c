/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/run/show.h"

#define SIMPLE "  source: {}\n  sink: {}\n"

static void run_ends_after_its_duration(void **state)
{
	struct show *s = *state;

	clock_fake(1000 * NS_PER_S, 1700000000 * NS_PER_S);
	show_begin(s, SIMPLE, HEARTH_END_DURATION, 5 * NS_PER_S);
	assert_int_equal(actor_emit(actor_find("source", 1), 1), 0);
	clock_fake(1005 * NS_PER_S - 1, 1700000004 * NS_PER_S);
	theatre_wait(s->t, actor_find("sink", 1)->batches == 1);
	assert_int_equal(s->n_ended, 0);
	clock_fake(1005 * NS_PER_S, 1700000005 * NS_PER_S);
	show_wait_end(s);
	assert_null(s->error);
	assert_result(s, "ended_by", "\"duration\"");
	assert_result(s, "window.seconds", "5.0");
	assert_result(s, "window.start", "\"2023-11-14T22:13:20Z\"");
	assert_result(s, "window.end", "\"2023-11-14T22:13:25Z\"");
	assert_int_equal(actor_find("sink", 1)->n_finished, 1);
	assert_int_equal(run_elapsed_ns(s->run), 5 * NS_PER_S);
}

static void run_ends_when_there_are_enough_samples(void **state)
{
	struct show *s = *state;

	show_begin(s, SIMPLE, HEARTH_END_SAMPLES, 10);
	for (int i = 0; i < 3; i++)
		assert_int_equal(actor_emit(actor_find("source", 1), 3), 0);
	assert_int_equal(run_samples(s->run), 9);
	assert_int_equal(actor_emit(actor_find("source", 1), 3), 0);
	show_wait_end(s);
	assert_result(s, "ended_by", "\"samples\"");
	assert_int_equal(actor_find("sink", 1)->items, 12);
}

static void samples_that_processors_pass_on_count_once(void **state)
{
	struct show *s = *state;

	show_begin(s, "  source: {}\n  processor: { mode: pass-on }\n  sink: {}\n",
		   HEARTH_END_SAMPLES, 100);
	assert_int_equal(actor_emit(actor_find("source", 1), 3), 0);
	theatre_wait(s->t, actor_find("sink", 1)->batches == 1);
	assert_int_equal(run_samples(s->run), 3);
}

static void run_ends_when_its_sources_have(void **state)
{
	struct show *s = *state;
	struct actor *reader;

	show_begin(s, "  reader: {}\n  second: { plugin: reader }\n  sink: {}\n", HEARTH_END_SOURCES, 0);
	reader = actor_find("reader", 1);
	assert_int_equal(actor_emit(reader, 1), 0);
	reader->host->finished(reader->host);
	theatre_wait(s->t, pipeline_n_stuck(s->t->pipeline) == 0 && !pipeline_has_no_source(s->t->pipeline));
	assert_int_equal(s->n_ended, 0);
	reader = actor_find("second", 1);
	reader->host->finished(reader->host);
	show_wait_end(s);
	assert_null(s->error);
	assert_result(s, "ended_by", "\"sources\"");
	assert_int_equal(actor_find("sink", 1)->items, 1);
}

static void early_end_completes_the_output(void **state)
{
	struct show *s = *state;

	show_begin(s, "  source: {}\n  writer: { mode: write }\n", HEARTH_END_DURATION, 3600 * NS_PER_S);
	assert_int_equal(actor_emit(actor_find("source", 1), 7), 0);
	run_finish(s->run, "signal");
	show_wait_end(s);
	assert_null(s->error);
	assert_result(s, "ended_by", "\"signal\"");
	assert_int_equal(actor_find("writer", 1)->items, 7);
	assert_int_equal(actor_find("writer", 1)->n_destroyed, 1);
}

static void second_request_to_end_waits_for_nobody(void **state)
{
	struct show *s = *state;

	show_begin(s, "  source: {}\n  sink: { mode: never-finish }\n", 0, 0);
	run_finish(s->run, "signal");
	theatre_wait(s->t, actor_find("sink", 1)->n_finished == 1);
	assert_int_equal(s->n_ended, 0);
	run_finish(s->run, "signal");
	show_wait_end(s);
	assert_int_equal(actor_find("sink", 1)->n_stopped, 1);
}

static void output_that_is_not_complete_in_time_is_counted_as_lost(void **state)
{
	struct show *s = *state;
	const struct actor *source;

	show_begin(s, "  source: {}\n  sink: { mode: stay-in-consume }\n", 0, 0);
	source = actor_find("source", 1);
	source->host->count(source->host, "samples_taken", 30);
	for (int i = 0; i < 3; i++)
		assert_int_equal(actor_emit(actor_find("source", 1), 10), 0);
	theatre_wait(s->t, theatre_stats(s->t, "sink").callback);
	run_finish(s->run, "signal");
	run_finish(s->run, "signal");
	troupe_release();
	show_wait_end(s);
	assert_result(s, "samples", "{\"delivered\":0,\"lost\":{\"plugin stopped\":30},\"taken\":30}");
}

static void end_before_the_start_is_an_end(void **state)
{
	struct show *s = *state;
	const struct run_options options = {
		.loop = s->t->loop, .main = s->t->main, .drain_ns = THEATRE_DRAIN_NS,
		.fn = show_event, .ctx = s,
	};

	assert_int_equal(run_new(&options, &s->run), 0);
	s->t->pipeline = run_pipeline_mutable(s->run);
	assert_int_equal(run_start(s->run, troupe_blueprint("  source: {}\n"
							    "  sink: { mode: stay-in-start }\n")), 0);
	theatre_wait(s->t, actor_find("sink", 1));
	run_finish(s->run, "signal");
	troupe_release();
	show_wait_end(s);
	assert_int_equal(s->n_started, 0);
	assert_null(s->error);
	assert_result(s, "ended_by", "\"signal\"");
	assert_result(s, "window.seconds", "0.0");
}

static void run_that_cannot_start_says_why(void **state)
{
	struct show *s = *state;

	show_begin(s, "  source: { mode: fail-in-start }\n  sink: {}\n", 0, 0);
	show_wait_end(s);
	assert_int_equal(s->n_started, 0);
	assert_string_equal(s->error, "plugin \"source\": the device is not there");
	assert_int_equal(run_start_result(s->run), -EIO);
	assert_result(s, "ended_by", "\"failure\"");
}

static void failing_source_ends_the_run_and_keeps_its_counts(void **state)
{
	struct show *s = *state;
	const struct actor *source;

	show_begin(s, SIMPLE, HEARTH_END_DURATION, 3600 * NS_PER_S);
	source = actor_find("source", 1);
	source->host->count(source->host, "samples_taken", 5);
	assert_int_equal(actor_emit(actor_find("source", 1), 5), 0);
	(source->host->fail)(source->host, "the device is gone");
	show_wait_end(s);
	assert_string_equal(s->error, "plugin \"source\": the device is gone");
	assert_result(s, "ended_by", "\"failure\"");
	assert_result(s, "samples", "{\"delivered\":5,\"lost\":{},\"taken\":5}");
	assert_string_equal(json_string_value(json_object_get(show_instance(s, "source"), "failure")),
			    "the device is gone");
	assert_string_equal(json_string_value(json_object_get(show_instance(s, "source"), "state")),
			    "failed");
	assert_true(json_is_null(json_object_get(show_instance(s, "sink"), "failure")));
	assert_int_equal(actor_find("sink", 1)->n_finished, 1);
}

static void one_failing_source_of_two_does_not_end_the_run(void **state)
{
	struct show *s = *state;
	const struct actor *source;

	show_begin(s, SIMPLE "  second: { plugin: source }\n", 0, 0);
	source = actor_find("source", 1);
	(source->host->fail)(source->host, "the device is gone");
	theatre_wait(s->t, source->n_destroyed == 1);
	assert_int_equal(actor_emit(actor_find("second", 1), 5), 0);
	theatre_wait(s->t, actor_find("sink", 1)->items == 5);
	run_finish(s->run, "signal");
	show_wait_end(s);
	assert_string_equal(s->error, "plugin \"source\": the device is gone");
	assert_result(s, "ended_by", "\"signal\"");
}

static void run_without_a_sink_left_ends(void **state)
{
	struct show *s = *state;
	const struct actor *sink;

	show_begin(s, SIMPLE, HEARTH_END_DURATION, 3600 * NS_PER_S);
	sink = actor_find("sink", 1);
	(sink->host->fail)(sink->host, "the disk is gone");
	show_wait_end(s);
	assert_result(s, "ended_by", "\"failure\"");
	assert_string_equal(s->error, "plugin \"sink\": the disk is gone");
}

static void output_that_could_not_be_completed_fails_the_run(void **state)
{
	struct show *s = *state;

	show_begin(s, "  source: {}\n  sink: { mode: fail-in-finish }\n", 0, 0);
	run_finish(s->run, "command");
	show_wait_end(s);
	assert_string_equal(s->error, "plugin \"sink\": No space left on device");
	assert_result(s, "ended_by", "\"command\"");
}

static void stuck_sink_does_not_hold_up_the_end(void **state)
{
	struct show *s = *state;

	show_begin(s, SIMPLE "  stuck: { plugin: sink, mode: stay-in-consume }\n", 0, 0);
	assert_int_equal(actor_emit(actor_find("source", 1), 5), 0);
	theatre_wait(s->t, theatre_stats(s->t, "stuck").callback);
	pipeline_abandon(s->t->pipeline, theatre_instance(s->t, "stuck"));
	run_finish(s->run, "signal");
	show_wait_end(s);
	assert_string_equal(s->error, "plugin \"stuck\": a callback does not return");
	assert_string_equal(json_string_value(json_object_get(show_instance(s, "stuck"), "state")),
			    "stuck");
}

static void words_of_a_plugin_that_are_no_text_are_told_all_the_same(void **state)
{
	struct show *s = *state;
	const struct actor *source;

	show_begin(s, SIMPLE, 0, 0);
	source = actor_find("source", 1);
	(source->host->fail)(source->host, "cannot read /tmp/\xff\x01");
	show_wait_end(s);
	assert_string_equal(s->error, "plugin \"source\": cannot read /tmp/??");
	assert_string_equal(json_string_value(json_object_get(show_instance(s, "source"), "failure")),
			    "cannot read /tmp/??");
}

static void files_and_receipts_are_collected(void **state)
{
	struct show *s = *state;

	show_begin(s, "  source: {}\n  writer: { mode: write }\n", 0, 0);
	run_finish(s->run, "signal");
	show_wait_end(s);
	assert_result(s, "artifacts",
		      "[{\"bytes\":12,\"description\":\"a page\",\"instance\":\"writer\","
		      "\"media_type\":\"text/html\",\"path\":\"/out/a.html\",\"sha256\":"
		      "\"ab00000000000000000000000000000000000000000000000000000000000000\"}]");
	assert_result(s, "receipts",
		      "[{\"error\":\"\",\"instance\":\"writer\",\"path\":\"/out/a.html\",\"sha256\":"
		      "\"0000000000000000000000000000000000000000000000000000000000000000\","
		      "\"state\":\"delivered\",\"url\":\"https://store/a.html\"}]");
}

static void run_has_an_id_of_its_own_that_its_instances_know(void **state)
{
	char first[RUN_ID_LEN + 1], second[RUN_ID_LEN + 1];
	struct show *s = *state;

	assert_int_equal(run_id_make(first), 0);
	assert_int_equal(run_id_make(second), 0);
	assert_string_not_equal(first, second);
	show_begin(s, SIMPLE, 0, 0);
	assert_int_equal(strlen(run_id(s->run)), RUN_ID_LEN);
	assert_string_equal(actor_find("source", 1)->host->run, run_id(s->run));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		show_test(run_ends_after_its_duration),
		show_test(run_ends_when_there_are_enough_samples),
		show_test(samples_that_processors_pass_on_count_once),
		show_test(run_ends_when_its_sources_have),
		show_test(early_end_completes_the_output),
		show_test(second_request_to_end_waits_for_nobody),
		show_test(output_that_is_not_complete_in_time_is_counted_as_lost),
		show_test(end_before_the_start_is_an_end),
		show_test(run_that_cannot_start_says_why),
		show_test(failing_source_ends_the_run_and_keeps_its_counts),
		show_test(one_failing_source_of_two_does_not_end_the_run),
		show_test(run_without_a_sink_left_ends),
		show_test(output_that_could_not_be_completed_fails_the_run),
		show_test(stuck_sink_does_not_hold_up_the_end),
		show_test(words_of_a_plugin_that_are_no_text_are_told_all_the_same),
		show_test(files_and_receipts_are_collected),
		show_test(run_has_an_id_of_its_own_that_its_instances_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
