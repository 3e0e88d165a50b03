/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of route/ share: memory that knows how often it was released, and batches of it. */
#pragma once

#include "unit/util/fixture.h"

#include <stdatomic.h>

#include "route/batch.h"
#include "route/queue.h"
#include "route/route.h"
#include "util/str.h"

#define TEST_SCHEMA "hearth.profile/1"

/* A segment of an emitter; atomic, because whoever lets go last releases it. */
struct test_memory {
	char bytes[1024];
	atomic_int n_released;
};

static inline void test_release(void *ctx)
{
	atomic_fetch_add(&((struct test_memory *)ctx)->n_released, 1);
}

static inline struct hearth_segment test_segment(struct test_memory *m, uint64_t len)
{
	return (struct hearth_segment){ m->bytes, len, test_release, m };
}

static inline struct hearth_emission test_emission(const struct hearth_segment *segments, uint32_t n)
{
	return (struct hearth_emission){
		.size = sizeof(struct hearth_emission),
		.schema = TEST_SCHEMA,
		.segments = segments,
		.n_segments = n,
		.segment_stride = sizeof(*segments),
		.n_items = 1,
	};
}

/* A batch of `bytes` that counts for n_items. */
static inline struct batch *test_batch(uint64_t bytes, uint64_t n_items)
{
	static const char zeros[4096];
	const struct hearth_segment s = { zeros, bytes, NULL, NULL };
	struct hearth_emission e = test_emission(&s, 1);
	struct batch *b = NULL;

	e.n_items = n_items;
	assert_int_equal(batch_new(&e, "from", "", &b), 0);
	return b;
}

static inline struct queue *test_queue(void)
{
	struct queue *q = NULL;

	assert_int_equal(queue_new(NULL, NULL, &q), 0);
	return q;
}

/* Routes hold their queue, and what is in a queue holds its route: closing cuts the knot. */
static inline void test_queue_free(struct queue *q)
{
	queue_close(q);
	queue_unref(q);
}

static inline struct route *test_route_of(struct queue *q, struct route_options options)
{
	struct route *r = NULL;

	options.from = options.from ? options.from : "from";
	options.to = options.to ? options.to : "to";
	options.schemas = options.schemas ? options.schemas : TEST_SCHEMA;
	options.limit_bytes = options.limit_bytes ? options.limit_bytes : 1 << 20;
	assert_int_equal(route_new(q, &options, &r), 0);
	return r;
}

#define test_route(q, ...) test_route_of(q, (struct route_options){ __VA_ARGS__ })

/* Pushes a batch of its own and forgets it, as an emitter does. */
static inline void test_push(struct route *r, uint64_t bytes, uint64_t n_items)
{
	struct batch *b = test_batch(bytes, n_items);
	struct queue_item *evicted = NULL;

	assert_int_equal(route_push(r, b, &evicted), 0);
	batch_unref(b);
	queue_items_done(evicted);
}

/* The items of the oldest batch; 0: the mailbox is empty, or its oldest is no batch. */
static inline uint64_t test_pop_items(struct queue *q)
{
	struct queue_item *item = queue_pop(q);
	uint64_t n = item && item->kind == QUEUE_BATCH ? batch_public(item->batch)->n_items : 0;

	if (item)
		queue_item_done(item);
	return n;
}
