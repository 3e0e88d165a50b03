/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stage for the tests of instances: a main thread, and one instance of a component that writes
 * down which of its callbacks were called and does in them what the test asks for.
 */
#pragma once

#include "unit/util/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "config/yaml.h"
#include "loop/loop.h"
#include "plugin/instance.h"
#include "route/batch.h"
#include "util/clock.h"
#include "util/str.h"

#define STAGE_DEADLINE_NS (20 * NS_PER_S)
#define STAGE_SCHEMA "hearth.profile/1"

/* The plugin's side. A hook is what a callback does and answers; NULL: nothing, and 0. */
struct probe {
	const struct hearth_host *host;
	pthread_mutex_t lock;
	char calls[1024]; /* under lock: "create start" */
	int32_t (*create)(const struct hearth_host *h);
	int32_t (*start)(const struct hearth_host *h);
	int32_t (*consume)(const struct hearth_host *h, const struct hearth_batch *b);
	int32_t (*update)(const struct hearth_host *h);
	int32_t (*finish)(const struct hearth_host *h);
	void (*any)(const struct hearth_host *h); /* on_timer, on_fd, on_wake, on_writable */
	atomic_int n_again;     /* how often consume() says -EAGAIN */
	atomic_bool is_blocked; /* consume() does not return while it is set */
	atomic_uint scale;
};

static struct probe probe = { .lock = PTHREAD_MUTEX_INITIALIZER };

static inline void probe_note(const char *call)
{
	size_t len;

	pthread_mutex_lock(&probe.lock);
	len = strlen(probe.calls);
	if (len > sizeof(probe.calls) - 32) /* a beat that goes on and on: the end is what counts */
		memmove(probe.calls, probe.calls + len / 2, len - len / 2 + 1);
	snprintf(probe.calls + strlen(probe.calls), sizeof(probe.calls) - strlen(probe.calls),
		 "%s%s", *probe.calls ? " " : "", call);
	pthread_mutex_unlock(&probe.lock);
}

static inline int32_t probe_create(const struct hearth_host *h, void **ret)
{
	probe.host = h;
	probe_note("create");
	*ret = &probe;
	return probe.create ? probe.create(h) : 0;
}

static inline int32_t probe_start(void *p)
{
	(void)p;
	probe_note("start");
	return probe.start ? probe.start(probe.host) : 0;
}

static inline int32_t probe_consume(void *p, const struct hearth_batch *b)
{
	(void)p;
	probe_note("consume");
	while (probe.is_blocked)
		sched_yield();
	if (probe.n_again > 0) {
		probe.n_again--;
		return -EAGAIN;
	}
	return probe.consume ? probe.consume(probe.host, b) : 0;
}

static inline int32_t probe_update(void *p)
{
	(void)p;
	probe_note("update");
	return probe.update ? probe.update(probe.host) : 0;
}

static inline void probe_budget(void *p, uint32_t scale)
{
	(void)p;
	probe.scale = scale;
	probe_note("budget");
}

static inline int32_t probe_finish(void *p)
{
	(void)p;
	probe_note("finish");
	return probe.finish ? probe.finish(probe.host) : 0;
}

static inline int32_t probe_stop(void *p, uint64_t deadline_ns)
{
	(void)p;
	(void)deadline_ns;
	probe_note("stop");
	return 0;
}

static inline void probe_destroy(void *p)
{
	(void)p;
	probe_note("destroy");
}

static inline void probe_any(const char *call)
{
	probe_note(call);
	if (probe.any)
		probe.any(probe.host);
}

static inline void probe_timer(void *p, uint32_t id)
{
	(void)p;
	(void)id;
	probe_any("timer");
}

static inline void probe_fd(void *p, int32_t fd, uint32_t events)
{
	(void)p;
	(void)fd;
	(void)events;
	probe_any("fd");
}

static inline void probe_wake(void *p)
{
	(void)p;
	probe_any("wake");
}

static inline void probe_writable(void *p)
{
	(void)p;
	probe_any("writable");
}

static const struct hearth_option probe_options[] = {
	{ .name = "size", .type = HEARTH_INT, .def = "4", .min = 1, .max = 1024 },
	{ .name = "note", .type = HEARTH_STRING, .def = "none" },
	{ .name = "names", .type = HEARTH_LIST },
	{ .name = "labels", .type = HEARTH_MAP },
};

static struct plugin probe_plugin = { .name = (char *)"probe" };

static struct component probe_component = {
	.plugin = &probe_plugin,
	.c = {
		.size = sizeof(struct hearth_component),
		.kind = HEARTH_SINK,
		.name = "probe",
		.accepts = STAGE_SCHEMA,
		.emits = STAGE_SCHEMA,
		.create = probe_create,
		.start = probe_start,
		.consume = probe_consume,
		.on_timer = probe_timer,
		.on_fd = probe_fd,
		.on_wake = probe_wake,
		.on_writable = probe_writable,
		.update = probe_update,
		.on_budget = probe_budget,
		.finish = probe_finish,
		.stop = probe_stop,
		.destroy = probe_destroy,
	},
	.options = { probe_options, ARRAY_SIZE(probe_options), sizeof(probe_options[0]) },
};

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
	struct route_options o = { .from = "feed", .to = "probe#7", .schemas = STAGE_SCHEMA,
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
		.size = sizeof(emission), .schema = STAGE_SCHEMA, .segments = &segment,
		.n_segments = 1, .segment_stride = sizeof(segment), .n_items = n_items,
	};

	return emitter_emit(e, &emission);
}
