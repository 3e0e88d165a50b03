/* SPDX-License-Identifier: Apache-2.0 */
/* Compared word by word, not by hash alone: a chain that is another's would be a false profile. */
#include "perf_chains.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 4096, FIRST_WORDS = 65536 };

void perf_chains_done(struct perf_chains *c)
{
	free(c->slots);
	free(c->words);
	memset(c, 0, sizeof(*c));
}

void perf_chains_reset(struct perf_chains *c)
{
	if (c->n)
		memset(c->slots, 0, c->n_slots * sizeof(*c->slots));
	c->n = c->n_words = 0;
}

static uint64_t hash_chain(uint64_t epoch, const uint8_t *chain, uint32_t n)
{
	uint64_t h = epoch * 0x9e3779b97f4a7c15ull + n;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t w;

		memcpy(&w, chain + (size_t)i * sizeof(w), sizeof(w));
		h = (h ^ w) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h;
}

static int grow(struct perf_chains *c)
{
	size_t n = c->n_slots ? c->n_slots * 2 : FIRST_SLOTS;
	struct perf_chain_slot *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < c->n_slots; i++) {
		size_t at = c->slots[i].hash & (n - 1);

		if (!c->slots[i].is_used)
			continue;
		while (slots[at].is_used)
			at = (at + 1) & (n - 1);
		slots[at] = c->slots[i];
	}
	free(c->slots);
	c->slots = slots;
	c->n_slots = n;
	return 0;
}

static int reserve_words(struct perf_chains *c, uint32_t n)
{
	size_t more = c->word_capacity ? c->word_capacity : FIRST_WORDS;
	uint64_t *words;

	if (c->n_words + n <= c->word_capacity)
		return 0;
	while (more < c->n_words + n)
		more *= 2;
	words = more > UINT32_MAX ? NULL : realloc(c->words, more * sizeof(*words));
	if (!words)
		return -1;
	c->words = words;
	c->word_capacity = more;
	return 0;
}

struct perf_chain_slot *perf_chains_slot(struct perf_chains *c, uint64_t epoch, const uint8_t *chain,
					 uint32_t n)
{
	uint64_t hash = hash_chain(epoch, chain, n);
	struct perf_chain_slot *s;
	size_t i;

	if ((c->n >= c->n_slots / 4 * 3 && grow(c) < 0) || reserve_words(c, n) < 0)
		return NULL;
	for (i = hash & (c->n_slots - 1); c->slots[i].is_used; i = (i + 1) & (c->n_slots - 1)) {
		s = &c->slots[i];
		if (s->hash == hash && s->epoch == epoch && s->n == n &&
		    memcmp(c->words + s->at, chain, (size_t)n * sizeof(*c->words)) == 0)
			return s;
	}
	s = &c->slots[i];
	*s = (struct perf_chain_slot){ .hash = hash, .epoch = epoch, .at = (uint32_t)c->n_words, .n = n };
	memcpy(c->words + c->n_words, chain, (size_t)n * sizeof(*c->words));
	return s;
}

void perf_chains_keep(struct perf_chains *c, struct perf_chain_slot *slot, uint32_t stack)
{
	slot->stack = stack;
	slot->is_used = 1;
	c->n_words += slot->n;
	c->n++;
}
