/* SPDX-License-Identifier: Apache-2.0 */
/* What queue.c and route.c share: the byte accounting of a route is done under its queue's lock. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "route/queue.h"
#include "route/route.h"

struct queue {
	atomic_uint refs;
	pthread_mutex_t lock; /* guards everything below, and route.used and route.is_waited_for */
	struct queue_item *head, **tail;
	bool is_closed;
	void (*wake)(void *ctx);
	void *wake_ctx;
	uint64_t depth, bytes, items;
	uint64_t dropped_full, items_full, dropped_closed, items_closed;
};

void queue_append_locked(struct queue *q, struct queue_item *item);
/* Unlinks *at and takes it out of the accounts of queue and route. */
struct queue_item *queue_take_locked(struct queue *q, struct queue_item **at);
void queue_wake(struct queue *q);

/* A batch of this route leaves the queue. */
void route_took_locked(struct route *r, const struct batch *b);
/* Tells an emitter that waits if there is room again. Without the lock. */
void route_tell_room(struct route *r);
