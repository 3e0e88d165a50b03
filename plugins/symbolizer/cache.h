/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that were looked up, kept across windows: (handle, address) → lines.
 *
 * Two generations: answers go into the young one, one that is found in the old one moves over.
 * When the young one is full or has aged, it becomes the old one and the old one is freed. So
 * what is sampled again stays, what is not goes, and a name that was missing is asked for again.
 * Answers for kernel modules are not kept: another may take their place. One owner thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/inspect.h>

#include "common/cleanup.h"

#define CACHE_KERNEL 0u /* the handle that stands for the running kernel */

struct cache;

/* Borrowed until the next call that changes the cache. */
struct cache_answer {
	const char *cause, *module; /* NULL: none */
	uint32_t first_line, n_lines;
	const struct cache_generation *generation;
};

int cache_new(size_t limit_bytes, struct cache **ret);
struct cache *cache_free(struct cache *c); /* NULL */
DEFINE_CLEANUP(struct cache *, cache_free)

/* Retires a generation where size or age ask for it. Call it between windows. */
void cache_trim(struct cache *c, uint64_t now_ns);
void cache_set_limit(struct cache *c, size_t limit_bytes);

bool cache_find(struct cache *c, uint64_t handle, uint64_t address, struct cache_answer *ret);
struct hearth_symbol_line cache_line(const struct cache_answer *a, uint32_t i);

/* An answer that does not fit into memory is not kept. */
void cache_put(struct cache *c, uint64_t handle, uint64_t address,
	       const struct hearth_symbol *symbol, const struct hearth_symbol_line *lines);

size_t cache_bytes(const struct cache *c);
