/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a graph that do not go as planned. */
#include "unit/run/theatre.h"

#define CHAIN \
	"  source: {}\n" \
	"  processor: { mode: pass-on }\n" \
	"  sink: {}\n"

static void failing_start_leaves_everything_as_it_was(void **state)
{
	struct theatre *t = *state;
	const struct blueprint *was;
	int tid;

	assert_int_equal(theatre_apply(t, "  source: { value: 1 }\n  sink: { value: 1 }\n"), 0);
	was = pipeline_blueprint(t->pipeline);
	tid = tid_of(t, "sink");
	emit_some("source", 1, 3);
	assert_int_equal(theatre_apply(t, "  source: { value: 2 }\n  sink: { value: 2 }\n"
				       "  good: { plugin: sink }\n"
				       "  bad: { plugin: source, mode: fail-in-start }\n"), -EIO);
	assert_string_equal(t->why, "plugin \"bad\": the device is not there");
	assert_ptr_equal(pipeline_blueprint(t->pipeline), was);
	assert_int_equal(tid_of(t, "sink"), tid);
	assert_int_equal(actor_find("sink", 1)->value, 1);
	assert_int_equal(actor_find("source", 1)->value, 1);
	assert_int_equal(actor_find("good", 1)->n_destroyed, 1);
	assert_null(theatre_instance(t, "good"));
	assert_null(theatre_leaver(t, "bad"));
	emit_some("source", 1, 3);
	theatre_wait(t, actor_find("sink", 1)->batches == 6);
	assert_false(actor_find("sink", 1)->is_disordered);

	/* And it does not count on the streams of those that are gone. */
	pipeline_finish(t->pipeline);
	theatre_wait(t, pipeline_is_finished(t->pipeline));
}

static void refused_update_leaves_everything_as_it_was(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: { value: 1 }\n  sink: { value: 1 }\n"), 0);
	assert_int_equal(theatre_apply(t, "  source: { value: 2 }\n  sink: { value: 99 }\n"
				       "  more: { plugin: sink }\n"), -EINVAL);
	assert_non_null(strstr(t->why, "plugin \"sink\": option \"value\": is too much"));
	assert_int_equal(actor_find("source", 1)->value, 1);
	assert_int_equal(actor_find("sink", 1)->value, 1);
	assert_null(actor_find("more", 1));
	assert_int_equal(theatre_apply(t, "  source: { value: 3 }\n  sink: { value: 3 }\n"), 0);
	assert_int_equal(actor_find("source", 1)->value, 3);
}

static void refused_create_is_told_with_its_place(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"
				       "  bad: { plugin: sink, mode: fail-in-create }\n"), -EINVAL);
	assert_non_null(strstr(t->why, ":4:30: plugin \"bad\": option \"mode\": is not good"));
	emit_some("source", 1, 1);
	theatre_wait(t, actor_find("sink", 1)->batches == 1);
}

static void thread_that_cannot_be_made_leaves_everything_as_it_was(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	test_fail("plugin.thread=EAGAIN@2");
	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n  a: { plugin: sink }\n"
				       "  b: { plugin: sink }\n"), -EAGAIN);
	assert_int_equal(fail_count("plugin.thread"), 1);
	(void)fail_configure(NULL);
	assert_null(theatre_instance(t, "a"));
	assert_null(theatre_instance(t, "b"));
	emit_some("source", 1, 1);
	theatre_wait(t, actor_find("sink", 1)->batches == 1);
}

static void want_of_memory_leaves_everything_as_it_was(void **state)
{
	struct theatre *t = *state;
	int r = -ENOMEM;

	assert_int_equal(theatre_apply(t, CHAIN), 0);
	for (int n = 1; r < 0; n++) {
		struct blueprint *b = troupe_blueprint(CHAIN "  more: { plugin: sink }\n"
						       "  second: { plugin: source }\n");
		_cleanup_free_ char *spec = str_format("sys.alloc=ENOMEM@%d", n);
		int n_done = t->n_done;

		if (fail_configure(spec) == -ENOSYS) {
			blueprint_free(b);
			test_skip("needs a build with -Dfailpoints=true");
		}
		r = pipeline_apply(t->pipeline, b, theatre_done, t);
		if (r == 0)
			theatre_wait(t, t->n_done == n_done + 1);
		r = r < 0 ? r : t->result;
		(void)fail_configure(NULL);
		if (r < 0) {
			assert_null(theatre_instance(t, "more"));
			assert_null(theatre_instance(t, "second"));
		}
		emit_some("source", 1, 1);
		theatre_wait(t, actor_find("sink", 1)->batches == (unsigned int)n);
	}
	pipeline_finish(t->pipeline);
	theatre_wait(t, pipeline_is_finished(t->pipeline));
}

/* ---- what happens meanwhile ---- */

static void one_change_at_a_time(void **state)
{
	struct theatre *t = *state;

	theatre_begin(t, "  source: {}\n  sink: { mode: stay-in-start }\n");
	assert_true(pipeline_is_changing(t->pipeline));
	assert_int_equal(pipeline_apply(t->pipeline, troupe_blueprint(CHAIN), theatre_done, t), -EBUSY);
	theatre_wait(t, actor_find("sink", 1));
	troupe_release();
	theatre_wait(t, t->n_done == 1);
	assert_int_equal(t->result, 0);
	assert_false(pipeline_is_changing(t->pipeline));
}

