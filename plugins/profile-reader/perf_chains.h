/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which row of STACKS a recorded call chain has become: of a million samples most have the chain of
 * another, and then nothing of it need be looked at again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct perf_chain_slot {
	uint64_t hash, epoch;
	uint32_t at, n;    /* in words */
	uint32_t stack;
	uint32_t is_used;
};

struct perf_chains {
	struct perf_chain_slot *slots;
	size_t n, n_slots;
	uint64_t *words;   /* the chains themselves */
	size_t n_words, word_capacity;
};

void perf_chains_done(struct perf_chains *c);
void perf_chains_reset(struct perf_chains *c); /* empty, the memory kept */

/*
 * The slot of a chain of n words of a process as it is in `epoch`: is_used 0 if it is new, and then
 * the caller sets `stack`. NULL: no memory.
 */
struct perf_chain_slot *perf_chains_slot(struct perf_chains *c, uint64_t epoch, const uint8_t *chain,
					 uint32_t n);

/* A new slot has been filled in. Borrowed slots are invalid afterwards. */
void perf_chains_keep(struct perf_chains *c, struct perf_chain_slot *slot, uint32_t stack);
