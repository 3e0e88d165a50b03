/* SPDX-License-Identifier: Apache-2.0 */
/* An edge: see route.h. Bytes are accounted under the lock of the consumer's queue. */
#include "route/route.h"

#include <errno.h>
#include <string.h>

#include "route/batch.h"
#include "route/queue_internal.h"
#include "util/str.h"

struct route {
	atomic_uint refs;
	struct queue *to;
	char *from_name, *to_name, *schemas;
	uint64_t limit;
	bool is_lossless;
	/* under to->lock */
	uint64_t used;
	bool is_waited_for;
	uint64_t batches, items, dropped_batches, dropped_items;
	/* under room_lock */
	pthread_mutex_t room_lock;
	void (*on_room)(void *ctx);
	void *ctx;
};

int route_new(struct queue *to, const struct route_options *options, struct route **ret)
{
	_cleanup_(route_unrefp) struct route *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	atomic_init(&r->refs, 1);
	pthread_mutex_init(&r->room_lock, NULL);
	r->to = queue_ref(to);
	r->from_name = strdup(options->from);
	r->to_name = strdup(options->to);
	r->schemas = strdup(options->schemas);
	r->limit = options->limit_bytes;
	r->is_lossless = options->is_lossless;
	r->on_room = options->on_room;
	r->ctx = options->ctx;
	if (!r->from_name || !r->to_name || !r->schemas)
		return -ENOMEM;
	*ret = TAKE_PTR(r);
	return 0;
}

struct route *route_ref(struct route *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

struct route *route_unref(struct route *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	queue_unref(r->to);
	pthread_mutex_destroy(&r->room_lock);
	free(r->from_name);
	free(r->to_name);
	free(r->schemas);
	free(r);
	return NULL;
}

bool route_carries(const struct route *r, const char *schema)
{
	size_t len = strlen(schema);

	for (const char *s = r->schemas; *s;) {
		size_t n = strcspn(s, " ");

		if (n == len && memcmp(s, schema, n) == 0)
			return true;
		s += n;
		s += strspn(s, " ");
	}
	return false;
}

bool route_is_lossless(const struct route *r)
{
	return r->is_lossless;
}

struct queue *route_target(const struct route *r)
{
	return r->to;
}

void route_detach(struct route *r)
{
	pthread_mutex_lock(&r->room_lock);
	r->on_room = NULL;
	pthread_mutex_unlock(&r->room_lock);
}

static bool fits_locked(const struct route *r, size_t bytes)
{
	return r->used == 0 || (bytes <= r->limit && r->used <= r->limit - bytes);
}

bool route_has_room(struct route *r, size_t bytes)
{
	bool fits;

	pthread_mutex_lock(&r->to->lock);
	fits = r->to->is_closed || fits_locked(r, bytes);
	r->is_waited_for |= !fits;
	pthread_mutex_unlock(&r->to->lock);
	return fits;
}

void route_took(struct route *r, const struct batch *b)
{
	bool is_waited_for;

	pthread_mutex_lock(&r->to->lock);
	r->used -= batch_bytes(b) + 1;
	is_waited_for = r->is_waited_for;
	r->is_waited_for = false;
	pthread_mutex_unlock(&r->to->lock);
	if (!is_waited_for)
		return;
	pthread_mutex_lock(&r->room_lock);
	if (r->on_room)
		r->on_room(r->ctx);
	pthread_mutex_unlock(&r->room_lock);
}

static void count_dropped_locked(struct route *r, const struct batch *b)
{
	r->dropped_batches++;
	r->dropped_items += batch_public(b)->n_items;
}

/* Takes the oldest batch of this route out of the queue, if there is one. */
static struct queue_item *evict_locked(struct route *r)
{
	struct queue *q = r->to;

	for (struct queue_item **p = &q->head; *p; p = &(*p)->next) {
		struct queue_item *item = *p;

		if (item->kind != QUEUE_BATCH || item->route != r)
			continue;
		*p = item->next;
		if (q->tail == &item->next)
			q->tail = p;
		q->depth--;
		q->bytes -= batch_bytes(item->batch);
		q->dropped_full++;
		q->items_full += batch_public(item->batch)->n_items;
		r->used -= batch_bytes(item->batch) + 1;
		count_dropped_locked(r, item->batch);
		return item;
	}
	return NULL;
}

int route_push(struct route *r, struct batch *b)
{
	struct queue *q = r->to;
	struct queue_item *item = calloc(1, sizeof(*item)), *evicted = NULL;
	bool is_closed;

	pthread_mutex_lock(&q->lock);
	is_closed = q->is_closed;
	if (is_closed || !item) {
		uint64_t n_items = batch_public(b)->n_items;

		q->dropped_closed++;
		q->items_closed += n_items;
		count_dropped_locked(r, b);
	} else {
		while (!r->is_lossless && !fits_locked(r, batch_bytes(b))) {
			struct queue_item *old = evict_locked(r);

			if (!old)
				break;
			old->next = evicted;
			evicted = old;
		}
		*item = (struct queue_item){ .kind = QUEUE_BATCH, .route = route_ref(r),
					     .batch = batch_ref(b) };
		queue_append_locked(q, item);
		q->bytes += batch_bytes(b);
		r->used += batch_bytes(b) + 1; /* an empty batch weighs something, too */
		r->batches++;
		r->items += batch_public(b)->n_items;
	}
	pthread_mutex_unlock(&q->lock);

	while (evicted) {
		struct queue_item *next = evicted->next;

		queue_item_done(evicted);
		evicted = next;
	}
	if (!item)
		return -ENOMEM;
	if (is_closed)
		free(item);
	else
		queue_wake(q);
	return 0;
}

void route_end(struct route *r)
{
	struct queue *q = r->to;
	struct queue_item *item = calloc(1, sizeof(*item));
	bool is_closed;

	/* A stream whose end is lost would hang its consumer: better to end with the process. */
	if (!item)
		abort();
	*item = (struct queue_item){ .kind = QUEUE_END, .route = route_ref(r) };
	pthread_mutex_lock(&q->lock);
	is_closed = q->is_closed;
	if (!is_closed)
		queue_append_locked(q, item);
	pthread_mutex_unlock(&q->lock);
	if (is_closed)
		queue_item_done(item);
	else
		queue_wake(q);
}

void route_stats(struct route *r, struct route_stats *ret)
{
	pthread_mutex_lock(&r->to->lock);
	*ret = (struct route_stats){
		.from = r->from_name,
		.to = r->to_name,
		.schemas = r->schemas,
		.is_lossless = r->is_lossless,
		.batches = r->batches,
		.items = r->items,
		.bytes_queued = r->used,
		.dropped_batches = r->dropped_batches,
		.dropped_items = r->dropped_items,
	};
	pthread_mutex_unlock(&r->to->lock);
}