static void new_one_that_fails_before_the_swap_leads_back(void **state)
{
	struct theatre *t = *state;
	const struct actor *late;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	theatre_begin(t, "  source: {}\n  sink: {}\n  late: { plugin: sink }\n"
		      "  slow: { plugin: source, mode: stay-in-start }\n");
	theatre_wait(t, actor_find("slow", 1));
	late = actor_find("late", 1);
	(late->host->fail)(late->host, "the disk is gone");
	theatre_wait(t, late->n_destroyed == 1);
	troupe_release();
	theatre_wait(t, t->n_done == 1 + 1);
	assert_int_equal(t->result, -EIO);
	assert_string_equal(t->why, "plugin \"late\": the disk is gone");
	assert_null(theatre_leaver(t, "late"));
	emit_some("source", 1, 1);
	theatre_wait(t, actor_find("sink", 1)->batches == 1);
}

static void old_one_that_fails_meanwhile_is_no_obstacle(void **state)
{
	struct theatre *t = *state;
	const struct actor *source;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	theatre_begin(t, "  source: {}\n  sink: {}\n"
		      "  slow: { plugin: sink, mode: stay-in-start }\n");
	theatre_wait(t, actor_find("slow", 1));
	source = actor_find("source", 1);
	(source->host->fail)(source->host, "the device is gone");
	theatre_wait(t, source->n_destroyed == 1);
	troupe_release();
	theatre_wait(t, t->n_done == 2);
	assert_int_equal(t->result, 0);
	/* Nobody is left who would tell the new sink of an end; it comes all the same. */
	theatre_wait(t, actor_find("slow", 1)->n_finished == 1);
	theatre_wait(t, actor_find("sink", 1)->n_finished == 1);
}

static void old_one_that_fails_before_its_answer_is_made_anew(void **state)
{
	struct theatre *t = *state;
	struct actor *source;

	assert_int_equal(theatre_apply(t, "  source: { mode: stay-in-update }\n  sink: {}\n"), 0);
	source = actor_find("source", 1);
	theatre_begin(t, "  source: { mode: stay-in-update, value: 5 }\n  sink: {}\n");
	theatre_wait(t, theatre_stats(t, "source").callback);
	(source->host->fail)(source->host, "the device is gone");
	source->is_released = true;
	theatre_wait(t, t->n_done == 2);
	assert_int_equal(t->result, 0);
	theatre_wait(t, actor_lives("source") == 2);
	assert_int_equal(actor_find("source", 2)->value, 5);
	emit_some("source", 2, 1);
	theatre_wait(t, actor_lives("sink") == 2 ? actor_find("sink", 2)->batches == 1 :
						    actor_find("sink", 1)->batches == 1);
}

static void update_that_does_not_return_ends_with_a_new_one(void **state)
{
	struct theatre *t = *state;
	struct instance *stuck;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: { mode: stay-in-update }\n"), 0);
	stuck = theatre_instance(t, "sink");
	theatre_begin(t, "  source: {}\n  sink: { mode: stay-in-update, value: 5 }\n");
	theatre_wait(t, theatre_stats(t, "sink").callback);
	pipeline_abandon(t->pipeline, stuck);
	theatre_wait(t, t->n_done == 2);
	assert_int_equal(t->result, 0);
	emit_some("source", 1, 1);
	theatre_wait(t, actor_find("sink", 2)->batches == 1);
}

static void create_that_does_not_return_leads_back(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	theatre_begin(t, "  source: {}\n  sink: {}\n  bad: { plugin: sink, mode: stay-in-create }\n");
	theatre_wait(t, actor_find("bad", 1));
	pipeline_abandon(t->pipeline, theatre_instance(t, "bad"));
	theatre_wait(t, t->n_done == 2);
	assert_int_equal(t->result, -ETIMEDOUT);
	assert_string_equal(t->why, "plugin \"bad\": a callback does not return");
	emit_some("source", 1, 1);
	theatre_wait(t, actor_find("sink", 1)->batches == 1);
}

static void stop_that_does_not_return_still_leads_back(void **state)
{
	struct theatre *t = *state;

	assert_int_equal(theatre_apply(t, "  source: {}\n  sink: {}\n"), 0);
	theatre_begin(t, "  source: {}\n  sink: {}\n  a: { plugin: sink, mode: stay-in-stop }\n"
		      "  b: { plugin: source, mode: fail-in-start }\n");
	theatre_wait(t, actor_find("b", 1) && theatre_leaver(t, "a") &&
		     instance_state(theatre_leaver(t, "a")) == INSTANCE_STOPPING);
	pipeline_abandon(t->pipeline, theatre_leaver(t, "a"));
	theatre_wait(t, t->n_done == 2);
	assert_int_equal(t->result, -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		theatre_test(failing_start_leaves_everything_as_it_was),
		theatre_test(refused_update_leaves_everything_as_it_was),
		theatre_test(refused_create_is_told_with_its_place),
		theatre_test(thread_that_cannot_be_made_leaves_everything_as_it_was),
		theatre_test(want_of_memory_leaves_everything_as_it_was),
		theatre_test(one_change_at_a_time),
		theatre_test(new_one_that_fails_before_the_swap_leads_back),
		theatre_test(old_one_that_fails_meanwhile_is_no_obstacle),
		theatre_test(old_one_that_fails_before_its_answer_is_made_anew),
		theatre_test(update_that_does_not_return_ends_with_a_new_one),
		theatre_test(create_that_does_not_return_leads_back),
		theatre_test(stop_that_does_not_return_still_leads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
