/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the inspector that have no answer yet. An answer names the frames of its window
 * and fills the cache; one that comes after its window has gone only fills the cache.
 * [instance thread]
 */
#pragma once

#include <hearth/inspect.h>

#include "cache.h"
#include "window.h"

struct request;

struct requests {
	const struct hearth_host *host;
	const struct hearth_inspect *inspect; /* NULL: this host runs no helpers */
	struct cache *cache;
	struct request *head;
	void (*on_complete)(void *ctx, struct window *w); /* the last answer of a window is there */
	void *ctx;
};

/*
 * Asks for everything that the window wants and counts it in w->n_open; answers may come before
 * the call returns, so the caller holds one of n_open meanwhile. What the inspector refuses
 * stays unnamed and is counted ("requests_refused").
 */
void requests_ask(struct requests *r, struct window *w);
/* The window goes out without the answers that are missing. */
void requests_abandon(struct requests *r, const struct window *w);
/* Forgets all; no answer comes any more. */
void requests_done(struct requests *r);
