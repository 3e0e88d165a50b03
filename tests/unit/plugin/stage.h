/* SPDX-License-Identifier: Apache-2.0 */
/* A stage for the tests of instances: a main thread, and one instance of what probe.h declares. */
#pragma once

#include "unit/plugin/probe.h"

#include <time.h>

#include "config/yaml.h"
#include "loop/loop.h"
#include "plugin/instance.h"
#include "route/batch.h"
#include "util/clock.h"
#include "util/str.h"

#define STAGE_DEADLINE_NS (20 * NS_PER_S)

/* The host's side. */
struct stage {
	struct loop *loop;
	struct queue *main;
	struct instance_env env;
	struct instance *instance;
	char events[256]; /* "started finished", with the result where it is not 0 */
	char why[256];    /* of the last event that had one */
	bool is_started, is_stopped;
	atomic_uint n_tapped;
};

static inline struct option_set *stage_options(const char *yaml)
{
	struct config_errors errors = {};
	struct node *map = NULL;
	struct option_set *set = NULL;

	assert_int_equal(yaml_parse("hearth.yaml", yaml, strlen(yaml), &errors, &map), 0);
	assert_int_equal(option_set_new(&probe_component.options, map, "plugin \"probe\"", NULL, false,
					&errors, &set), 0);
	config_errors_done(&errors);
	node_free(map);
	return set;
}

static inline void stage_event(void *ctx, struct instance *i, const struct instance_event *e)
{
	static const char *const names[] = { "?", "started", "updated", "finished", "failed", "stopped" };
	struct stage *s = ctx;
	size_t len = strlen(s->events);

	assert_ptr_equal(i, s->instance);
	s->is_stopped |= e->kind == INSTANCE_EVENT_STOPPED;
	len += (size_t)snprintf(s->events + len, sizeof(s->events) - len, "%s%s", len ? " " : "",
				names[e->kind]);
	if (e->result < 0)
		snprintf(s->events + len, sizeof(s->events) - len, "(%s)", strerrorname_np(-e->result));
	if (*e->why)
		snprintf(s->why, sizeof(s->why), "%s", e->why);
}

static inline void stage_tap(void *ctx, struct instance *i, struct batch *b)
{
	(void)i;
	(void)b;
	((struct stage *)ctx)->n_tapped++;
}

static inline void stage_wake(void *ctx)
{
	(void)loop_wake(((struct stage *)ctx)->loop);
}

static inline void stage_drain(void *ctx)
{
	struct stage *s = ctx;
	struct queue_item *item;

	while ((item = queue_pop(s->main))) {
		item->fn(item->ctx);
		queue_item_done(item);
	}
}

static inline int stage_setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	probe = (struct probe){ .lock = PTHREAD_MUTEX_INITIALIZER };
	probe_component.c.kind = HEARTH_SINK;
	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(queue_new(stage_wake, s, &s->main), 0);
	loop_on_wake(s->loop, stage_drain, s);
	s->env = (struct instance_env){ .main = s->main, .on_event = stage_event,
					.on_batch = stage_tap, .ctx = s, .state_dir = "/nowhere" };
	*state = s;
	return 0;
}

static inline void stage_make(struct stage *s, const char *yaml)
{
	static const struct hearth_label labels[] = { { "service.name", "test" } };
	struct instance_spec spec = {
		.name = "probe#7",
		.run = "run-1",
		.component = &probe_component,
		.options = stage_options(yaml),
		.labels = labels,
		.n_labels = ARRAY_SIZE(labels),
		.log_level = -1,
	};

	assert_int_equal(instance_new(&s->env, &spec, &s->instance), 0);
}

/* The real time: tests make the host's stand still. */
static inline uint64_t stage_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* True if the text of calls or events has become what it should be; events come in meanwhile. */
static inline bool stage_becomes(struct stage *s, const char *text, const char *expected)
{
	uint64_t deadline_ns = stage_now_ns() + STAGE_DEADLINE_NS;
	bool is_equal;

	do {
		pthread_mutex_lock(&probe.lock);
		is_equal = str_equal(text, expected);
		pthread_mutex_unlock(&probe.lock);
		if (!is_equal)
			(void)loop_run_once(s->loop, 1);
	} while (!is_equal && stage_now_ns() < deadline_ns);
	return is_equal;
}

