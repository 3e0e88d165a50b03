/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One edge of the graph: from an emitter to the mailbox of a consumer, bounded in bytes.
 *
 * Live: a batch that does not fit pushes out the oldest ones of this route, counted. A batch
 * larger than the bound is taken when the route is empty, or nothing could ever pass. Lossless:
 * the emitter asks route_has_room() first, and is woken when there is room again. There is room
 * while less than the bound waits, whatever the size of the next batch: who was told that it can
 * emit can. So a lossless route holds at most one batch beyond its bound.
 *
 * Reference-counted; [any thread].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "route/queue.h"

struct route_options {
	const char *from, *to; /* instance names, copied */
	const char *schemas;   /* what passes, blank-separated, copied */
	uint64_t limit_bytes;
	bool is_lossless;
	/* Room again after has_room() said no; called on the consumer's thread, [any thread] safe. */
	void (*on_room)(void *ctx);
	void *ctx;
};

struct route_stats {
	const char *from, *to, *schemas;
	bool is_lossless;
	uint64_t batches, items, bytes_queued;
	uint64_t dropped_batches, dropped_items;
};

int route_new(struct queue *to, const struct route_options *options, struct route **ret);
struct route *route_ref(struct route *r);
struct route *route_unref(struct route *r); /* NULL */
DEFINE_CLEANUP(struct route *, route_unref)

bool route_carries(const struct route *r, const char *schema);
bool route_is_lossless(const struct route *r);
struct queue *route_target(const struct route *r);
/* True if route_new(to, options) would make the same. */
bool route_is_like(const struct route *r, const struct queue *to,
		   const struct route_options *options);
/* An emitter has it: from now on that one is who ends its stream. */
void route_attach(struct route *r);
bool route_is_attached(const struct route *r);
/*
 * Forgets the emitter: on_room is called a last time if it waits for this route, and not any more
 * once this has returned.
 */
void route_detach(struct route *r);

/* Lossless routes: true if the next batch would be taken; else notes that the emitter waits. */
bool route_has_room(struct route *r);
/*
 * Takes a reference of its own. A closed target counts it as dropped. What it pushes out is put in
 * front of *evicted, for queue_items_done() once the caller holds no lock: that calls plugins. 0 or
 * -ENOMEM (counted).
 */
int route_push(struct route *r, struct batch *b, struct queue_item **evicted);
/* End of stream, behind the data. Never refused. */
void route_end(struct route *r);
void route_stats(struct route *r, struct route_stats *ret);
