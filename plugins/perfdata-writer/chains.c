/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window has far fewer stacks than samples, so each chain is made once per process and window.
 * Where a process has the same piece of a file twice, because it was mapped anew meanwhile, the
 * sample's time decides, and nothing is remembered.
 */
#include "chains.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "reserve.h"

struct chain_slot {
	uint64_t key; /* process and stack; 0: empty */
	struct chain chain;
};

enum { FIRST_SLOTS = 1024 };

void chains_init(struct chains *c)
{
	memset(c, 0, sizeof(*c));
}

void chains_done(struct chains *c)
{
	free(c->places);
	free(c->since_ns);
	free(c->words);
	free(c->slots);
	memset(c, 0, sizeof(*c));
}

/* ---- places ---- */

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	if (x->binary != y->binary)
		return x->binary < y->binary ? -1 : 1;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return x->since_ns < y->since_ns ? -1 : x->since_ns > y->since_ns;
}

/* When each mapping was made, where an event says so. */
static int read_times(struct chains *c)
{
	uint64_t n = hearth_flat_count(c->batch, HEARTH_PROFILE_MAPPINGS);

	if (!reserve(&c->since_ns, &c->since_capacity, n, sizeof(*c->since_ns)))
		return -ENOMEM;
	c->n_mappings = n;
	memset(c->since_ns, 0, n * sizeof(*c->since_ns));
	for (uint64_t i = 0; i < hearth_flat_count(c->batch, HEARTH_PROFILE_EVENTS); i++) {
		struct hearth_process_event e = hearth_profile_event(c->batch, i);

		if (e.kind == HEARTH_EVENT_MMAP && e.mapping < n)
			c->since_ns[e.mapping] = e.time_ns;
	}
	return 0;
}

uint64_t chains_since(const struct chains *c, uint32_t mapping)
{
	return mapping < c->n_mappings ? c->since_ns[mapping] : 0;
}

static int read_places(struct chains *c)
{
	if (!reserve(&c->places, &c->place_capacity, c->n_mappings, sizeof(*c->places)))
		return -ENOMEM;
	c->n_places = 0;
	for (uint64_t i = 1; i < c->n_mappings; i++) {
		struct hearth_mapping m = hearth_profile_mapping(c->batch, i);

		if (m.binary && m.end > m.start)
			c->places[c->n_places++] = (struct place){
				.process = m.process, .binary = m.binary, .vaddr = m.vaddr,
				.vaddr_end = m.vaddr + (m.end - m.start), .start = m.start,
				.since_ns = c->since_ns[i],
			};
	}
	qsort(c->places, c->n_places, sizeof(*c->places), compare_places);
	return 0;
}

/* The first place that is not before (process, binary, address). */
static size_t place_after(const struct chains *c, uint32_t process, uint32_t binary, uint64_t address)
{
	struct place key = { .process = process, .binary = binary, .vaddr = address, .since_ns = UINT64_MAX };
	size_t from = 0, to = c->n_places;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_places(&c->places[middle], &key) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/*
 * The runtime address; false if the process has the binary nowhere. *is_ambiguous is set when that
 * depends on the time.
 */
static bool runtime_address(const struct chains *c, const struct hearth_frame *f, uint32_t process,
			    uint64_t time_ns, uint64_t *ret, bool *is_ambiguous)
{
	const struct place *found = NULL;

	for (size_t i = place_after(c, process, f->binary, f->address); i > 0; i--) {
		const struct place *p = &c->places[i - 1];

		if (p->process != process || p->binary != f->binary || p->vaddr > f->address)
			break;
		if (f->address >= p->vaddr_end)
			continue;
		*is_ambiguous |= found != NULL;
		if (!found || found->since_ns > time_ns)
			found = p;
	}
	if (found)
		*ret = found->start + (f->address - found->vaddr);
	return found;
}

/* ---- chains ---- */

static void put_frame(struct chains *c, struct chain *chain, uint64_t address, bool is_kernel, int *mode)
{
	if (*mode != is_kernel)
		c->words[c->n_words++] = is_kernel ? (uint64_t)PERF_CONTEXT_KERNEL :
						     (uint64_t)PERF_CONTEXT_USER;
	if (*mode < 0)
		chain->is_kernel = is_kernel;
	*mode = is_kernel;
	c->words[c->n_words++] = address;
}

static int make_chain(struct chains *c, const struct hearth_sample *s, uint32_t process,
		      struct chain *ret, bool *is_ambiguous)
{
	struct hearth_stack stack = hearth_profile_stack(c->batch, s->stack);
	int mode = -1;

	*ret = (struct chain){ .first = (uint32_t)c->n_words };
	if (!reserve(&c->words, &c->word_capacity, c->n_words + (size_t)stack.count * 2,
		     sizeof(*c->words)))
		return -ENOMEM;
	for (uint32_t i = 0; i < stack.count; i++) {
		struct hearth_frame f = hearth_profile_frame(
			c->batch, hearth_profile_stack_frame(c->batch, &stack, i));
		bool is_kernel = f.kind == HEARTH_FRAME_KERNEL;
		uint64_t address = f.address;

		if (!is_kernel && !(f.flags & HEARTH_FRAME_RAW) && f.binary &&
		    !runtime_address(c, &f, process, s->time_ns, &address, is_ambiguous))
			address = 0;
		if (address)
			put_frame(c, ret, address, is_kernel, &mode);
		else
			ret->n_lost++;
	}
	ret->n = (uint32_t)c->n_words - ret->first;
	return 0;
}

static struct chain_slot *slot_of(struct chains *c, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ull >> 20) & (c->n_slots - 1);

	while (c->slots[i].key && c->slots[i].key != key)
		i = (i + 1) & (c->n_slots - 1);
	return &c->slots[i];
}

static int grow_slots(struct chains *c)
{
	struct chain_slot *old = c->slots;
	size_t n_old = c->n_slots;
	struct chain_slot *slots = calloc(n_old ? n_old * 2 : FIRST_SLOTS, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	c->slots = slots;
	c->n_slots = n_old ? n_old * 2 : FIRST_SLOTS;
	for (size_t i = 0; i < n_old; i++)
		if (old[i].key)
			*slot_of(c, old[i].key) = old[i];
	free(old);
	return 0;
}

int chains_begin(struct chains *c, const struct hearth_flat *batch)
{
	int r;

	c->batch = batch;
	c->n_words = c->n_chains = 0;
	if (c->slots)
		memset(c->slots, 0, c->n_slots * sizeof(*c->slots));
	r = read_times(c);
	return r < 0 ? r : read_places(c);
}

int chains_of(struct chains *c, const struct hearth_sample *s, uint32_t process, struct chain *ret)
{
	uint64_t key = (uint64_t)process << 32 | s->stack;
	struct chain_slot *slot;
	bool is_ambiguous = false;
	int r;

	if (c->n_chains * 2 >= c->n_slots && grow_slots(c) < 0)
		return -ENOMEM;
	slot = slot_of(c, key);
	if (slot->key && key) {
		*ret = slot->chain;
		return 0;
	}
	r = make_chain(c, s, process, ret, &is_ambiguous);
	if (r < 0 || is_ambiguous || !key)
		return r;
	*slot = (struct chain_slot){ .key = key, .chain = *ret };
	c->n_chains++;
	return 0;
}
