/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A troupe of fake plugins for the tests of pipelines and runs: sources that emit when the test
 * says so, processors that pass on, sinks that count. What an instance does otherwise is its option
 * `mode`. The graph is YAML, as in hearth.yaml; instead of loading, names are looked up here.
 */
#pragma once

#include "unit/util/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "config/config.h"
#include "route/batch.h"
#include "run/blueprint.h"
#include "run/pipeline.h"
#include "util/clock.h"
#include "util/str.h"

#define TROUPE_SCHEMA "hearth.profile/1"
#define TROUPE_DEADLINE_NS (20 * NS_PER_S)
#define TROUPE_DRAIN_NS (10 * NS_PER_S)

enum { MAX_ACTORS = 512 };

/* One life of an instance, from create() on. */
struct actor {
	const struct hearth_host *host;
	char name[32];
	char *mode;
	atomic_llong value;    /* option, as update() saw it last */
	atomic_ullong batches, items;
	atomic_ullong next;    /* sequence expected from its one emitter */
	atomic_bool is_disordered, is_released;
	atomic_int n_started, n_updated, n_finished, n_stopped, n_destroyed;
};

static struct {
	pthread_mutex_t lock;
	struct actor *actors[MAX_ACTORS]; /* in the order of their creation */
	size_t n;
	char starts[1024];                /* names in the order in which start() was called */
} troupe = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The life-th life (from 1) of an instance; NULL: not yet. */
static inline struct actor *actor_find(const char *name, int life)
{
	struct actor *found = NULL;

	pthread_mutex_lock(&troupe.lock);
	for (size_t i = 0; i < troupe.n && !found; i++)
		if (str_equal(troupe.actors[i]->name, name) && --life == 0)
			found = troupe.actors[i];
	pthread_mutex_unlock(&troupe.lock);
	return found;
}

static inline int actor_lives(const char *name)
{
	int n = 0;

	while (actor_find(name, n + 1))
		n++;
	return n;
}

static inline bool actor_is(const struct actor *a, const char *mode)
{
	return str_equal(a->mode, mode);
}

/* Stays in a callback until the test lets it go. */
static inline void actor_stay(struct actor *a)
{
	while (!a->is_released)
		sched_yield();
}

static inline void actor_read_options(struct actor *a)
{
	a->value = a->host->option_int(a->host, "value");
}

static inline int32_t actor_create(const struct hearth_host *h, void **ret)
{
	struct actor *a = calloc(1, sizeof(*a));

	a->host = h;
	snprintf(a->name, sizeof(a->name), "%s", h->instance);
	a->mode = strdup(h->option_string(h, "mode"));
	actor_read_options(a);
	pthread_mutex_lock(&troupe.lock);
	assert_true(troupe.n < MAX_ACTORS);
	troupe.actors[troupe.n++] = a;
	pthread_mutex_unlock(&troupe.lock);
	if (actor_is(a, "stay-in-create"))
		actor_stay(a);
	*ret = a;
	return actor_is(a, "fail-in-create") ? h->refuse(h, "mode", "is not good") : 0;
}

static inline int32_t actor_start(void *instance)
{
	struct actor *a = instance;
	size_t len;

	pthread_mutex_lock(&troupe.lock);
	len = strlen(troupe.starts);
	snprintf(troupe.starts + len, sizeof(troupe.starts) - len, "%s%s", len ? " " : "", a->name);
	pthread_mutex_unlock(&troupe.lock);
	if (actor_is(a, "stay-in-start"))
		actor_stay(a);
	if (actor_is(a, "fail-in-start"))
		(a->host->fail)(a->host, "the device is not there");
	a->n_started++;
	return 0;
}

static inline int32_t actor_pass_on(struct actor *a, const struct hearth_batch *b)
{
	const struct hearth_emission e = { .size = sizeof(e), .schema = TROUPE_SCHEMA, .parent = b,
					   .segment_stride = sizeof(struct hearth_segment) };

	return a->host->emit(a->host, &e);
}

