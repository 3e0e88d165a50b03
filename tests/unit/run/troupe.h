/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A troupe of fake plugins for the tests of pipelines and runs: sources that emit when the test
 * says so, processors that pass on, sinks that count. What an instance does otherwise is its option
 * `mode`.
 */
#pragma once

#include "unit/util/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <hearth/artifact.h>
#include <hearth/receipt.h>

#include "plugin/descriptor.h"
#include "util/str.h"

#define TROUPE_SCHEMA "hearth.profile/1"

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

/* Says that it has written a file, and what became of it. */
static inline void actor_write(struct actor *a)
{
	struct hearth_artifact_row file = { .size = 12, .sha256 = { 0xab } };
	struct hearth_receipt_row receipt = { .state = HEARTH_RECEIPT_DELIVERED };
	struct hearth_flat_builder b;

	assert_int_equal(hearth_artifact_emit(a->host, "/out/a.html", "text/html", "a page", &file), 0);
	hearth_flat_init(&b);
	receipt.path = hearth_flat_intern_string(&b, "/out/a.html");
	receipt.url = hearth_flat_intern_string(&b, "https://store/a.html");
	hearth_flat_append(&b, HEARTH_RECEIPT_ROWS, &receipt, sizeof(receipt));
	assert_int_equal(hearth_flat_emit(&b, a->host, HEARTH_RECEIPT_SCHEMA, NULL), 0);
	hearth_flat_done(&b);
}

static inline int32_t actor_finish(void *instance)
{
	struct actor *a = instance;

	a->n_finished++;
	if (actor_is(a, "write"))
		actor_write(a);
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

/* A source speaks: one batch of n_items. */
static inline int32_t actor_emit(struct actor *a, uint64_t n_items)
{
	const struct hearth_segment segment = { "sample", 7, NULL, NULL };
	const struct hearth_emission e = { .size = sizeof(e), .schema = TROUPE_SCHEMA,
					   .segments = &segment, .n_segments = 1,
					   .segment_stride = sizeof(segment), .n_items = n_items };

	return a->host->emit(a->host, &e);
}

static inline void troupe_release(void)
{
	pthread_mutex_lock(&troupe.lock);
	for (size_t i = 0; i < troupe.n; i++)
		troupe.actors[i]->is_released = true;
	pthread_mutex_unlock(&troupe.lock);
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