#define stage_wait_events(s, expected) \
	do { \
		if (!stage_becomes(s, (s)->events, expected)) \
			assert_string_equal((s)->events, expected); \
	} while (0)

#define stage_wait_calls(s, expected) \
	do { \
		if (!stage_becomes(s, probe.calls, expected)) \
			assert_string_equal(probe.calls, expected); \
	} while (0)

/* Waits for a condition that another thread makes true. */
#define stage_wait(s, condition) \
	do { \
		uint64_t deadline_ns_ = stage_now_ns() + STAGE_DEADLINE_NS; \
		while (!(condition) && stage_now_ns() < deadline_ns_) \
			(void)loop_run_once((s)->loop, 1); \
		assert_true(condition); \
	} while (0)

static inline void stage_begin(struct stage *s, const char *yaml)
{
	stage_make(s, yaml);
	assert_int_equal(instance_start(s->instance), 0);
	s->is_started = true;
}

/* Started as it should; events are counted from here. */
static inline void stage_start(struct stage *s, const char *yaml)
{
	stage_begin(s, yaml);
	stage_wait_events(s, "started");
	s->events[0] = 0;
}

static inline void stage_stop(struct stage *s)
{
	instance_stop(s->instance, clock_monotonic_ns() + NS_PER_S);
	stage_wait(s, s->is_stopped);
}

static inline void stage_set(void *flag)
{
	*(atomic_bool *)flag = true;
}

/* Returns when the instance's thread has been through its loop and its mailbox. */
static inline void stage_pass(struct stage *s)
{
	for (int n = 0; n < 2; n++) {
		atomic_bool has_passed = false;

		instance_post(s->instance, stage_set, stage_set, &has_passed);
		stage_wait(s, has_passed);
	}
}

static inline bool stage_is_idle(const struct stage *s)
{
	struct instance_stats stats;

	instance_stats(s->instance, &stats);
	return !stats.callback;
}

/* Frees the instance; what it has not been told to stop is stopped. */
static inline int stage_teardown(void **state)
{
	/* Never freed, but not forgotten: no leak. */
	static struct instance *stuck[16] __attribute__((used));
	static size_t n_stuck;
	struct stage *s = *state;

	clock_fake(0, 0);
	probe.is_blocked = false;
	if (s->is_started && instance_state(s->instance) == INSTANCE_STUCK) {
		stage_wait(s, stage_is_idle(s)); /* before the next test writes a new script */
		stuck[n_stuck++] = s->instance;
	} else if (s->is_started && !s->is_stopped) {
		stage_stop(s);
	}
	instance_free(s->instance);
	queue_close(s->main);
	queue_unref(s->main);
	loop_free(s->loop);
	free(s);
	return 0;
}

#define stage_test(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

/* ---- what leads to the instance ---- */

static inline struct emitter *stage_feed(struct stage *s, const struct route_options *options)
{
	struct route_options o = { .from = "feed", .to = "probe#7", .schemas = PROBE_SCHEMA,
				   .limit_bytes = 1 << 20 };
	struct route **table = calloc(1, sizeof(struct route *));
	struct emitter *e = NULL;

	if (options)
		o = *options;
	assert_int_equal(emitter_new("feed", "", NULL, NULL, &e), 0);
	assert_int_equal(route_new(instance_inbox(s->instance), &o, table), 0);
	instance_inputs_add(s->instance, 1);
	emitter_swap(e, table, 1);
	return e;
}

static inline int stage_emit(struct emitter *e, uint64_t n_items)
{
	static const char zeros[64];
	const struct hearth_segment segment = { zeros, sizeof(zeros), NULL, NULL };
	const struct hearth_emission emission = {
		.size = sizeof(emission), .schema = PROBE_SCHEMA, .segments = &segment,
		.n_segments = 1, .segment_stride = sizeof(segment), .n_items = n_items,
	};

	return emitter_emit(e, &emission);
}
