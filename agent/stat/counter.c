/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table that only grows: a slot, once filled, stays as it is for ever, so readers need no
 * lock; filling one takes the lock. Counting happens on every batch, naming a few dozen times.
 */
#include "stat/counter.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "util/str.h"
#include "util/sys.h"

#define COUNTERS_MAX (256 + 1) /* and "other" */
#define COUNTERS_SLOTS 512 /* half empty, so that a probe ends */

struct counter {
	_Atomic uint64_t value;
	char name[];
};

struct counters {
	_Atomic(struct counter *) slots[COUNTERS_SLOTS];
	pthread_mutex_t lock; /* for filling a slot */
	size_t n;
	struct counter *other; /* also in its slot; made first, so that it cannot be missing */
};

/* FNV-1a. */
static size_t name_hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % COUNTERS_SLOTS;
}

/* The counter, or NULL and the free slot where it would be. */
static struct counter *counters_find(const struct counters *c, const char *name, size_t *ret_slot)
{
	for (size_t slot = name_hash(name);; slot = (slot + 1) % COUNTERS_SLOTS) {
		struct counter *found = atomic_load_explicit(&c->slots[slot], memory_order_acquire);

		if (found && !str_equal(found->name, name))
			continue;
		*ret_slot = slot;
		return found;
	}
}

static struct counter *counters_insert(struct counters *c, const char *name)
{
	size_t length = strlen(name), slot;
	struct counter *made, *found = counters_find(c, name, &slot);

	if (found || c->n >= COUNTERS_MAX)
		return found;
	made = sys_alloc(1, sizeof(*made) + length + 1);
	if (!made)
		return NULL;
	memcpy(made->name, name, length);
	atomic_store_explicit(&c->slots[slot], made, memory_order_release);
	c->n++;
	return made;
}

int counters_new(struct counters **ret)
{
	_cleanup_(counters_freep) struct counters *c = sys_alloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	c->other = counters_insert(c, "other");
	if (!c->other)
		return -ENOMEM;
	*ret = TAKE_PTR(c);
	return 0;
}

struct counters *counters_free(struct counters *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < COUNTERS_SLOTS; i++)
		free(atomic_load_explicit(&c->slots[i], memory_order_relaxed));
	pthread_mutex_destroy(&c->lock);
	free(c);
	return NULL;
}

void counters_add(struct counters *c, const char *name, uint64_t add)
{
	size_t slot;
	struct counter *found = counters_find(c, name, &slot);

	if (!found) {
		pthread_mutex_lock(&c->lock);
		found = counters_insert(c, name);
		pthread_mutex_unlock(&c->lock);
	}
	if (!found)
		found = c->other;
	atomic_fetch_add_explicit(&found->value, add, memory_order_relaxed);
}

uint64_t counters_value(const struct counters *c, const char *name)
{
	size_t slot;
	struct counter *found = counters_find(c, name, &slot);

	return found ? atomic_load_explicit(&found->value, memory_order_relaxed) : 0;
}

static int counter_compare(const void *a, const void *b)
{
	return strcmp((*(struct counter *const *)a)->name, (*(struct counter *const *)b)->name);
}

/* "other" exists from the start; unused, it is nobody's business. */
static bool is_shown(const struct counters *c, struct counter *counter)
{
	return counter && (counter != c->other || atomic_load(&counter->value) > 0);
}

void counters_each(const struct counters *c, void (*fn)(void *ctx, const char *name, uint64_t value),
		   void *ctx)
{
	struct counter *sorted[COUNTERS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < COUNTERS_SLOTS && n < COUNTERS_MAX; i++) {
		struct counter *counter = atomic_load_explicit(&c->slots[i], memory_order_acquire);

		if (is_shown(c, counter))
			sorted[n++] = counter;
	}
	qsort(sorted, n, sizeof(*sorted), counter_compare);
	for (size_t i = 0; i < n; i++)
		fn(ctx, sorted[i]->name, atomic_load_explicit(&sorted[i]->value,
							      memory_order_relaxed));
}
