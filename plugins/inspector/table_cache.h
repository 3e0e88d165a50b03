/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of names by handle, of whatever kind, the least recently used dropped beyond a number of
 * bytes. A dropped one is built again when its file is asked for; only time is lost.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table_cache;

/* A table as the cache holds it. */
struct cached_table {
	void *table;
	size_t bytes;
	void (*free)(void *table);
};

int table_cache_new(size_t max_bytes, struct table_cache **ret);
struct table_cache *table_cache_free(struct table_cache *c); /* NULL */

/* The table, or NULL. Borrowed until the next table_cache_put. */
void *table_cache_find(struct table_cache *c, uint64_t handle);

/*
 * Takes t, also on error, in place of what the handle had. What is put last stays until the next
 * put, however large it is.
 */
int table_cache_put(struct table_cache *c, uint64_t handle, const struct cached_table *t);

size_t table_cache_bytes(const struct table_cache *c);
