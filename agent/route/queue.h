/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mailbox of one thread: batches, ends of streams and calls, in the order they came. Pushing
 * is [any thread]; popping belongs to the owner. Batches are bounded per route (route.h); calls
 * are few and always accepted.
 *
 * Reference-counted, because routes to it live in the tables of other threads. Once closed it
 * holds nothing and takes nothing: what is pushed is dropped and counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

struct batch;
struct queue;
struct route;

enum queue_kind {
	QUEUE_BATCH = 1,
	QUEUE_END, /* of the stream of one route */
	QUEUE_CALL,
};

struct queue_item {
	struct queue_item *next;
	enum queue_kind kind;
	struct route *route; /* BATCH, END: a reference */
	struct batch *batch; /* BATCH: a reference */
	void (*fn)(void *ctx);
	void (*drop)(void *ctx); /* CALL that will not be made; may be NULL */
	void *ctx;
};

struct queue_stats {
	uint64_t depth, bytes, items;           /* now; items: samples in the batches */
	uint64_t dropped_full, items_full;      /* batches, and samples in them: no room */
	uint64_t dropped_closed, items_closed;  /* the consumer was gone or stuck */
};

/* wake(ctx) is called after a push, without the lock held. */
int queue_new(void (*wake)(void *ctx), void *ctx, struct queue **ret);
struct queue *queue_ref(struct queue *q);
struct queue *queue_unref(struct queue *q); /* NULL */
DEFINE_CLEANUP(struct queue *, queue_unref)

/* fn(ctx) on the owner's thread, else drop(ctx): one of them exactly once. */
void queue_call(struct queue *q, void (*fn)(void *ctx), void (*drop)(void *ctx), void *ctx);
/* The same, in front of everything that waits. */
void queue_call_first(struct queue *q, void (*fn)(void *ctx), void (*drop)(void *ctx), void *ctx);

/* The oldest item, or NULL; the caller's, until queue_item_done(). */
struct queue_item *queue_pop(struct queue *q);
/* The oldest call, past batches and ends: for an owner who cannot take a batch now. */
struct queue_item *queue_pop_call(struct queue *q);
bool queue_is_empty(struct queue *q);
void queue_item_done(struct queue_item *item);
void queue_items_done(struct queue_item *list);

/* Empties and closes; every batch inside is counted as dropped, every call is dropped. */
void queue_close(struct queue *q);
void queue_stats(struct queue *q, struct queue_stats *ret);
