/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mutex and a singly linked list: the traffic is a few batches a second, so what counts is that
 * nobody is ever called with the lock held and that every batch which goes missing is counted.
 */
#include "route/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "route/batch.h"
#include "route/queue_internal.h"
#include "util/sys.h"

int queue_new(void (*wake)(void *ctx), void *ctx, struct queue **ret)
{
	struct queue *q = sys_alloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	atomic_init(&q->refs, 1);
	pthread_mutex_init(&q->lock, NULL);
	q->tail = &q->head;
	q->wake = wake;
	q->wake_ctx = ctx;
	*ret = q;
	return 0;
}

struct queue *queue_ref(struct queue *q)
{
	atomic_fetch_add_explicit(&q->refs, 1, memory_order_relaxed);
	return q;
}

struct queue *queue_unref(struct queue *q)
{
	if (!q || atomic_fetch_sub_explicit(&q->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	queue_close(q);
	pthread_mutex_destroy(&q->lock);
	free(q);
	return NULL;
}

void queue_append_locked(struct queue *q, struct queue_item *item)
{
	item->next = NULL;
	*q->tail = item;
	q->tail = &item->next;
	q->depth++;
	if (item->kind != QUEUE_BATCH)
		return;
	q->bytes += batch_bytes(item->batch);
	q->items += batch_public(item->batch)->n_items;
}

struct queue_item *queue_take_locked(struct queue *q, struct queue_item **at)
{
	struct queue_item *item = *at;

	*at = item->next;
	if (q->tail == &item->next)
		q->tail = at;
	item->next = NULL;
	q->depth--;
	if (item->kind != QUEUE_BATCH)
		return item;
	q->bytes -= batch_bytes(item->batch);
	q->items -= batch_public(item->batch)->n_items;
	route_took_locked(item->route, item->batch);
	return item;
}

void queue_wake(struct queue *q)
{
	void (*wake)(void *ctx);
	void *ctx;

	pthread_mutex_lock(&q->lock);
	wake = q->is_closed ? NULL : q->wake;
	ctx = q->wake_ctx;
	/* Under the lock, so that close() can promise that no wake comes after it. */
	if (wake)
		wake(ctx);
	pthread_mutex_unlock(&q->lock);
}

static void prepend_locked(struct queue *q, struct queue_item *item)
{
	item->next = q->head;
	q->head = item;
	if (!item->next)
		q->tail = &item->next;
	q->depth++;
}

static void push_call(struct queue *q, struct queue_item call,
		      void (*insert_locked)(struct queue *q, struct queue_item *item))
{
	struct queue_item *item = calloc(1, sizeof(*item));
	bool is_taken;

	/* Somebody waits for what a call brings: without memory for it nothing would go on. */
	if (!item)
		abort();
	*item = call;
	pthread_mutex_lock(&q->lock);
	is_taken = !q->is_closed;
	if (is_taken)
		insert_locked(q, item);
	pthread_mutex_unlock(&q->lock);
	if (is_taken) {
		queue_wake(q);
		return;
	}
	free(item);
	if (call.drop)
		call.drop(call.ctx);
}

void queue_call(struct queue *q, void (*fn)(void *ctx), void (*drop)(void *ctx), void *ctx)
{
	push_call(q, (struct queue_item){ .kind = QUEUE_CALL, .fn = fn, .drop = drop, .ctx = ctx },
		  queue_append_locked);
}

void queue_call_first(struct queue *q, void (*fn)(void *ctx), void (*drop)(void *ctx), void *ctx)
{
	push_call(q, (struct queue_item){ .kind = QUEUE_CALL, .fn = fn, .drop = drop, .ctx = ctx },
		  prepend_locked);
}

struct queue_item *queue_pop(struct queue *q)
{
	struct queue_item *item = NULL;

	pthread_mutex_lock(&q->lock);
	if (q->head)
		item = queue_take_locked(q, &q->head);
	pthread_mutex_unlock(&q->lock);
	if (item && item->kind == QUEUE_BATCH)
		route_tell_room(item->route);
	return item;
}

struct queue_item *queue_pop_call(struct queue *q)
{
	struct queue_item *item = NULL, **at = &q->head;

	pthread_mutex_lock(&q->lock);
	while (*at && (*at)->kind != QUEUE_CALL)
		at = &(*at)->next;
	if (*at)
		item = queue_take_locked(q, at);
	pthread_mutex_unlock(&q->lock);
	return item;
}

bool queue_is_empty(struct queue *q)
{
	bool is_empty;

	pthread_mutex_lock(&q->lock);
	is_empty = !q->head;
	pthread_mutex_unlock(&q->lock);
	return is_empty;
}

void queue_item_done(struct queue_item *item)
{
	batch_unref(item->batch);
	route_unref(item->route);
	free(item);
}

void queue_items_done(struct queue_item *list)
{
	while (list) {
		struct queue_item *next = list->next;

		queue_item_done(list);
		list = next;
	}
}

void queue_close(struct queue *q)
{
	struct queue_item *items = NULL, **tail = &items;

	pthread_mutex_lock(&q->lock);
	q->is_closed = true;
	while (q->head) {
		struct queue_item *item = queue_take_locked(q, &q->head);

		*tail = item;
		tail = &item->next;
		if (item->kind != QUEUE_BATCH)
			continue;
		q->dropped_closed++;
		q->items_closed += batch_public(item->batch)->n_items;
	}
	pthread_mutex_unlock(&q->lock);
	for (struct queue_item *i = items; i; i = i->next) {
		if (i->kind == QUEUE_BATCH)
			route_tell_room(i->route);
		if (i->kind == QUEUE_CALL && i->drop)
			i->drop(i->ctx);
	}
	queue_items_done(items);
}

void queue_stats(struct queue *q, struct queue_stats *ret)
{
	pthread_mutex_lock(&q->lock);
	*ret = (struct queue_stats){
		.depth = q->depth,
		.bytes = q->bytes,
		.items = q->items,
		.dropped_full = q->dropped_full,
		.items_full = q->items_full,
		.dropped_closed = q->dropped_closed,
		.items_closed = q->items_closed,
	};
	pthread_mutex_unlock(&q->lock);
}
