/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/run/theatre.h"

#define CHAIN \
	"  source: {}\n" \
	"  processor: { mode: pass-on }\n" \
	"  sink: {}\n"

static void unchanged_graph_goes_on_as_it_is(void **state)
{
	static const char *const names[] = { "source", "processor", "sink" };
	struct theatre *t = *state;
	int tids[3];

	assert_int_equal(theatre_apply(t, CHAIN), 0);
	for (int i = 0; i < 3; i++)
		tids[i] = tid_of(t, names[i]);
	for (int n = 1; n <= 10; n++) {
		emit_some("source", 1, 1);
		assert_int_equal(theatre_apply(t, CHAIN), 0);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tid_of(t, names[i]), tids[i]);
		assert_int_equal(actor_lives(names[i]), 1);
		assert_int_equal(actor_find(names[i], 1)->n_updated, 0);
	}
	theatre_wait(t, actor_find("sink", 1)->batches == 10);
	assert_int_equal(theatre_stats(t, "source").sent, 10);
}

static void changed_option_is_updated_in_place(void **state)
{
	struct theatre *t = *state;
	int tid;

	assert_int_equal(theatre_apply(t, "  source: { value: 1 }\n  sink: {}\n"), 0);
	tid = tid_of(t, "source");
	assert_int_equal(theatre_apply(t, "  source: { value: 2 }\n  sink: {}\n"), 0);
	assert_int_equal(actor_find("source", 1)->value, 2);
	assert_int_equal(tid_of(t, "source"), tid);
	assert_int_equal(actor_find("sink", 1)->n_updated, 0);
}

static void one_that_cannot_be_updated_is_replaced_without_losing_a_batch(void **state)
{
	struct theatre *t = *state;
	const struct actor *sink;

	assert_int_equal(theatre_apply(t, "  source: { mode: busy, value: 1 }\n  sink: {}\n"), 0);
	emit_some("source", 1, 5);
	assert_int_equal(theatre_apply(t, "  source: { mode: busy, value: 2 }\n  sink: {}\n"), 0);
	emit_some("source", 2, 5);
	assert_int_equal(actor_find("source", 2)->value, 2);
	sink = actor_find("sink", 1);
	theatre_wait(t, sink->batches == 10);
	theatre_wait(t, actor_find("source", 1)->n_destroyed == 1);
	assert_int_equal(actor_find("source", 1)->n_finished, 1);
	assert_int_equal(sink->n_finished, 0);
}

static void added_sink_gets_what_comes_from_now_on(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	emit_some("source", 1, 3);
	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n  more: { plugin: sink }\n"), 0);
	emit_some("source", 1, 2);
	theatre_wait(t, actor_find("sink", 1)->batches == 5);
	theatre_wait(t, actor_find("more", 1)->batches == 2);
	assert_int_equal(actor_lives("source"), 1);
}

static void removed_sink_finishes_behind_its_data(void **state)
{
	struct theatre *t = *state;
	const struct actor *leaver;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"
				       "  leaver: { plugin: sink, mode: stay-in-consume }\n"), 0);
	emit_some("source", 1, 20);
	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	emit_some("source", 1, 5);
	leaver = actor_find("leaver", 1);
	assert_int_equal(leaver->n_finished, 0);
	troupe_release();
	theatre_wait(t, leaver->n_destroyed == 1);
	assert_int_equal(leaver->batches, 20);
	assert_int_equal(leaver->n_finished, 1);
	theatre_wait(t, actor_find("sink", 1)->batches == 25);
}

static void another_plugin_under_the_same_name_replaces(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: {}\n  out: { plugin: sink }\n"), 0);
	emit_some("source", 1, 1);
	assert_int_equal(theatre_apply(t, "  source: {}\n  out: { plugin: writer }\n"), 0);
	emit_some("source", 1, 1);
	theatre_wait(t, actor_find("out", 1)->n_destroyed == 1);
	assert_int_equal(actor_find("out", 1)->batches, 1);
	theatre_wait(t, actor_find("out", 2)->batches == 1);
	assert_int_equal(actor_find("out", 1)->n_updated, 0);
}

static void processor_is_put_between_without_losing_a_batch(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	emit_some("source", 1, 10);
	assert_int_equal(theatre_apply(t, CHAIN), 0);
	emit_some("source", 1, 10);
	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	emit_some("source", 1, 10);
	theatre_wait(t, actor_find("sink", 1)->batches == 30);
	theatre_wait(t, actor_find("processor", 1)->n_destroyed == 1);
	assert_int_equal(actor_find("processor", 1)->batches, 10);
	assert_int_equal(actor_lives("sink"), 1);
	assert_int_equal(actor_find("sink", 1)->n_finished, 0);
}

struct talker {
	struct actor *actor;
	atomic_bool is_over;
	uint64_t n;
};

static void *talk(void *ctx)
{
	struct talker *k = ctx;

	while (!k->is_over) {
		if (actor_emit(k->actor, 1) == 0)
			k->n++;
		sched_yield();
	}
	return NULL;
}

static uint64_t received_by(const char *name)
{
	uint64_t n = 0;

	for (int life = 1; actor_find(name, life); life++) {
		assert_false(actor_find(name, life)->is_disordered);
		n += actor_find(name, life)->batches;
	}
	return n;
}