static inline int32_t actor_consume(void *instance, const struct hearth_batch *b)
{
	struct actor *a = instance;
	int32_t r = 0;

	if (actor_is(a, "stay-in-consume"))
		actor_stay(a);
	if (actor_is(a, "pass-on"))
		r = actor_pass_on(a, b);
	if (r < 0)
		return r;
	if (b->sequence < a->next)
		a->is_disordered = true;
	a->next = b->sequence + 1;
	a->batches++;
	a->items += b->n_items;
	return 0;
}

static inline int32_t actor_update(void *instance)
{
	struct actor *a = instance;

	if (actor_is(a, "stay-in-update"))
		actor_stay(a);
	a->n_updated++;
	if (a->host->option_int(a->host, "value") == 99)
		return a->host->refuse(a->host, "value", "is too much");
	if (actor_is(a, "busy"))
		return -EBUSY;
	actor_read_options(a);
	return 0;
}

static inline int32_t actor_finish(void *instance)
{
	struct actor *a = instance;

	a->n_finished++;
	if (actor_is(a, "fail-in-finish"))
		return -ENOSPC;
	return actor_is(a, "never-finish") ? -EINPROGRESS : 0;
}

static inline int32_t actor_stop(void *instance, uint64_t deadline_ns)
{
	struct actor *a = instance;

	(void)deadline_ns;
	if (actor_is(a, "stay-in-stop"))
		actor_stay(a);
	a->n_stopped++;
	return 0;
}

/* Its life can be looked at until the test ends. */
static inline void actor_destroy(void *instance)
{
	((struct actor *)instance)->n_destroyed++;
}

static const struct hearth_option actor_options[] = {
	{ .name = "mode", .type = HEARTH_STRING, .def = "" },
	{ .name = "value", .type = HEARTH_INT, .def = "0" },
};

#define ACTOR(role, ...) \
	static struct plugin role##_plugin = { .name = (char *)#role }; \
	static struct component role##_component = { \
		.plugin = &role##_plugin, \
		.c = { .size = sizeof(struct hearth_component), .name = #role, \
		       .create = actor_create, .start = actor_start, .consume = actor_consume, \
		       .update = actor_update, .finish = actor_finish, .stop = actor_stop, \
		       .destroy = actor_destroy, __VA_ARGS__ }, \
		.options = { actor_options, ARRAY_SIZE(actor_options), sizeof(actor_options[0]) }, \
	}

ACTOR(source, .kind = HEARTH_SOURCE, .emits = TROUPE_SCHEMA);
ACTOR(reader, .kind = HEARTH_SOURCE, .flags = HEARTH_FINITE, .emits = TROUPE_SCHEMA);
ACTOR(processor, .kind = HEARTH_PROCESSOR, .accepts = TROUPE_SCHEMA, .emits = TROUPE_SCHEMA);
ACTOR(sink, .kind = HEARTH_SINK, .accepts = TROUPE_SCHEMA);
ACTOR(writer, .kind = HEARTH_SINK, .accepts = TROUPE_SCHEMA,
      .emits = "hearth.artifact/1 hearth.receipt/1");
ACTOR(controller, .kind = HEARTH_CONTROLLER);

static inline const struct component *troupe_component(const char *name)
{
	static struct component *const all[] = { &source_component, &reader_component,
						 &processor_component, &sink_component,
						 &writer_component, &controller_component };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (str_equal(all[i]->c.name, name))
			return all[i];
	return NULL;
}

/* ---- the graph ---- */

static inline struct config *troupe_config(const char *yaml)
{
	char path[] = "/tmp/hearth-test-XXXXXX";
	char *environ[] = { NULL };
	struct config_sources sources = { .path = path, .environ = environ };
	struct config_errors errors = {};
	struct config *config = NULL;
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "plugins:\n%s", yaml), strlen(yaml) + strlen("plugins:\n"));
	close(fd);
	r = config_load(&sources, &errors, &config);
	unlink(path);
	if (r < 0)
		print_error("%s\n", errors.n ? errors.messages[0] : strerror(-r));
	assert_int_equal(r, 0);
	config_errors_done(&errors);
	return config;
}

