/* SPDX-License-Identifier: Apache-2.0 */
/* A run in the theatre, and its result as the test asks for it. */
#pragma once

#include "unit/run/theatre.h"

#include <jansson.h>

#include "run/run.h"

struct show {
	struct theatre *t;
	struct run *run;
	int n_started, n_ended;
	char *error;
	json_t *result;
};

static inline void show_event(void *ctx, struct run *r, enum run_state state, const char *error,
			      json_t *result)
{
	struct show *s = ctx;

	assert_ptr_equal(r, s->run);
	if (state == RUN_STARTED) {
		s->n_started++;
		return;
	}
	s->n_ended++;
	s->error = error ? strdup(error) : NULL;
	s->result = json_incref(result);
}

static inline int show_setup(void **state)
{
	struct show *s = calloc(1, sizeof(*s));

	s->t = theatre_new();
	*state = s;
	return 0;
}

/* Until every source has attached, or it has failed to. */
static inline void show_begin(struct show *s, const char *yaml, uint32_t end, uint64_t n)
{
	static const struct hearth_label labels[] = { { "service.name", "checkout" } };
	const struct run_options options = {
		.loop = s->t->loop, .main = s->t->main, .labels = labels,
		.n_labels = ARRAY_SIZE(labels), .state_dir = "/nowhere", .end = end,
		.duration_ns = n, .samples = n, .drain_ns = THEATRE_DRAIN_NS, .fn = show_event,
		.ctx = s,
	};

	assert_int_equal(run_new(&options, &s->run), 0);
	s->t->pipeline = run_pipeline_mutable(s->run);
	assert_int_equal(run_start(s->run, troupe_blueprint(yaml)), 0);
	theatre_wait(s->t, s->n_started || s->n_ended);
}

static inline void show_wait_end(struct show *s)
{
	theatre_wait(s->t, s->n_ended == 1);
}

static inline int show_teardown(void **state)
{
	static struct theatre *stuck[32] __attribute__((used));
	static size_t n_stuck;
	struct show *s = *state;
	bool is_stuck;

	clock_fake(0, 0);
	troupe_release();
	while (s->run && s->n_ended == 0) {
		run_finish(s->run, "signal");
		(void)loop_run_once(s->t->loop, 1);
	}
	is_stuck = s->run && pipeline_n_stuck(s->t->pipeline) > 0;
	if (is_stuck) {
		theatre_wait(s->t, theatre_n_busy(s->t) == 0);
		stuck[n_stuck++] = s->t;
	}
	run_free(s->run);
	if (!is_stuck)
		theatre_free(s->t);
	json_decref(s->result);
	free(s->error);
	free(s);
	troupe_forget();
	return 0;
}

#define show_test(f) cmocka_unit_test_setup_teardown(f, show_setup, show_teardown)

/* Compares a part of the result, by a path of keys ("samples.lost"), with JSON text. */
static inline void assert_result(const struct show *s, const char *path, const char *expected)
{
	_cleanup_free_ char *keys = strdup(path), *text = NULL;
	json_t *o = s->result;
	char *rest = keys, *key;

	while ((key = strsep(&rest, ".")))
		o = json_is_array(o) ? json_array_get(o, strtoul(key, NULL, 10)) : json_object_get(o, key);
	text = o ? json_dumps(o, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : strdup("(nothing)");
	assert_string_equal(text, expected);
}

/* The entry of `instances`. */
static inline json_t *show_instance(const struct show *s, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(s->result, "instances"), i, o)
		if (str_equal(json_string_value(json_object_get(o, "name")), name))
			return o;
	return NULL;
}
