/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lossless routes are asked before anything is delivered, so -EAGAIN has no trace. Batches are made
 * and let go outside the lock: both may call a plugin, which may be waiting for it.
 */
#include "route/emitter.h"

#include <errno.h>
#include <pthread.h>

#include "route/batch.h"
#include "util/sys.h"

struct emitter {
	pthread_mutex_t lock; /* guards everything below */
	struct route **routes;
	size_t n_routes;
	uint64_t sequence;
	bool is_closed;
	const char *instance, *run;
	emitter_tap_fn tap;
	void *tap_ctx;
};

int emitter_new(const char *instance, const char *run, emitter_tap_fn tap, void *ctx,
		struct emitter **ret)
{
	struct emitter *e = sys_alloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	pthread_mutex_init(&e->lock, NULL);
	e->instance = instance;
	e->run = run;
	e->tap = tap;
	e->tap_ctx = ctx;
	*ret = e;
	return 0;
}

static void routes_free(struct route **routes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		route_unref(routes[i]);
	free(routes);
}

struct emitter *emitter_free(struct emitter *e)
{
	if (!e)
		return NULL;
	emitter_close(e);
	for (size_t i = 0; i < e->n_routes; i++)
		route_detach(e->routes[i]);
	routes_free(e->routes, e->n_routes);
	pthread_mutex_destroy(&e->lock);
	free(e);
	return NULL;
}

/* Asks them all, so that each that is full will tell when it is not. */
static bool has_room_locked(struct emitter *e, const char *schema)
{
	bool has_room = true;

	for (size_t i = 0; i < e->n_routes; i++)
		if (route_is_lossless(e->routes[i]) &&
		    (!schema || route_carries(e->routes[i], schema)) && !route_has_room(e->routes[i]))
			has_room = false;
	return has_room;
}

static int deliver_locked(struct emitter *e, struct batch *b, struct queue_item **evicted)
{
	const char *schema = batch_public(b)->schema;

	if (e->is_closed)
		return -EPIPE;
	if (!has_room_locked(e, schema))
		return -EAGAIN;
	batch_set_sequence(b, e->sequence++);
	for (size_t i = 0; i < e->n_routes; i++)
		if (route_carries(e->routes[i], schema))
			(void)route_push(e->routes[i], b, evicted);
	return 0;
}

int emitter_emit(struct emitter *e, const struct hearth_emission *emission)
{
	_cleanup_(batch_unrefp) struct batch *b = NULL;
	struct queue_item *evicted = NULL;
	int r = batch_new(emission, e->instance, e->run, &b);

	if (r < 0)
		return r;
	pthread_mutex_lock(&e->lock);
	r = deliver_locked(e, b, &evicted);
	pthread_mutex_unlock(&e->lock);
	queue_items_done(evicted);
	if (r == 0 && e->tap)
		e->tap(e->tap_ctx, b);
	return r;
}

bool emitter_is_writable(struct emitter *e)
{
	bool is_writable;

	pthread_mutex_lock(&e->lock);
	is_writable = has_room_locked(e, NULL);
	pthread_mutex_unlock(&e->lock);
	return is_writable;
}

static bool contains(struct route *const *routes, size_t n, const struct route *r)
{
	for (size_t i = 0; i < n; i++)
		if (routes[i] == r)
			return true;
	return false;
}

void emitter_swap(struct emitter *e, struct route **routes, size_t n)
{
	struct route **old;
	size_t n_old;
	bool is_closed;

	for (size_t i = 0; i < n; i++)
		route_attach(routes[i]);
	pthread_mutex_lock(&e->lock);
	old = e->routes;
	n_old = e->n_routes;
	e->routes = routes;
	e->n_routes = n;
	is_closed = e->is_closed;
	for (size_t i = 0; i < n_old && !is_closed; i++)
		if (!contains(routes, n, old[i]))
			route_end(old[i]);
	for (size_t i = 0; i < n && is_closed; i++)
		if (!contains(old, n_old, routes[i]))
			route_end(routes[i]);
	pthread_mutex_unlock(&e->lock);
	for (size_t i = 0; i < n_old; i++)
		if (!contains(routes, n, old[i]))
			route_detach(old[i]);
	routes_free(old, n_old);
}

static struct route *take_route_to(struct emitter *e, const struct queue *to)
{
	struct route *found = NULL;

	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->n_routes && !found; i++) {
		if (route_target(e->routes[i]) != to)
			continue;
		found = e->routes[i];
		e->routes[i] = e->routes[--e->n_routes];
	}
	pthread_mutex_unlock(&e->lock);
	return found;
}

void emitter_drop_target(struct emitter *e, const struct queue *to)
{
	struct route *r;

	while ((r = take_route_to(e, to))) {
		route_detach(r);
		route_unref(r);
	}
}

void emitter_close(struct emitter *e)
{
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->n_routes && !e->is_closed; i++)
		route_end(e->routes[i]);
	e->is_closed = true;
	pthread_mutex_unlock(&e->lock);
}

struct route *emitter_find_route(struct emitter *e, const struct queue *to,
				 const struct route_options *options)
{
	struct route *found = NULL;

	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->n_routes && !found; i++)
		if (route_is_like(e->routes[i], to, options))
			found = route_ref(e->routes[i]);
	pthread_mutex_unlock(&e->lock);
	return found;
}

uint64_t emitter_sequence(struct emitter *e)
{
	uint64_t sequence;

	pthread_mutex_lock(&e->lock);
	sequence = e->sequence;
	pthread_mutex_unlock(&e->lock);
	return sequence;
}

void emitter_each_route(struct emitter *e, void (*fn)(void *ctx, struct route *r), void *ctx)
{
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->n_routes; i++)
		fn(ctx, e->routes[i]);
	pthread_mutex_unlock(&e->lock);
}
