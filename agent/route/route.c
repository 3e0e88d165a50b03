/* SPDX-License-Identifier: Apache-2.0 */
/* An edge: see route.h. Bytes are accounted under the lock of the consumer's queue. */
#include "route/route.h"

#include <errno.h>
#include <string.h>

#include "route/batch.h"
#include "route/queue_internal.h"
#include "util/str.h"
#include "util/sys.h"

struct route {
	atomic_uint refs;
	atomic_bool is_attached;
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
	_cleanup_(route_unrefp) struct route *r = sys_alloc(1, sizeof(*r));

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

bool route_is_like(const struct route *r, const struct queue *to,
		   const struct route_options *options)
{
	return r->to == to && r->is_lossless == options->is_lossless &&
	       r->limit == options->limit_bytes && str_equal(r->schemas, options->schemas);
}

void route_attach(struct route *r)
{
	r->is_attached = true;
}

bool route_is_attached(const struct route *r)
{
	return r->is_attached;
}

static bool fits_locked(const struct route *r, size_t bytes)
{
	return r->used == 0 || (bytes <= r->limit && r->used <= r->limit - bytes);
}

static bool has_room_locked(const struct route *r)
{
	return r->used == 0 || r->used < r->limit;
}

bool route_has_room(struct route *r)
{
	bool has_room;

	pthread_mutex_lock(&r->to->lock);
	has_room = r->to->is_closed || has_room_locked(r);
	r->is_waited_for |= !has_room;
	pthread_mutex_unlock(&r->to->lock);
	return has_room;
}

void route_took_locked(struct route *r, const struct batch *b)
{
	r->used -= batch_bytes(b) + 1;
}

/* True once for each time that the emitter was told to wait. */
static bool take_waiter(struct route *r, bool is_final)
{
	bool is_waited_for;

	pthread_mutex_lock(&r->to->lock);
	is_waited_for = r->is_waited_for && (is_final || has_room_locked(r));
	if (is_waited_for)
		r->is_waited_for = false;
	pthread_mutex_unlock(&r->to->lock);
	return is_waited_for;
}

void route_tell_room(struct route *r)
{
	if (!take_waiter(r, false))
		return;
	pthread_mutex_lock(&r->room_lock);
	if (r->on_room)
		r->on_room(r->ctx);
	pthread_mutex_unlock(&r->room_lock);
}

void route_detach(struct route *r)
{
	bool is_waited_for = take_waiter(r, true);

	pthread_mutex_lock(&r->room_lock);
	if (is_waited_for && r->on_room)
		r->on_room(r->ctx);
	r->on_room = NULL;
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
	struct queue_item **at = &q->head, *item;

	while (*at && ((*at)->kind != QUEUE_BATCH || (*at)->route != r))
		at = &(*at)->next;
	if (!*at)
		return NULL;
	item = queue_take_locked(q, at);
	q->dropped_full++;
	q->items_full += batch_public(item->batch)->n_items;
	count_dropped_locked(r, item->batch);
	return item;
}

static void make_room_locked(struct route *r, size_t bytes, struct queue_item **evicted)
{
	while (!fits_locked(r, bytes)) {
		struct queue_item *old = evict_locked(r);

		if (!old)
			return;
		old->next = *evicted;
		*evicted = old;
	}
}

static void append_locked(struct route *r, struct queue_item *item)
{
	r->used += batch_bytes(item->batch) + 1; /* an empty batch weighs something, too */
	r->batches++;
	r->items += batch_public(item->batch)->n_items;
	queue_append_locked(r->to, item);
}

static void refuse_locked(struct route *r, const struct batch *b)
{
	r->to->dropped_closed++;
	r->to->items_closed += batch_public(b)->n_items;
	count_dropped_locked(r, b);
}

int route_push(struct route *r, struct batch *b, struct queue_item **evicted)
{
	struct queue *q = r->to;
	struct queue_item *item = sys_alloc(1, sizeof(*item));
	bool is_refused;

	if (item)
		*item = (struct queue_item){ .kind = QUEUE_BATCH, .route = route_ref(r),
					     .batch = batch_ref(b) };
	pthread_mutex_lock(&q->lock);
	is_refused = !item || q->is_closed;
	if (is_refused) {
		refuse_locked(r, b);
	} else {
		if (!r->is_lossless)
			make_room_locked(r, batch_bytes(b), evicted);
		append_locked(r, item);
	}
	pthread_mutex_unlock(&q->lock);
	if (!is_refused)
		queue_wake(q);
	else if (item)
		queue_item_done(item); /* the caller holds a reference: nothing is released here */
	return item ? 0 : -ENOMEM;
}

void route_end(struct route *r)
{
	struct queue *q = r->to;
	struct queue_item *item = sys_alloc(1, sizeof(*item));
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
