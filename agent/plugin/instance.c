/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread's side of an instance: made, asked, looked at, freed. What the worker does
 * with what it is asked is in lifecycle.c; how it waits and delivers in worker.c.
 */
#include "plugin/instance.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugin/instance_internal.h"
#include "route/batch.h"
#include "stat/counter.h"
#include "util/clock.h"
#include "util/str.h"
#include "util/sys.h"

static void wake_worker(void *ctx)
{
	struct instance *i = ctx;

	(void)loop_wake(i->loop);
}

static void tap(void *ctx, struct batch *b)
{
	struct instance *i = ctx;

	if (i->env->on_batch)
		i->env->on_batch(i->env->ctx, i, b);
}

static void labels_free(struct hearth_label *labels, size_t n)
{
	for (size_t k = 0; labels && k < n; k++) {
		free((char *)labels[k].key);
		free((char *)labels[k].value);
	}
	free(labels);
}

static int copy_labels(struct instance *i, const struct instance_spec *spec)
{
	i->labels = sys_alloc(spec->n_labels + 1, sizeof(*i->labels));
	if (!i->labels)
		return -ENOMEM;
	i->host.labels = i->labels;
	i->host.n_labels = (uint32_t)spec->n_labels;
	i->host.label_stride = sizeof(*i->labels);
	for (size_t k = 0; k < spec->n_labels; k++) {
		i->labels[k].key = strdup(spec->labels[k].key);
		i->labels[k].value = strdup(spec->labels[k].value);
		if (!i->labels[k].key || !i->labels[k].value)
			return -ENOMEM;
	}
	return 0;
}

static struct instance *alloc_instance(const struct instance_env *env,
				       const struct instance_spec *spec)
{
	struct instance *i = sys_alloc(1, sizeof(*i));

	if (!i) {
		option_set_free(spec->options);
		return NULL;
	}
	i->env = env;
	i->component = spec->component;
	i->options = spec->options;
	i->log_level = spec->log_level;
	i->state = INSTANCE_NEW;
	pthread_mutex_init(&i->reports_lock, NULL);
	i->name = strdup(spec->name);
	i->run = strdup(spec->run ? spec->run : "");
	i->reports = json_object();
	if (i->name && i->run && i->reports && copy_labels(i, spec) == 0 &&
	    counters_new(&i->counters) == 0) {
		host_api_init(i);
		return i;
	}
	return instance_free(i);
}

int instance_new(const struct instance_env *env, const struct instance_spec *spec,
		 struct instance **ret)
{
	_cleanup_(instance_freep) struct instance *i = alloc_instance(env, spec);
	int r;

	if (!i)
		return -ENOMEM;
	r = loop_new(&i->loop);
	if (r == 0)
		r = queue_new(wake_worker, i, &i->inbox);
	if (r == 0)
		r = emitter_new(i->name, i->run, tap, i, &i->emitter);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(i);
	return 0;
}

struct instance *instance_free(struct instance *i)
{
	if (!i || i->is_abandoned)
		return NULL; /* its thread may still come back to all of this */
	if (i->has_thread)
		pthread_join(i->thread, NULL);
	if (i->inbox)
		queue_close(i->inbox);
	queue_unref(i->inbox);
	emitter_free(i->emitter);
	worker_free_timers(i);
	loop_free(i->loop);
	counters_free(i->counters);
	option_set_free(i->options);
	config_errors_done(&i->refusals);
	free(i->start_failure);
	labels_free(i->labels, i->host.n_labels);
	json_decref(i->reports);
	pthread_mutex_destroy(&i->reports_lock);
	free(i->name);
	free(i->run);
	free(i);
	return NULL;
}

int instance_start(struct instance *i)
{
	int r;

	i->state = INSTANCE_STARTING;
	queue_call(i->inbox, lifecycle_start, NULL, i);
	r = worker_start(i);
	if (r < 0)
		i->state = INSTANCE_NEW; /* no thread will ever look into the mailbox */
	return r;
}

void instance_finish(struct instance *i)
{
	queue_call(i->inbox, lifecycle_finish, NULL, i);
}

void instance_set_log_level(struct instance *i, int level)
{
	i->log_level = level;
}

