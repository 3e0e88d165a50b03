/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbol tables by handle, the least recently used dropped beyond a number of bytes. A dropped
 * one is built again when its file is asked for; only time is lost.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "symbol_table.h"

struct table_cache;

int table_cache_new(size_t max_bytes, struct table_cache **ret);
struct table_cache *table_cache_free(struct table_cache *c); /* NULL */

/* The table, or NULL. Borrowed until the next table_cache_put. */
const struct symbol_table *table_cache_find(struct table_cache *c, uint64_t handle);

/* Takes t, also on error. What is put last stays until the next put, however large it is. */
int table_cache_put(struct table_cache *c, uint64_t handle, struct symbol_table *t);

size_t table_cache_bytes(const struct table_cache *c);
