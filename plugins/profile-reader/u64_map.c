/* SPDX-License-Identifier: Apache-2.0 */
/* A removal moves what follows back, so that there are no tombstones to run over. */
#include "u64_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

void u64_map_done(struct u64_map *m)
{
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

static size_t home(const struct u64_map *m, uint64_t key)
{
	key *= 0x9e3779b97f4a7c15ull;
	return (size_t)(key ^ key >> 32) & (m->n_slots - 1);
}

static size_t slot_of(const struct u64_map *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->n_slots - 1);
	return i;
}

void *u64_map_find(const struct u64_map *m, uint64_t key)
{
	return m->n_slots ? m->slots[slot_of(m, key)].value : NULL;
}

static int grow(struct u64_map *m)
{
	struct u64_map more = { .n = m->n, .n_slots = m->n_slots ? m->n_slots * 2 : FIRST_SLOTS };

	more.slots = calloc(more.n_slots, sizeof(*more.slots));
	if (!more.slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].value)
			more.slots[slot_of(&more, m->slots[i].key)] = m->slots[i];
	free(m->slots);
	*m = more;
	return 0;
}

int u64_map_put(struct u64_map *m, uint64_t key, void *value)
{
	size_t i;

	if (m->n >= m->n_slots / 4 * 3 && grow(m) < 0)
		return -ENOMEM;
	i = slot_of(m, key);
	m->n += m->slots[i].value == NULL;
	m->slots[i].key = key;
	m->slots[i].value = value;
	return 0;
}

void u64_map_remove(struct u64_map *m, uint64_t key)
{
	size_t hole, mask = m->n_slots - 1;

	if (!u64_map_find(m, key))
		return;
	hole = slot_of(m, key);
	m->n--;
	m->slots[hole].value = NULL;
	for (size_t i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
		if (((i - home(m, m->slots[i].key)) & mask) < ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		m->slots[i].value = NULL;
		hole = i;
	}
}
