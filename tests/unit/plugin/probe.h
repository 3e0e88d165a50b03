/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A component that writes down which of its callbacks were called, and does in them what the test
 * asks for.
 */
#pragma once

#include "unit/util/fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "plugin/descriptor.h"

#define PROBE_SCHEMA "hearth.profile/1"

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
		.accepts = PROBE_SCHEMA,
		.emits = PROBE_SCHEMA,
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
