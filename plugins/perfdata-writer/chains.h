/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callchains as perf.data has them: a stack of (binary, ELF address) becomes runtime addresses of
 * the process it was sampled in, with a word before each part that says whose it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/profile.h>

/* Where a process has a piece of a binary. */
struct place {
	uint32_t process, binary;
	uint64_t vaddr, vaddr_end, start;
	uint64_t since_ns;
};

/* A chain in `words`: those of one (process, stack) of the batch. */
struct chain {
	uint32_t first, n;
	uint32_t is_kernel, n_lost; /* what the innermost frame is; frames without an address */
};

struct chains {
	const struct hearth_flat *batch;
	struct place *places;   /* sorted */
	size_t n_places, place_capacity;
	uint64_t *since_ns;     /* of each mapping of the batch */
	size_t n_mappings, since_capacity;
	uint64_t *words;
	size_t n_words, word_capacity;
	struct chain_slot *slots; /* a hash table of what has been made */
	size_t n_slots, n_chains;
};

void chains_init(struct chains *c);
void chains_done(struct chains *c);

/* For the samples of one batch, which is borrowed until the next call. 0 or -ENOMEM. */
int chains_begin(struct chains *c, const struct hearth_flat *batch);

/* When a mapping of the batch was made; 0: before anybody looked. */
uint64_t chains_since(const struct chains *c, uint32_t mapping);

/* The stack of a sample of `process`. 0 or -ENOMEM. */
int chains_of(struct chains *c, const struct hearth_sample *s, uint32_t process, struct chain *ret);
