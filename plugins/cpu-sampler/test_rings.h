/* SPDX-License-Identifier: Apache-2.0 */
/* Rings in plain memory that tests fill as the kernel would. */
#pragma once

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/bpf.h>

#include "event_rings.h"
#include "sample_ring.h"

enum { FAKE_RING_BYTES = 64 * 1024 };

/* ---- process events ---- */

/* A ring that event_rings_done() unmaps and frees. */
static inline struct event_ring *fake_event_ring(uint32_t cpu)
{
	struct event_ring *ring = calloc(1, sizeof(*ring));
	size_t page = 4096;
	uint8_t *map = mmap(NULL, page + FAKE_RING_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert(ring && map != MAP_FAILED);
	ring->page = (struct perf_event_mmap_page *)(void *)map;
	ring->data = map + page;
	ring->size = FAKE_RING_BYTES;
	ring->cpu = cpu;
	ring->fd = -1;
	return ring;
}

struct fake_record {
	uint8_t bytes[8192];
	size_t len;
};

static inline void fake_put(struct fake_record *r, const void *data, size_t n)
{
	memcpy(r->bytes + r->len, data, n);
	r->len += n;
}

static inline void fake_u32(struct fake_record *r, uint32_t v)
{
	fake_put(r, &v, sizeof(v));
}

static inline void fake_u64(struct fake_record *r, uint64_t v)
{
	fake_put(r, &v, sizeof(v));
}

/* With its NUL, padded to 8 bytes. */
static inline void fake_text(struct fake_record *r, const char *s)
{
	static const uint8_t zero[8];

	fake_put(r, s, strlen(s) + 1);
	fake_put(r, zero, (8 - r->len % 8) % 8);
}

static inline void fake_begin(struct fake_record *r, uint32_t type, uint16_t misc)
{
	struct perf_event_header head = { .type = type, .misc = misc };

	r->len = 0;
	fake_put(r, &head, sizeof(head));
}

static inline void fake_end(struct fake_record *r, uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	uint16_t size;

	fake_u32(r, pid);
	fake_u32(r, tid);
	fake_u64(r, time_ns);
	size = (uint16_t)r->len;
	memcpy(r->bytes + offsetof(struct perf_event_header, size), &size, sizeof(size));
}

static inline void fake_write(struct event_ring *ring, const struct fake_record *r)
{
	for (size_t i = 0; i < r->len; i++)
		((uint8_t *)ring->data)[(ring->page->data_head + i) & (ring->size - 1)] =
			r->bytes[i];
	ring->page->data_head += r->len;
}

static inline void fake_task_record(struct fake_record *r, uint32_t type, uint32_t pid,
				    uint32_t parent, uint32_t tid, uint64_t time_ns)
{
	fake_begin(r, type, 0);
	fake_u32(r, pid);
	fake_u32(r, parent);
	fake_u32(r, tid);
	fake_u32(r, parent + 1); /* the thread of the parent that made it */
	fake_u64(r, time_ns);
	fake_end(r, pid, tid, time_ns);
}

static inline void fake_thread_comm_record(struct fake_record *r, uint16_t misc, uint32_t pid,
					   uint32_t tid, const char *comm, uint64_t time_ns)
{
	fake_begin(r, PERF_RECORD_COMM, misc);
	fake_u32(r, pid);
	fake_u32(r, tid);
	fake_text(r, comm);
	fake_end(r, pid, tid, time_ns);
}

static inline void fake_comm_record(struct fake_record *r, uint16_t misc, uint32_t pid,
				    const char *comm, uint64_t time_ns)
{
	fake_thread_comm_record(r, misc, pid, pid, comm, time_ns);
}

static inline void fake_mmap_record(struct fake_record *r, uint32_t pid, uint64_t start,
				    uint64_t len, uint64_t inode, const char *path, uint64_t time_ns)
{
	fake_begin(r, PERF_RECORD_MMAP2, 0);
	fake_u32(r, pid);
	fake_u32(r, pid);
	fake_u64(r, start);
	fake_u64(r, len);
	fake_u64(r, 0x1000); /* file offset */
	fake_u32(r, 8);
	fake_u32(r, 1);
	fake_u64(r, inode);
	fake_u64(r, 0); /* generation */
	fake_u32(r, 5);
	fake_u32(r, 2);
	fake_text(r, path);
	fake_end(r, pid, pid, time_ns);
}

static inline void fake_lost_record(struct fake_record *r, uint64_t lost, uint64_t time_ns)
{
	fake_begin(r, PERF_RECORD_LOST, 0);
	fake_u64(r, 1);
	fake_u64(r, lost);
	fake_end(r, 0, 0, time_ns);
}

/* A user stack behind what the kernel puts in front of it. */
static inline void fake_chain_record(struct fake_record *r, uint32_t pid, uint32_t tid,
				     uint64_t time_ns, const uint64_t *chain, uint64_t n)
{
	uint16_t size;

	fake_begin(r, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
	fake_u32(r, pid);
	fake_u32(r, tid);
	fake_u64(r, time_ns);
	fake_u64(r, n);
	fake_put(r, chain, n * sizeof(*chain));
	size = (uint16_t)r->len;
	memcpy(r->bytes + offsetof(struct perf_event_header, size), &size, sizeof(size));
}

/* ---- samples ---- */

struct fake_samples {
	struct sample_ring ring;
	uint64_t consumer, producer;
	uint8_t data[2 * FAKE_RING_BYTES] __attribute__((aligned(8))); /* twice, as if mapped so */
};

static inline void fake_samples_init(struct fake_samples *s)
{
	memset(s, 0, sizeof(*s));
	s->ring = (struct sample_ring){
		.consumer = &s->consumer, .producer = &s->producer, .data = s->data,
		.size = FAKE_RING_BYTES,
	};
}

static inline void fake_sample(struct fake_samples *s, const struct sample_record *head,
			       const uint64_t *addresses)
{
	uint32_t n = (uint32_t)(head->n_kernel + head->n_user) * 8u;
	uint32_t len[2] = { (uint32_t)sizeof(*head) + n, 0 };
	uint8_t *at = s->data + (s->producer & (FAKE_RING_BYTES - 1));

	assert((s->producer & (FAKE_RING_BYTES - 1)) + 8 + len[0] <= FAKE_RING_BYTES);
	memcpy(at, len, sizeof(len));
	memcpy(at + 8, head, sizeof(*head));
	memcpy(at + 8 + sizeof(*head), addresses, n);
	s->producer += (8u + len[0] + 7u) & ~7u;
}