static inline void troupe_add_member(struct blueprint *b, const struct instance_config *c)
{
	struct blueprint_member *m = &b->members[b->n];

	if (!c->is_enabled)
		return;
	*m = (struct blueprint_member){ .name = strdup(c->name), .config = c,
					.component = troupe_component(c->plugin) };
	assert_non_null(m->component);
	assert_int_equal(blueprint_member_options(m, &m->options), 0);
	b->nodes[b->n++] = (struct wiring_node){ .name = c->name, .component = m->component,
						 .inputs = c->inputs };
}

/* As blueprint_make() does it, but for loading. Entries of `plugins:`, indented. */
static inline struct blueprint *troupe_blueprint(const char *yaml)
{
	struct blueprint *b = calloc(1, sizeof(*b));
	struct config_errors errors = {};

	b->config = troupe_config(yaml);
	b->members = calloc(b->config->n_instances + 1, sizeof(*b->members));
	b->nodes = calloc(b->config->n_instances + 1, sizeof(*b->nodes));
	for (size_t i = 0; i < b->config->n_instances; i++)
		troupe_add_member(b, &b->config->instances[i]);
	assert_int_equal(wiring_make(b->nodes, b->n, &errors, &b->wiring), 0);
	config_errors_done(&errors);
	return b;
}

/* ---- the main thread ---- */

struct theatre {
	struct loop *loop;
	struct queue *main;
	struct pipeline *pipeline;
	int n_done, n_stopped, result;
	char why[256];     /* of the last change */
	char changes[512]; /* "sink:failed" */
};

static inline void theatre_wake(void *ctx)
{
	(void)loop_wake(((struct theatre *)ctx)->loop);
}

static inline void theatre_drain(void *ctx)
{
	struct theatre *t = ctx;
	struct queue_item *item;

	while ((item = queue_pop(t->main))) {
		item->fn(item->ctx);
		queue_item_done(item);
	}
}

static inline void theatre_change(void *ctx, struct instance *i, enum instance_state state,
				  const char *why)
{
	struct theatre *t = ctx;
	size_t len = strlen(t->changes);

	(void)why;
	snprintf(t->changes + len, sizeof(t->changes) - len, "%s%s:%s", len ? " " : "",
		 instance_name(i), instance_state_name(state));
}

static inline struct theatre *theatre_new(void)
{
	struct theatre *t = calloc(1, sizeof(*t));

	assert_int_equal(loop_new(&t->loop), 0);
	assert_int_equal(queue_new(theatre_wake, t, &t->main), 0);
	loop_on_wake(t->loop, theatre_drain, t);
	return t;
}

static inline void theatre_free(struct theatre *t)
{
	queue_close(t->main);
	queue_unref(t->main);
	loop_free(t->loop);
	free(t);
}

/* After every thread that could look at one has ended, or will not look again. */
static inline void troupe_forget(void)
{
	for (size_t i = 0; i < troupe.n; i++) {
		free(troupe.actors[i]->mode);
		free(troupe.actors[i]);
	}
	troupe.n = 0;
	troupe.starts[0] = 0;
}

/* The real time: tests move the host's. */
static inline uint64_t theatre_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#define theatre_wait(t, condition) \
	do { \
		uint64_t deadline_ns_ = theatre_now_ns() + TROUPE_DEADLINE_NS; \
		while (!(condition) && theatre_now_ns() < deadline_ns_) \
			(void)loop_run_once((t)->loop, 1); \
		assert_true(condition); \
	} while (0)

static inline void theatre_done(void *ctx, int r, const char *why)
{
	struct theatre *t = ctx;

	t->n_done++;
	t->result = r;
	snprintf(t->why, sizeof(t->why), "%s", why);
}

static inline void theatre_stopped(void *ctx, int r, const char *why)
{
	(void)r;
	(void)why;
	((struct theatre *)ctx)->n_stopped++;
}

