/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the troupe plays: a main thread, and graphs in YAML as in hearth.yaml whose plugins are
 * looked up in troupe.h instead of loaded.
 */
#pragma once

#include "unit/run/troupe.h"

#include <time.h>

#include "config/config.h"
#include "route/batch.h"
#include "run/blueprint.h"
#include "run/pipeline.h"
#include "util/clock.h"

#define THEATRE_DEADLINE_NS (20 * NS_PER_S)
#define THEATRE_DRAIN_NS (10 * NS_PER_S)

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

/* The real time: tests move the host's. */
static inline uint64_t theatre_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#define theatre_wait(t, condition) \
	do { \
		uint64_t deadline_ns_ = theatre_now_ns() + THEATRE_DEADLINE_NS; \
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

/* ---- with a pipeline ---- */

static inline int theatre_setup(void **state)
{
	struct theatre *t = theatre_new();
	const struct pipeline_options options = {
		.loop = t->loop, .main = t->main, .run = "", .state_dir = "/nowhere",
		.on_change = theatre_change, .ctx = t, .drain_ns = THEATRE_DRAIN_NS,
	};

	assert_int_equal(pipeline_new(&options, &t->pipeline), 0);
	*state = t;
	return 0;
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

static inline int tid_of(const struct theatre *t, const char *name)
{
	return theatre_stats(t, name).tid;
}

static inline void emit_some(const char *name, int life, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(actor_emit(actor_find(name, life), 1), 0);
}

static inline int theatre_teardown(void **state)
{
	static struct theatre *stuck[32] __attribute__((used)); /* never freed, but not forgotten */
	static size_t n_stuck;
	struct theatre *t = *state;

	clock_fake(0, 0);
	troupe_release();
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