void instance_abandon(struct instance *i)
{
	i->is_abandoned = true;
	i->state = INSTANCE_STUCK;
	queue_close(i->inbox);
	emitter_close(i->emitter);
	if (i->has_thread)
		pthread_detach(i->thread);
	i->has_thread = false;
}

int instance_inputs_add(struct instance *i, unsigned int n)
{
	unsigned int old = i->n_inputs;

	do {
		if (old & INPUTS_CLOSED)
			return -EPIPE;
	} while (!atomic_compare_exchange_weak(&i->n_inputs, &old, old + n));
	return 0;
}

int instance_try_create(const struct instance_env *env, const struct instance_spec *spec,
			char **ret_why)
{
	_cleanup_(instance_freep) struct instance *i = NULL;
	int r = instance_new(env, spec, &i);

	if (r < 0)
		return r;
	i->tid = (int)syscall(SYS_gettid);
	i->is_starting = true;
	r = lifecycle_create(i, ret_why);
	if (r == 0)
		INSTANCE_CALL_VOID(i, destroy, i->plugin);
	return r;
}

enum instance_health instance_watch(struct instance *i, uint64_t now_ns, uint64_t report_ns,
				    uint64_t stuck_ns)
{
	const char *callback = i->callback;
	uint64_t since_ns = i->callback_since_ns;
	uint64_t age_ns = since_ns && now_ns > since_ns ? now_ns - since_ns : 0;

	if (!callback || i->is_abandoned)
		return INSTANCE_HEALTHY;
	if (age_ns >= stuck_ns && !str_equal(callback, "start"))
		return INSTANCE_HANGS;
	if (age_ns < report_ns || i->reported_since_ns == since_ns)
		return INSTANCE_HEALTHY;
	i->reported_since_ns = since_ns;
	return INSTANCE_LONG;
}

enum instance_state instance_state(const struct instance *i)
{
	/* By its own word, whatever has been done about it since. */
	return i->has_failed && i->state != INSTANCE_STUCK ? INSTANCE_FAILED : i->state;
}

const char *instance_state_name(enum instance_state state)
{
	static const char *const names[] = {
		[INSTANCE_NEW] = "new",
		[INSTANCE_STARTING] = "starting",
		[INSTANCE_RUNNING] = "running",
		[INSTANCE_FINISHING] = "finishing",
		[INSTANCE_FINISHED] = "finished",
		[INSTANCE_STOPPING] = "stopping",
		[INSTANCE_STOPPED] = "stopped",
		[INSTANCE_FAILED] = "failed",
		[INSTANCE_STUCK] = "stuck",
	};

	return names[state];
}

const char *instance_name(const struct instance *i)
{
	return i->name;
}

const char *instance_run(const struct instance *i)
{
	return i->run;
}

const struct component *instance_component(const struct instance *i)
{
	return i->component;
}

struct queue *instance_inbox(const struct instance *i)
{
	return i->inbox;
}

struct emitter *instance_emitter(const struct instance *i)
{
	return i->emitter;
}

const struct counters *instance_counters(const struct instance *i)
{
	return i->counters;
}

void instance_stats(const struct instance *i, struct instance_stats *ret)
{
	*ret = (struct instance_stats){
		.received = i->received,
		.received_items = i->received_items,
		.sent = emitter_sequence(i->emitter),
		.errors = i->errors,
		.error_items = i->error_items,
		.callbacks = i->callbacks,
		.callback_ns = i->callback_ns,
		.callback_max_ns = i->callback_max_ns,
		.tid = i->tid,
		.callback = i->callback,
		.callback_since_ns = i->callback_since_ns,
	};
	queue_stats(i->inbox, &ret->queue);
	ret->pending_items = ret->queue.items + i->in_hand_items;
}

json_t *instance_reports(const struct instance *i)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&i->reports_lock;
	json_t *copy;

	pthread_mutex_lock(lock);
	copy = json_deep_copy(i->reports);
	pthread_mutex_unlock(lock);
	return copy;
}

struct instance *instance_from_host(const struct hearth_host *h)
{
	return CONTAINER_OF(h, struct instance, host);
}

const struct instance_env *instance_env(const struct instance *i)
{
	return i->env;
}

void instance_post(struct instance *i, void (*fn)(void *ctx), void (*drop)(void *ctx), void *ctx)
{
	queue_call(i->inbox, fn, drop, ctx);
}
