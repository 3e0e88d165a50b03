/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance of a component: its thread, its loop, its mailbox and its state. The only place
 * that calls plugins.
 *
 *   NEW → STARTING → RUNNING → FINISHING → FINISHED → STOPPING → STOPPED
 *
 * FAILED can follow any state before STOPPING and stays, STUCK any state at all. The main thread
 * asks, the worker answers by events, which arrive on the main thread in order; STOPPED is the
 * last.
 * Functions belong to the main thread unless tagged [any thread].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "config/option.h"
#include "plugin/descriptor.h"
#include "route/emitter.h"
#include "route/queue.h"

struct agent;
struct counters;
struct helpers;
struct instance;
struct json_t;

enum instance_state {
	INSTANCE_NEW = 1,
	INSTANCE_STARTING,
	INSTANCE_RUNNING,
	INSTANCE_FINISHING,
	INSTANCE_FINISHED,
	INSTANCE_STOPPING,
	INSTANCE_STOPPED,
	INSTANCE_FAILED,
	INSTANCE_STUCK,
};

enum instance_event_kind {
	INSTANCE_EVENT_STARTED = 1, /* result: 0, or why create or start failed */
	INSTANCE_EVENT_UPDATED,     /* result: 0, or -EBUSY: it has to be made anew */
	INSTANCE_EVENT_FINISHED,    /* its output is complete; result: of finish() */
	INSTANCE_EVENT_FAILED,      /* while running, by its own word */
	INSTANCE_EVENT_STOPPED,     /* the thread has ended: instance_free() may follow */
};

struct instance_event {
	enum instance_event_kind kind;
	int result;
	const char *why; /* "" if there is nothing to say */
};

/* What instances share. Lives longer than all of them. */
struct instance_env {
	struct queue *main; /* calls for the main thread */
	void (*on_event)(void *ctx, struct instance *i, const struct instance_event *event);
	void (*on_batch)(void *ctx, struct instance *i, struct batch *b); /* [any thread], every emit */
	/* A service's vtable by id, or NULL. [any thread] */
	const void *(*service)(void *ctx, const char *id);
	void *ctx;
	const char *state_dir;
	/* For the services; opaque here. */
	struct helpers *helpers;
	struct agent *agent; /* NULL: no runs can be started (record, check) */
};

struct instance_spec {
	const char *name, *run;
	const struct component *component;
	struct option_set *options; /* taken by instance_new, also on error */
	const struct hearth_label *labels; /* copied */
	size_t n_labels;
	int log_level; /* -1: the host's */
};

int instance_new(const struct instance_env *env, const struct instance_spec *spec,
		 struct instance **ret);
/* Joins the thread of a stopped one; a stuck one is left alone for ever. NULL */
struct instance *instance_free(struct instance *i);
DEFINE_CLEANUP(struct instance *, instance_free)

/* ---- asked by the main thread, answered by events ---- */

int instance_start(struct instance *i); /* create() and start() */
void instance_update(struct instance *i, struct option_set *options); /* takes options */
/* A source has to come to its end. Consumers finish by themselves, when every input has ended. */
void instance_finish(struct instance *i);
/* stop() and destroy(); what is still in the mailbox is dropped and counted. */
void instance_stop(struct instance *i, uint64_t deadline_ns);
/* -1: the host's level. [any thread] */
void instance_set_log_level(struct instance *i, int level);
void instance_budget(struct instance *i, uint32_t scale);
/*
 * The callback under way will not return: closes mailbox and routes, leaves the thread to
 * itself. The process has to end by _exit().
 */
void instance_abandon(struct instance *i);
/*
 * Inputs that will have to end before the instance finishes; call it before they can. -EPIPE: it is
 * at its end already and takes no more.
 */
int instance_inputs_add(struct instance *i, unsigned int n);

/*
 * Runs create() and destroy() on the calling thread, for `hearth check`: no thread, no loop. On
 * failure *ret_why gets an allocated text.
 */
int instance_try_create(const struct instance_env *env, const struct instance_spec *spec,
			char **ret_why);

/* ---- looked at ---- */

enum instance_state instance_state(const struct instance *i); /* [any thread] */
const char *instance_state_name(enum instance_state state);
const char *instance_name(const struct instance *i); /* [any thread] */
const char *instance_run(const struct instance *i);  /* [any thread] */
const struct component *instance_component(const struct instance *i);
struct queue *instance_inbox(const struct instance *i);
struct emitter *instance_emitter(const struct instance *i);
const struct counters *instance_counters(const struct instance *i);
/* Room again on a lossless route of this instance. For route_options.on_room. [any thread] */
void instance_on_room(void *instance);

/* What the watchdog finds: each long callback is answered LONG once. */
enum instance_health {
	INSTANCE_HEALTHY = 0,
	INSTANCE_LONG,  /* a callback runs for longer than report_ns */
	INSTANCE_HANGS, /* … than stuck_ns; start() may */
};
enum instance_health instance_watch(struct instance *i, uint64_t now_ns, uint64_t report_ns,
				    uint64_t stuck_ns);

struct instance_stats {
	uint64_t received, received_items;     /* batches, samples: consumed */
	uint64_t sent;                         /* batches emitted */
	uint64_t errors, error_items;          /* consume() refused them: dropped */
	uint64_t pending_items;                /* in the mailbox or in its hands, not yet consumed */
	uint64_t callbacks, callback_ns, callback_max_ns;
	int tid;                               /* of the worker; 0: none */
	const char *callback;                  /* under way, or NULL */
	uint64_t callback_since_ns;            /* 0: none under way */
	struct queue_stats queue;
};
void instance_stats(const struct instance *i, struct instance_stats *ret);
/* What the plugin reported, a new reference; an object, maybe empty. NULL without memory. */
struct json_t *instance_reports(const struct instance *i);

/* ---- for services ---- */

/* The instance behind a host vtable that a plugin passed to a service. [any thread] */
struct instance *instance_from_host(const struct hearth_host *h);
const struct instance_env *instance_env(const struct instance *i); /* [any thread] */

/*
 * Runs fn(ctx) on the instance's thread; if the instance ends first, drop(ctx) instead (may be
 * NULL), on some thread. One of the two is called exactly once. [any thread]
 */
void instance_post(struct instance *i, void (*fn)(void *ctx), void (*drop)(void *ctx), void *ctx);
