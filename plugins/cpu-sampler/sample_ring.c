/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbpf's own reader consumes what it has shown; ours looks at the oldest record and leaves it
 * there. Layout: Documentation/bpf/ringbuf.rst and kernel/bpf/ringbuf.c.
 */
#include "sample_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "common/cleanup.h"

int sample_ring_map(struct sample_ring *r, int map_fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *rw, *ro;

	rw = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (rw == MAP_FAILED)
		return -errno;
	ro = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, map_fd, (off_t)page);
	if (ro == MAP_FAILED) {
		int error = errno;

		munmap(rw, page);
		return -error;
	}
	*r = (struct sample_ring){
		.consumer = rw, .producer = ro, .data = (const uint8_t *)ro + page, .size = size,
		.map_rw = rw, .map_ro = ro,
	};
	return 0;
}

void sample_ring_unmap(struct sample_ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (r->map_rw)
		munmap(r->map_rw, page);
	if (r->map_ro)
		munmap(r->map_ro, page + 2 * r->size);
	memset(r, 0, sizeof(*r));
}

static uint64_t record_bytes(uint32_t len)
{
	len &= ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	return ((uint64_t)len + BPF_RINGBUF_HDR_SZ + 7) & ~(uint64_t)7;
}

static bool record_is_sample(const struct sample_record *s, uint32_t len)
{
	return !(len & BPF_RINGBUF_DISCARD_BIT) && len >= sizeof(*s) &&
	       len >= sizeof(*s) + ((size_t)s->n_kernel + s->n_user) * sizeof(uint64_t);
}

/* The length word of the oldest record; NULL: none is complete. */
static const uint32_t *ring_head(const struct sample_ring *r, uint32_t *ret_len)
{
	uint64_t at = *r->consumer;
	const uint32_t *head;

	if (at >= __atomic_load_n(r->producer, __ATOMIC_ACQUIRE))
		return NULL;
	head = (const uint32_t *)(const void *)(r->data + (at & (r->size - 1)));
	*ret_len = __atomic_load_n(head, __ATOMIC_ACQUIRE);
	return *ret_len & BPF_RINGBUF_BUSY_BIT ? NULL : head;
}

const struct sample_record *sample_ring_peek(struct sample_ring *r)
{
	const struct sample_record *s;
	const uint32_t *head;
	uint32_t len;

	while ((head = ring_head(r, &len))) {
		s = (const struct sample_record *)(const void *)
			((const uint8_t *)head + BPF_RINGBUF_HDR_SZ);
		if (record_is_sample(s, len))
			return s;
		r->malformed += !(len & BPF_RINGBUF_DISCARD_BIT);
		sample_ring_pop(r);
	}
	return NULL;
}

void sample_ring_pop(struct sample_ring *r)
{
	uint32_t len;

	if (ring_head(r, &len))
		__atomic_store_n(r->consumer, *r->consumer + record_bytes(len), __ATOMIC_RELEASE);
}

size_t sample_ring_fill(const struct sample_ring *r)
{
	return (size_t)(__atomic_load_n(r->producer, __ATOMIC_ACQUIRE) - *r->consumer);
}
