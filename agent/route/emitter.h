/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outgoing side of an instance: numbers its batches and hands each to every route that
 * carries its schema. A table swap, an emit and a close exclude each other, so that a batch goes
 * either by the old table or by the new one, whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "route/route.h"

struct batch;
struct emitter;

/* Sees every batch that goes out, on the emitting thread; must not block. */
typedef void (*emitter_tap_fn)(void *ctx, struct batch *b);

/* The names are borrowed for the emitter's life. tap may be NULL. */
int emitter_new(const char *instance, const char *run, emitter_tap_fn tap, void *ctx,
		struct emitter **ret);
/* Ends the streams of its routes if emitter_close() has not. NULL */
struct emitter *emitter_free(struct emitter *e);
DEFINE_CLEANUP(struct emitter *, emitter_free)

/* Takes the segments. Answers as hearth_host.emit; -EPIPE once closed. [any thread] */
int emitter_emit(struct emitter *e, const struct hearth_emission *emission);
/* False if a lossless route is full: then its on_room will be called. [any thread] */
bool emitter_is_writable(struct emitter *e);

/*
 * Replaces the routes: takes references from the caller. A route that is not in the new table
 * gets its end of stream. On a closed emitter every new route ends at once.
 */
void emitter_swap(struct emitter *e, struct route **routes, size_t n);
/* Takes out the routes to one consumer, without an end of stream: it is stuck. Who waits for one
   of them is woken. */
void emitter_drop_target(struct emitter *e, const struct queue *to);
/* End of stream on every route; later emits answer -EPIPE. */
void emitter_close(struct emitter *e);

/* The route that is like one made of these (route_is_like), a new reference, or NULL. */
struct route *emitter_find_route(struct emitter *e, const struct queue *to,
				 const struct route_options *options);
uint64_t emitter_sequence(struct emitter *e);
/* fn for every route; the route is valid during the call. */
void emitter_each_route(struct emitter *e, void (*fn)(void *ctx, struct route *r), void *ctx);
