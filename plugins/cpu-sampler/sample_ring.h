/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the BPF ring buffer in place. Samples stay in the ring until they are old enough to be
 * attributed, so holding them back costs no second copy and the only place where a sample can be
 * lost is the ring itself, where the BPF program counts it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample_record.h"

struct sample_ring {
	uint64_t *consumer;       /* ours to write */
	const uint64_t *producer; /* the kernel's */
	const uint8_t *data;      /* mapped twice in a row: a record never wraps */
	size_t size;              /* power of two */
	uint64_t malformed;       /* records that did not parse: a bug, counted all the same */
	void *map_rw, *map_ro;    /* NULL in tests */
};

/* Maps the ring of a BPF map of `size` bytes. 0 or -errno. */
int sample_ring_map(struct sample_ring *r, int map_fd, size_t size);
void sample_ring_unmap(struct sample_ring *r);

/* The oldest sample, borrowed until the pop; NULL: none. */
const struct sample_record *sample_ring_peek(struct sample_ring *r);
void sample_ring_pop(struct sample_ring *r);

size_t sample_ring_fill(const struct sample_ring *r);

static inline const uint64_t *sample_addresses(const struct sample_record *s)
{
	return (const uint64_t *)(const void *)(s + 1);
}
