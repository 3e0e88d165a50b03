/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One edge of the graph: from an emitter to the mailbox of a consumer, bounded in bytes.
 *
 * Live: a batch that does not fit pushes out the oldest ones of this route, counted. Lossless:
 * the emitter asks route_has_room() first, and is woken when there is room again. A batch larger
 * than the bound is taken when the route is empty, or nothing could ever pass.
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
/* Forgets the emitter: on_room is not called any more once this has returned. */
void route_detach(struct route *r);

/* Lossless routes: true if a batch of that size would fit; else notes that the emitter waits. */
bool route_has_room(struct route *r, size_t bytes);
/* Takes a reference of its own. A closed target counts it as dropped. 0 or -ENOMEM (counted). */
int route_push(struct route *r, struct batch *b);
/* End of stream, behind the data. Never refused. */
void route_end(struct route *r);
void route_stats(struct route *r, struct route_stats *ret);
