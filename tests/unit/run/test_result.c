/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/run/show.h"

#include "run/result.h"

#define SIMPLE "  source: {}\n  sink: {}\n"

static void count(const char *name, const char *counter, uint64_t n)
{
	const struct hearth_host *h = actor_find(name, 1)->host;

	h->count(h, counter, n);
}

static void report(const char *name, const char *key, const char *json)
{
	const struct hearth_host *h = actor_find(name, 1)->host;

	assert_int_equal(h->report(h, key, json), 0);
}

static void end(struct show *s)
{
	run_finish(s->run, "signal");
	show_wait_end(s);
}

static void result_has_what_its_schema_requires(void **state)
{
	static const char *const keys[] = { "schema", "hearth", "host", "run", "ended_by", "labels",
					    "window", "samples", "stacks", "frames", "instances",
					    "artifacts", "receipts" };
	struct show *s = *state;

	show_begin(s, SIMPLE, 0, 0);
	end(s);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_non_null(json_object_get(s->result, keys[i]));
	assert_result(s, "schema", "\"hearth.summary/1\"");
	assert_result(s, "labels", "{\"service.name\":\"checkout\"}");
	assert_result(s, "artifacts", "[]");
	assert_string_equal(json_string_value(json_object_get(s->result, "run")), run_id(s->run));
	assert_true(json_integer_value(json_object_get(json_object_get(s->result, "host"), "cpus")) > 0);
}

static void counters_with_a_meaning_are_summed_up(void **state)
{
	struct show *s = *state;

	show_begin(s, "  a: { plugin: source }\n  b: { plugin: source }\n"
		   "  processor: { mode: pass-on }\n  sink: {}\n", 0, 0);
	count("a", "samples_taken", 60);
	count("b", "samples_taken", 40);
	count("a", "samples_lost.ring full", 3);
	count("b", "samples_lost.ring full", 1);
	count("b", "samples_lost.no memory", 2);
	count("a", "stacks_truncated.too deep", 5);
	count("processor", "frames_unnamed.no symbols", 6);
	count("processor", "samples_unnamed.no symbols", 2);
	count("processor", "something else", 7);
	end(s);
	assert_result(s, "samples",
		      "{\"delivered\":94,\"lost\":{\"no memory\":2,\"ring full\":4},\"taken\":100}");
	assert_result(s, "stacks.truncated", "{\"too deep\":5}");
	assert_result(s, "frames.unnamed", "{\"no symbols\":6}");
	assert_result(s, "frames.unnamed_leaves", "{\"no symbols\":2}");
}

static void instances_tell_what_they_did(void **state)
{
	struct show *s = *state;
	json_t *sink;

	show_begin(s, SIMPLE, 0, 0);
	assert_int_equal(actor_emit(actor_find("source", 1), 5), 0);
	count("sink", "pages", 2);
	end(s);
	sink = show_instance(s, "sink");
	assert_string_equal(json_string_value(json_object_get(sink, "plugin")), "sink");
	assert_string_equal(json_string_value(json_object_get(sink, "kind")), "sink");
	assert_string_equal(json_string_value(json_object_get(sink, "state")), "finished");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(sink, "stats"),
							    "received_samples")), 5);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(sink, "counters"),
							    "pages")), 2);
}

static void of_sinks_that_lose_the_worst_counts(void **state)
{
	struct show *s = *state;

	show_begin(s, "  source: {}\n  a: { plugin: sink, mode: stay-in-consume }\n"
		   "  b: { plugin: sink, mode: stay-in-consume }\n  c: { plugin: sink }\n", 0, 0);
	count("source", "samples_taken", 10);
	assert_int_equal(actor_emit(actor_find("source", 1), 10), 0);
	theatre_wait(s->t, theatre_stats(s->t, "a").callback && theatre_stats(s->t, "b").callback &&
		     actor_find("c", 1)->items == 10);
	run_finish(s->run, "signal");
	run_finish(s->run, "signal");
	troupe_release();
	show_wait_end(s);
	assert_result(s, "samples", "{\"delivered\":0,\"lost\":{\"plugin stopped\":10},\"taken\":10}");
}

