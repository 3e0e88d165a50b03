/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From create() to destroy(), on the worker thread. Every step ends in an event to the main
 * thread; nothing here waits for the main thread.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugin/instance_internal.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/str.h"

struct event_message {
	struct instance *instance;
	struct instance_event event;
	char why[];
};

static void deliver_event(void *ctx)
{
	struct event_message *m = ctx;

	m->instance->env->on_event(m->instance->env->ctx, m->instance, &m->event);
	free(m);
}

void instance_send_event(struct instance *i, enum instance_event_kind kind, int result,
			 const char *why)
{
	size_t len = strlen(why) + 1;
	struct event_message *m;

	if (i->is_abandoned)
		return; /* nobody listens, and the main thread may be gone */
	m = malloc(sizeof(*m) + len);
	/* The main thread waits for events: without memory for one nothing would go on. */
	if (!m)
		abort();
	m->instance = i;
	memcpy(m->why, why, len);
	m->event = (struct instance_event){ .kind = kind, .result = result, .why = m->why };
	queue_call(i->env->main, deliver_event, free, m);
}

/* An abandoned instance stays stuck, whatever its thread does when it comes back. */
static void enter(struct instance *i, enum instance_state state)
{
	enum instance_state current = i->state;

	while (current != INSTANCE_STUCK && !atomic_compare_exchange_weak(&i->state, &current, state))
		;
}

static char *refusals_text(const struct instance *i)
{
	struct buf b = {};

	for (size_t k = 0; k < i->refusals.n; k++)
		buf_printf(&b, "%s%s", k ? "\n" : "", i->refusals.messages[k]);
	return buf_take(&b);
}

static char *failure_text(const struct instance *i, const char *callback, int r)
{
	if (i->refusals.n > 0)
		return refusals_text(i);
	if (i->start_failure)
		return str_format("plugin \"%s\": %s", i->name, i->start_failure);
	return str_format("plugin \"%s\": %s failed: %s", i->name, callback, strerror(-r));
}

int lifecycle_create(struct instance *i, char **ret_why)
{
	int r = INSTANCE_CALL(i, create, 0, &i->host, &i->plugin);

	if (r >= 0 && (i->refusals.n > 0 || i->start_failure)) {
		INSTANCE_CALL_VOID(i, destroy, i->plugin);
		r = -EINVAL;
	}
	i->is_created = r >= 0;
	if (r < 0)
		*ret_why = failure_text(i, "create", r);
	return r < 0 ? r : 0;
}

/* Of one that is created. Callbacks that start() arms come after it. */
static int start_created(struct instance *i, char **ret_why)
{
	int r;

	enter(i, INSTANCE_RUNNING);
	r = INSTANCE_CALL(i, start, 0, i->plugin);
	if (r >= 0 && i->start_failure)
		r = -EIO; /* it said that it cannot go on */
	if (r >= 0 || i->is_abandoned)
		return 0;
	*ret_why = failure_text(i, "start", r);
	enter(i, INSTANCE_FAILED);
	INSTANCE_CALL_VOID(i, destroy, i->plugin);
	i->is_created = false;
	return r;
}

void lifecycle_start(void *ctx)
{
	struct instance *i = ctx;
	_cleanup_free_ char *why = NULL;
	int r;

	i->is_starting = true;
	r = lifecycle_create(i, &why);
	if (i->is_abandoned)
		return;
	if (r < 0)
		enter(i, INSTANCE_FAILED);
	else
		r = start_created(i, &why);
	i->is_starting = false;
	instance_send_event(i, INSTANCE_EVENT_STARTED, r, why ? why : r < 0 ? "out of memory" : "");
}

struct update {
	struct instance *instance;
	struct option_set *options;
};

static void update_free(void *ctx)
{
	struct update *u = ctx;

	option_set_free(u->options);
	free(u);
}

static void update_on_worker(void *ctx)
{
	struct update *u = ctx;
	struct instance *i = u->instance;
	struct option_set *old = i->options;
	int r;

	if (i->state != INSTANCE_RUNNING) {
		instance_send_event(i, INSTANCE_EVENT_UPDATED, -EBUSY, "");
		update_free(u);
		return;
	}
	config_errors_done(&i->refusals);
	i->options = u->options;
	r = INSTANCE_CALL(i, update, -EBUSY, i->plugin);
	if (r >= 0 && i->refusals.n > 0)
		r = -EINVAL;
	if (r < 0) {
		_cleanup_free_ char *why = i->refusals.n > 0 ? refusals_text(i) : NULL;

		i->options = old;
		instance_send_event(i, INSTANCE_EVENT_UPDATED, why ? -EINVAL : r, why ? why : "");
	} else {
		u->options = old;
		instance_send_event(i, INSTANCE_EVENT_UPDATED, 0, "");
	}
	update_free(u);
}