/* Begins a change; theatre_wait(t, t->n_done == …) sees its end. */
static inline void theatre_begin(struct theatre *t, const char *yaml)
{
	assert_int_equal(pipeline_apply(t->pipeline, troupe_blueprint(yaml), theatre_done, t), 0);
}

/* A change with its result. */
static inline int theatre_apply(struct theatre *t, const char *yaml)
{
	int n = t->n_done;

	theatre_begin(t, yaml);
	theatre_wait(t, t->n_done == n + 1);
	return t->result;
}

struct theatre_search {
	const char *name;
	struct instance *found;
	bool want_retiring;
};

static inline void theatre_compare(void *ctx, struct instance *i, bool is_retiring)
{
	struct theatre_search *s = ctx;

	if (str_equal(instance_name(i), s->name) && is_retiring == s->want_retiring)
		s->found = i;
}

/* The instance of the graph, or NULL. */
static inline struct instance *theatre_instance(const struct theatre *t, const char *name)
{
	struct theatre_search s = { .name = name };

	pipeline_each(t->pipeline, theatre_compare, &s);
	return s.found;
}

/* One that leaves it, or has failed. */
static inline struct instance *theatre_leaver(const struct theatre *t, const char *name)
{
	struct theatre_search s = { .name = name, .want_retiring = true };

	pipeline_each(t->pipeline, theatre_compare, &s);
	return s.found;
}

static inline struct instance_stats theatre_stats(const struct theatre *t, const char *name)
{
	struct instance_stats s;

	instance_stats(theatre_instance(t, name), &s);
	return s;
}

/* A source speaks: one batch of n_items. */
static inline int32_t actor_emit(struct actor *a, uint64_t n_items)
{
	const struct hearth_segment segment = { "sample", 7, NULL, NULL };
	const struct hearth_emission e = { .size = sizeof(e), .schema = TROUPE_SCHEMA,
					   .segments = &segment, .n_segments = 1,
					   .segment_stride = sizeof(segment), .n_items = n_items };

	return a->host->emit(a->host, &e);
}

/* ---- with a pipeline ---- */

static inline int theatre_setup(void **state)
{
	struct theatre *t = theatre_new();
	const struct pipeline_options options = {
		.loop = t->loop, .main = t->main, .run = "", .state_dir = "/nowhere",
		.on_change = theatre_change, .ctx = t, .drain_ns = TROUPE_DRAIN_NS,
	};

	assert_int_equal(pipeline_new(&options, &t->pipeline), 0);
	*state = t;
	return 0;
}

static inline void release_everybody(void)
{
	pthread_mutex_lock(&troupe.lock);
	for (size_t i = 0; i < troupe.n; i++)
		troupe.actors[i]->is_released = true;
	pthread_mutex_unlock(&troupe.lock);
}

static inline void count_busy(void *ctx, struct instance *i, bool is_retiring)
{
	struct instance_stats s;

	(void)is_retiring;
	instance_stats(i, &s);
	*(int *)ctx += s.callback != NULL;
}

static inline int theatre_n_busy(const struct theatre *t)
{
	int n = 0;

	pipeline_each(t->pipeline, count_busy, &n);
	return n;
}

static inline int theatre_teardown(void **state)
{
	static struct theatre *stuck[32] __attribute__((used)); /* never freed, but not forgotten */
	static size_t n_stuck;
	struct theatre *t = *state;

	clock_fake(0, 0);
	release_everybody();
	if (t->n_stopped == 0) {
		pipeline_stop(t->pipeline, clock_monotonic_ns() + NS_PER_S, theatre_stopped, t);
		theatre_wait(t, t->n_stopped == 1);
	}
	if (pipeline_n_stuck(t->pipeline) > 0) {
		theatre_wait(t, theatre_n_busy(t) == 0);
		assert_true(n_stuck < ARRAY_SIZE(stuck));
		stuck[n_stuck++] = t;
	} else {
		pipeline_free(t->pipeline);
		theatre_free(t);
	}
	troupe_forget();
	return 0;
}

#define theatre_test(f) cmocka_unit_test_setup_teardown(f, theatre_setup, theatre_teardown)