static void delivered_is_never_negative(void **state)
{
	struct show *s = *state;

	show_begin(s, SIMPLE, 0, 0);
	count("source", "samples_taken", 1);
	count("source", "samples_lost.ring full", 5);
	end(s);
	assert_result(s, "samples.delivered", "0");
}

static void reports_are_found_by_their_keys(void **state)
{
	struct show *s = *state;

	show_begin(s, SIMPLE, 0, 0);
	report("source", "event", "\"cpu-clock\"");
	report("sink", "stacks.unique", "42");
	report("sink", "a.b.c", "[1]");
	end(s);
	assert_result(s, "event", "\"cpu-clock\"");
	assert_result(s, "stacks", "{\"truncated\":{},\"unique\":42}");
	assert_result(s, "a", "{\"b\":{\"c\":[1]}}");
	assert_true(json_is_object(json_object_get(show_instance(s, "sink"), "report")));
}

static void lists_that_several_report_are_joined(void **state)
{
	struct show *s = *state;

	show_begin(s, SIMPLE, 0, 0);
	report("source", "advice", "[\"one\"]");
	report("sink", "advice", "[\"one\", \"two\"]");
	end(s);
	assert_int_equal(json_array_size(json_object_get(s->result, "advice")), 3);
	/* And what each has said is its own. */
	assert_int_equal(json_array_size(json_object_get(
		json_object_get(show_instance(s, "source"), "report"), "advice")), 1);
	assert_int_equal(json_array_size(json_object_get(
		json_object_get(show_instance(s, "sink"), "report"), "advice")), 2);
}

static void report_cannot_replace_what_the_host_says(void **state)
{
	struct show *s = *state;

	show_begin(s, SIMPLE, 0, 0);
	count("source", "samples_taken", 4);
	report("source", "schema", "\"mine/1\"");
	report("source", "samples", "{\"taken\": 9}");
	report("source", "samples.taken", "9");
	report("source", "run", "null");
	report("sink", "instances", "[\"nobody\"]");
	report("sink", "artifacts.x", "1");
	end(s);
	assert_result(s, "schema", "\"hearth.summary/1\"");
	assert_result(s, "samples.taken", "4");
	assert_result(s, "artifacts", "[]");
	assert_non_null(show_instance(s, "source"));
}

static void key_that_leads_through_a_plain_value_is_left_out(void **state)
{
	struct show *s = *state;

	show_begin(s, SIMPLE, 0, 0);
	report("source", "event", "\"cpu-clock\"");
	report("source", "event.a.b.c", "1");
	report("source", "event.d", "1");
	report("sink", "run.x.y", "1");
	end(s);
	assert_result(s, "event", "\"cpu-clock\"");
}

static void malformed_artifact_is_no_artifact(void **state)
{
	const struct hearth_span span = { "nonsense", 8 };
	const struct hearth_batch b = { .size = sizeof(b), .n_segments = 1, .segments = &span,
					.schema = HEARTH_ARTIFACT_SCHEMA, .instance = "x" };
	struct hearth_batch receipt = b;

	(void)state;
	receipt.schema = HEARTH_RECEIPT_SCHEMA;
	assert_null(result_artifact(&b));
	assert_null(result_receipt(&receipt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		show_test(result_has_what_its_schema_requires),
		show_test(counters_with_a_meaning_are_summed_up),
		show_test(instances_tell_what_they_did),
		show_test(of_sinks_that_lose_the_worst_counts),
		show_test(delivered_is_never_negative),
		show_test(reports_are_found_by_their_keys),
		show_test(lists_that_several_report_are_joined),
		show_test(report_cannot_replace_what_the_host_says),
		show_test(key_that_leads_through_a_plain_value_is_left_out),
		show_test(malformed_artifact_is_no_artifact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
