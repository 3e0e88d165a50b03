/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of an instance: waits in its loop and empties its mailbox, a bounded number of
 * items at a time, so that timers and fds get their turn under load. A batch that the plugin
 * cannot take now is held in front of everything that came later.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugin/crash.h"
#include "plugin/instance_internal.h"
#include "route/batch.h"
#include "util/clock.h"
#include "util/fail.h"
#include "util/log.h"

enum { ITEMS_AT_ONCE = 32, STACK_BYTES = 1 << 20 };

#define RETRY_NS (100 * NS_PER_MS)

void callback_begin(struct instance *i, const char *name)
{
	i->callback_since_ns = clock_monotonic_ns();
	i->callback = name;
	crash_enter(i->name, name);
}

void callback_end(struct instance *i)
{
	uint64_t took = clock_monotonic_ns() - i->callback_since_ns;

	crash_leave();
	i->callback = NULL;
	i->callback_since_ns = 0;
	i->callbacks++;
	i->callback_ns += took;
	if (took > i->callback_max_ns)
		i->callback_max_ns = took;
}

static void consume_failed(struct instance *i, const struct queue_item *item, int r)
{
	static struct log_limit limit = { .interval_ns = 60 * NS_PER_S, .burst = 10 };
	uint32_t suppressed;

	i->errors++;
	i->error_items += batch_public(item->batch)->n_items;
	if (log_limit_allows(&limit, &suppressed))
		log_write(HEARTH_LOG_WARNING, i->name, "dropped a batch of %s: %s",
			  batch_public(item->batch)->instance, strerror(-r));
}

/* False: the plugin cannot take it now. */
static bool deliver(struct instance *i, const struct queue_item *item)
{
	const struct hearth_batch *b = batch_public(item->batch);
	int r;

	i->in_hand_items = b->n_items;
	r = INSTANCE_CALL(i, consume, 0, i->plugin, b);
	if (r == -EAGAIN)
		return false;
	i->in_hand_items = 0;
	i->received++;
	i->received_items += b->n_items;
	if (r < 0)
		consume_failed(i, item, r);
	return true;
}

/* False: the mailbox has to wait behind this item. */
static bool take_item(struct instance *i, struct queue_item *item)
{
	switch (item->kind) {
	case QUEUE_CALL:
		item->fn(item->ctx);
		return true;
	case QUEUE_END:
		lifecycle_input_ended(i);
		return true;
	case QUEUE_BATCH:
		if (!instance_is_active(i)) {
			i->in_hand_items = 0;
			i->errors++;
			i->error_items += batch_public(item->batch)->n_items;
			return true;
		}
		return deliver(i, item);
	}
	return true;
}

/*
 * Calls overtake a held batch: they must, for the answer that the plugin waits for before it can
 * take the batch may be among them. Ends and batches behind it wait.
 */
static struct queue_item *next_item(struct instance *i)
{
	return i->held ? queue_pop_call(i->inbox) : queue_pop(i->inbox);
}

static void drain(struct instance *i)
{
	for (int n = 0; n < ITEMS_AT_ONCE; n++) {
		struct queue_item *item = next_item(i);

		if (!item)
			return;
		if (!take_item(i, item)) {
			i->held = item;
			(void)loop_timer_arm(i->retry, RETRY_NS, 0);
			continue;
		}
		queue_item_done(item);
		if (i->is_abandoned || i->state == INSTANCE_STOPPED)
			return;
	}
	(void)loop_wake(i->loop);
}

static void retry_held(struct instance *i)
{
	struct queue_item *item = i->held;

	if (!item)
		return;
	if (!take_item(i, item)) {
		(void)loop_timer_arm(i->retry, RETRY_NS, 0);
		return;
	}
	i->held = NULL;
	queue_item_done(item);
}

static void on_retry(void *ctx)
{
	struct instance *i = ctx;

	retry_held(i);
	drain(i);
}

static void on_wake(void *ctx)
{
	struct instance *i = ctx;

	if (i->is_abandoned)
		return loop_quit(i->loop);
	if (atomic_exchange(&i->has_room, false) && instance_is_active(i)) {
		INSTANCE_CALL_VOID(i, on_writable, i->plugin);
		retry_held(i);
	}
	if (atomic_exchange(&i->is_woken, false) && instance_is_active(i))
		INSTANCE_CALL_VOID(i, on_wake, i->plugin);
	drain(i);
}

void instance_on_room(void *ctx)
{
	struct instance *i = ctx;

	i->has_room = true;
	(void)loop_wake(i->loop);
}

static void *worker_main(void *ctx)
{
	struct instance *i = ctx;
	char name[16];

	i->tid = (int)syscall(SYS_gettid);
	snprintf(name, sizeof(name), "%s", i->name);
	(void)prctl(PR_SET_NAME, name);
	(void)crash_thread_init();
	(void)loop_run(i->loop);
	crash_thread_done();
	return NULL;
}

void worker_free_timers(struct instance *i)
{
	for (int t = 0; t < INSTANCE_TIMERS; t++)
		i->timers[t].timer = loop_timer_free(i->timers[t].timer);
	i->retry = loop_timer_free(i->retry);
}

void worker_release(struct instance *i)
{
	worker_free_timers(i);
	i->in_hand_items = 0;
	if (i->held) {
		i->errors++;
		i->error_items += batch_public(i->held->batch)->n_items;
		queue_item_done(TAKE_PTR(i->held));
	}
	loop_quit(i->loop);
}

int worker_start(struct instance *i)
{
	pthread_attr_t attr;
	int r;

	loop_on_wake(i->loop, on_wake, i);
	r = loop_timer_new(i->loop, on_retry, i, &i->retry);
	if (r < 0)
		return r;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	r = fail_point("plugin.thread");
	if (r == 0)
		r = -pthread_create(&i->thread, &attr, worker_main, i);
	pthread_attr_destroy(&attr);
	i->has_thread = r == 0;
	return r;
}