static void no_batch_is_lost_while_sinks_are_replaced_under_load(void **state)
{
	struct theatre *t = *state;
	struct talker k = {};
	pthread_t thread;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: { mode: busy }\n"), 0);
	k.actor = actor_find("source", 1);
	assert_int_equal(pthread_create(&thread, NULL, talk, &k), 0);
	for (int i = 1; i <= 30; i++) {
		char yaml[128];

		snprintf(yaml, sizeof(yaml), "  source: {}\n  sink: { mode: busy, value: %d }\n", i);
		assert_int_equal(theatre_apply(t, yaml), 0);
	}
	k.is_over = true;
	pthread_join(thread, NULL);
	assert_int_equal(theatre_stats(t, "source").sent, k.n);
	pipeline_finish(t->pipeline);
	theatre_wait(t, pipeline_is_finished(t->pipeline));
	theatre_wait(t, received_by("sink") == k.n);
	assert_int_equal(actor_lives("sink"), 31);
	assert_int_equal(actor_lives("source"), 1);
}

static void another_queue_bound_makes_a_new_route_and_loses_nothing(void **state)
{
	struct theatre *t = *state;
	const struct actor *sink;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: { mode: stay-in-consume }\n"), 0);
	emit_some("source", 1, 10);
	assert_int_equal(theatre_apply(t, "  source: {}\n"
				       "  sink: { mode: stay-in-consume, queue: 64KiB }\n"), 0);
	sink = actor_find("sink", 1);
	emit_some("source", 1, 10);
	troupe_release();
	theatre_wait(t, sink->batches == 20);
	assert_false(sink->is_disordered);
	assert_int_equal(sink->n_finished, 0);
	pipeline_finish(t->pipeline);
	theatre_wait(t, sink->n_finished == 1);
}

/* ---- ends and new beginnings ---- */

/* As the kill switch does: sources go and come again, everything else is as it was. */
static void sink_that_has_finished_begins_anew_when_there_is_work(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, CHAIN), 0);
	emit_some("source", 1, 1);
	assert_int_equal(theatre_apply(t, "  processor: { mode: pass-on }\n  sink: {}\n"), 0);
	theatre_wait(t, actor_find("sink", 1)->n_finished == 1);
	theatre_wait(t, strstr(t->changes, "sink:finished"));
	assert_int_equal(actor_find("sink", 1)->batches, 1);
	assert_int_equal(theatre_apply(t, CHAIN), 0);
	emit_some("source", 2, 1);
	theatre_wait(t, actor_find("sink", 2) && actor_find("sink", 2)->batches == 1);
	theatre_wait(t, actor_find("sink", 1)->n_destroyed == 1);
}

static void finished_reader_does_not_read_again_at_a_reload(void **state)
{
	struct theatre *t = *state;
	const struct actor *reader;

	assert_int_equal(theatre_apply(t, "  reader: {}\n  sink: {}\n"), 0);
	reader = actor_find("reader", 1);
	reader->host->finished(reader->host);
	theatre_wait(t, strstr(t->changes, "sink:finished"));
	assert_int_equal(theatre_apply(t, "  reader: {}\n  sink: {}\n"), 0);
	assert_int_equal(actor_lives("reader"), 1);
	assert_int_equal(actor_lives("sink"), 1);
	/* A new sink has nothing to wait for. */
	assert_int_equal(theatre_apply(t, "  reader: {}\n  sink: {}\n  more: { plugin: sink }\n"), 0);
	theatre_wait(t, actor_find("more", 1)->n_finished == 1);
	assert_int_equal(actor_lives("reader"), 1);
}

static void changed_reader_that_has_finished_reads_again(void **state)
{
	struct theatre *t = *state;
	const struct actor *reader;

	assert_int_equal(theatre_apply(t, "  reader: {}\n  sink: {}\n"), 0);
	reader = actor_find("reader", 1);
	reader->host->finished(reader->host);
	theatre_wait(t, strstr(t->changes, "sink:finished"));
	assert_int_equal(theatre_apply(t, "  reader: { value: 1 }\n  sink: {}\n"), 0);
	assert_int_equal(actor_lives("reader"), 2);
	emit_some("reader", 2, 1);
	theatre_wait(t, actor_lives("sink") == 2 && actor_find("sink", 2)->batches == 1);
}

static void source_that_waits_for_a_removed_sink_goes_on(void **state)
{
	struct theatre *t = *state;
	struct actor *reader;

	assert_int_equal(theatre_apply(t, "  reader: {}\n  sink: {}\n"
				       "  full: { plugin: sink, queue: 64KiB, mode: stay-in-consume }\n"), 0);
	reader = actor_find("reader", 1);
	while (actor_emit(reader, 1) == 0)
		;
	assert_int_equal(theatre_apply(t, "  reader: {}\n  sink: {}\n"), 0);
	assert_int_equal(reader->host->writable(reader->host), 1);
	assert_int_equal(actor_emit(reader, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		theatre_test(unchanged_graph_goes_on_as_it_is),
		theatre_test(changed_option_is_updated_in_place),
		theatre_test(one_that_cannot_be_updated_is_replaced_without_losing_a_batch),
		theatre_test(added_sink_gets_what_comes_from_now_on),
		theatre_test(removed_sink_finishes_behind_its_data),
		theatre_test(another_plugin_under_the_same_name_replaces),
		theatre_test(processor_is_put_between_without_losing_a_batch),
		theatre_test(no_batch_is_lost_while_sinks_are_replaced_under_load),
		theatre_test(another_queue_bound_makes_a_new_route_and_loses_nothing),
		theatre_test(sink_that_has_finished_begins_anew_when_there_is_work),
		theatre_test(finished_reader_does_not_read_again_at_a_reload),
		theatre_test(changed_reader_that_has_finished_reads_again),
		theatre_test(source_that_waits_for_a_removed_sink_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