void instance_update(struct instance *i, struct option_set *options)
{
	struct update *u = malloc(sizeof(*u));

	if (!u) {
		option_set_free(options);
		instance_send_event(i, INSTANCE_EVENT_UPDATED, -ENOMEM, "out of memory");
		return;
	}
	*u = (struct update){ .instance = i, .options = options };
	queue_call(i->inbox, update_on_worker, update_free, u);
}

struct budget {
	struct instance *instance;
	uint32_t scale;
};

static void budget_on_worker(void *ctx)
{
	struct budget *b = ctx;

	if (b->instance->state == INSTANCE_RUNNING)
		INSTANCE_CALL_VOID(b->instance, on_budget, b->instance->plugin, b->scale);
	free(b);
}

void instance_budget(struct instance *i, uint32_t scale)
{
	struct budget *b = malloc(sizeof(*b));

	if (!b)
		return; /* the next measurement asks again */
	*b = (struct budget){ .instance = i, .scale = scale };
	queue_call(i->inbox, budget_on_worker, free, b);
}

static void complete(struct instance *i, int result)
{
	if (i->state != INSTANCE_RUNNING && i->state != INSTANCE_FINISHING)
		return;
	atomic_fetch_or(&i->n_inputs, INPUTS_CLOSED);
	enter(i, INSTANCE_FINISHED);
	emitter_close(i->emitter);
	instance_send_event(i, INSTANCE_EVENT_FINISHED, result, result < 0 ? strerror(-result) : "");
}

void lifecycle_finish(void *ctx)
{
	struct instance *i = ctx;
	int r;

	if (i->state != INSTANCE_RUNNING)
		return;
	atomic_fetch_or(&i->n_inputs, INPUTS_CLOSED);
	enter(i, INSTANCE_FINISHING);
	r = INSTANCE_CALL(i, finish, 0, i->plugin);
	if (r != -EINPROGRESS)
		complete(i, r);
}

void lifecycle_finished(void *ctx)
{
	complete(ctx, 0);
}

void lifecycle_input_ended(struct instance *i)
{
	unsigned int n_ended = ++i->n_ended;

	/* Unless one more is added at this very moment. */
	if (atomic_compare_exchange_strong(&i->n_inputs, &n_ended, n_ended | INPUTS_CLOSED))
		lifecycle_finish(i);
}

void lifecycle_failed(struct instance *i, const char *why)
{
	/* On the worker in create() or start(): the reason for the error that it will answer. */
	if (i->tid == (int)syscall(SYS_gettid) && i->is_starting) {
		free(i->start_failure);
		i->start_failure = strdup(why);
		return;
	}
	if (!atomic_exchange(&i->has_failed, true))
		instance_send_event(i, INSTANCE_EVENT_FAILED, -EIO, why);
}

struct stop {
	struct instance *instance;
	uint64_t deadline_ns;
};

static void stop_on_worker(void *ctx)
{
	struct stop *s = ctx;
	struct instance *i = s->instance;

	atomic_fetch_or(&i->n_inputs, INPUTS_CLOSED);
	enter(i, INSTANCE_STOPPING);
	if (i->is_created) {
		(void)INSTANCE_CALL(i, stop, 0, i->plugin, s->deadline_ns);
		INSTANCE_CALL_VOID(i, destroy, i->plugin);
	}
	i->is_created = false;
	free(s);
	if (i->is_abandoned)
		return;
	emitter_close(i->emitter);
	queue_close(i->inbox);
	worker_release(i);
	enter(i, INSTANCE_STOPPED);
	instance_send_event(i, INSTANCE_EVENT_STOPPED, 0, "");
}

void instance_stop(struct instance *i, uint64_t deadline_ns)
{
	struct stop *s = malloc(sizeof(*s));

	if (!s)
		abort(); /* it could never end in order */
	*s = (struct stop){ .instance = i, .deadline_ns = deadline_ns };
	queue_call_first(i->inbox, stop_on_worker, free, s);
}
