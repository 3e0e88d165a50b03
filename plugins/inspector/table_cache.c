/* SPDX-License-Identifier: Apache-2.0 */
/* A list searched from end to end: the host has at most 1,024 files open, and asks in batches. */
#include "table_cache.h"

#include <errno.h>
#include <stdlib.h>

struct cached {
	uint64_t handle, used;
	struct cached_table table;
};

struct table_cache {
	struct cached *entries;
	size_t n, bytes, max_bytes;
	uint64_t clock;
};

int table_cache_new(size_t max_bytes, struct table_cache **ret)
{
	struct table_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->max_bytes = max_bytes;
	*ret = c;
	return 0;
}

struct table_cache *table_cache_free(struct table_cache *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->n; i++)
		c->entries[i].table.free(c->entries[i].table.table);
	free(c->entries);
	free(c);
	return NULL;
}

size_t table_cache_bytes(const struct table_cache *c)
{
	return c->bytes;
}

void *table_cache_find(struct table_cache *c, uint64_t handle)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->entries[i].handle == handle) {
			c->entries[i].used = ++c->clock;
			return c->entries[i].table.table;
		}
	return NULL;
}

static size_t entry_bytes(const struct cached_table *t)
{
	return sizeof(struct cached) + t->bytes;
}

static void drop(struct table_cache *c, size_t i)
{
	struct cached_table *t = &c->entries[i].table;

	c->bytes -= entry_bytes(t);
	t->free(t->table);
	c->entries[i] = c->entries[--c->n];
}

static void drop_handle(struct table_cache *c, uint64_t handle)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->entries[i].handle == handle) {
			drop(c, i);
			return;
		}
}

static void drop_oldest(struct table_cache *c)
{
	size_t oldest = 0;

	for (size_t i = 1; i < c->n; i++)
		if (c->entries[i].used < c->entries[oldest].used)
			oldest = i;
	drop(c, oldest);
}

int table_cache_put(struct table_cache *c, uint64_t handle, const struct cached_table *t)
{
	struct cached *entries;

	drop_handle(c, handle);
	while (c->n > 0 && c->bytes + entry_bytes(t) > c->max_bytes)
		drop_oldest(c);
	entries = reallocarray(c->entries, c->n + 1, sizeof(*entries));
	if (!entries) {
		t->free(t->table);
		return -ENOMEM;
	}
	c->entries = entries;
	entries[c->n++] = (struct cached){ .handle = handle, .used = ++c->clock, .table = *t };
	c->bytes += entry_bytes(t);
	return 0;
}
