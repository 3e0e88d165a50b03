/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an instance, for instance.c, worker.c, lifecycle.c and host_api.c alone. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "config/error.h"
#include "loop/loop.h"
#include "plugin/instance.h"

enum { INSTANCE_TIMERS = 16 };

#define INPUTS_CLOSED (1u << 31)

struct instance {
	struct hearth_host host; /* what the plugin holds */

	/* written before the thread starts, read by anyone */
	const struct instance_env *env;
	const struct component *component;
	char *name, *run;
	struct hearth_label *labels;
	struct queue *inbox;
	struct emitter *emitter;
	struct counters *counters;
	struct loop *loop;

	/* the main thread's */
	pthread_t thread;
	bool has_thread;
	uint64_t reported_since_ns; /* the callback that was last found long */

	/* the worker's */
	struct option_set *options;
	void *plugin;    /* what create() made, maybe NULL */
	bool is_created; /* destroy() is owed */
	struct timer_ref {
		struct instance *instance;
		struct loop_timer *timer;
		uint32_t id;
	} timers[INSTANCE_TIMERS];
	struct loop_timer *retry;
	struct queue_item *held; /* consume() said -EAGAIN */
	unsigned int n_ended;    /* inputs whose stream has ended */
	struct config_errors refusals;
	char *start_failure; /* what fail() said in create() or start() */
	bool is_starting;

	/* anyone's */
	_Atomic(enum instance_state) state;
	atomic_uint n_inputs; /* with INPUTS_CLOSED once none can be added */
	atomic_bool is_abandoned, has_room, is_woken, has_failed;
	atomic_int tid, log_level;
	_Atomic(const char *) callback;
	atomic_ullong callback_since_ns;
	atomic_ullong received, received_items, errors, error_items;
	atomic_ullong in_hand_items; /* of the batch that consume() has, or has put off */
	atomic_ullong callbacks, callback_ns, callback_max_ns;

	pthread_mutex_t reports_lock;
	struct json_t *reports; /* under reports_lock */
};

/* Wraps every call of a plugin: who runs what since when, for watchdog, crash report and stat. */
void callback_begin(struct instance *i, const char *name);
void callback_end(struct instance *i);

/* Calls component callback `name` if there is one; its result, or `otherwise`. */
#define INSTANCE_CALL(i, name, otherwise, ...) \
	({ \
		int32_t call_r_ = (otherwise); \
		if ((i)->component->c.name) { \
			callback_begin(i, #name); \
			call_r_ = (i)->component->c.name(__VA_ARGS__); \
			callback_end(i); \
		} \
		call_r_; \
	})

#define INSTANCE_CALL_VOID(i, name, ...) \
	({ \
		if ((i)->component->c.name) { \
			callback_begin(i, #name); \
			(i)->component->c.name(__VA_ARGS__); \
			callback_end(i); \
		} \
	})

/* From start() until it has finished: only then do callbacks make sense to the plugin. */
static inline bool instance_is_active(const struct instance *i)
{
	return i->state == INSTANCE_RUNNING || i->state == INSTANCE_FINISHING;
}

/* worker.c */
int worker_start(struct instance *i);
void worker_release(struct instance *i); /* fds, timers, held batch: on the worker, at the end */
void worker_free_timers(struct instance *i);

/* lifecycle.c: on the worker */
void lifecycle_start(void *instance);
void lifecycle_finish(void *instance);
void lifecycle_finished(void *instance); /* host->finished() */
void lifecycle_failed(struct instance *i, const char *why); /* [any thread] */
void lifecycle_input_ended(struct instance *i);
/* create() with its refusals as text; *ret_why is allocated. */
int lifecycle_create(struct instance *i, char **ret_why);
void instance_send_event(struct instance *i, enum instance_event_kind kind, int result,
			 const char *why);

/* host_api.c */
void host_api_init(struct instance *i);
