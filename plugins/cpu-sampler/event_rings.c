/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample can be named only by the mappings that existed when it was taken. So events are not
 * applied as they arrive but merged with the samples by time, and wait in their rings until then.
 */
#include "event_rings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"

static struct event_ring *ring_free(struct event_ring *ring)
{
	if (ring->page)
		munmap(ring->page, ring->size + (size_t)sysconf(_SC_PAGESIZE));
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring);
	return NULL;
}

DEFINE_CLEANUP(struct event_ring *, ring_free)

struct perf_event_attr event_rings_attr(void)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(struct perf_event_attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_RECORDS_SAMPLE_TYPE,
		.sample_id_all = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.mmap = 1,
		.mmap2 = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1, /* and none given: half of the ring */
	};
}

static int open_dummy(uint32_t cpu)
{
	struct perf_event_attr attr = event_rings_attr();
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int event_rings_add(struct event_rings *r, struct event_ring *ring)
{
	struct event_ring **rings = realloc(r->rings, (r->n_rings + 1) * sizeof(*rings));

	if (!rings)
		return -ENOMEM;
	r->rings = rings;
	r->rings[r->n_rings++] = ring;
	return 0;
}

int event_rings_map_cpu(struct event_rings *r, uint32_t cpu, int fd, size_t bytes)
{
	_cleanup_(ring_freep) struct event_ring *ring = calloc(1, sizeof(*ring));
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map;
	int n;

	if (!ring)
		return -ENOMEM;
	ring->cpu = cpu;
	ring->size = bytes;
	ring->fd = -1;
	map = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->page = map;
	ring->data = (const uint8_t *)map + page;
	n = event_rings_add(r, ring);
	if (n < 0)
		return n;
	TAKE_PTR(ring)->fd = fd;
	return 0;
}

int event_rings_open_cpu(struct event_rings *r, uint32_t cpu, size_t bytes, int *ret_fd)
{
	_cleanup_close_ int fd = open_dummy(cpu);
	int n;

	if (fd < 0)
		return fd;
	n = event_rings_map_cpu(r, cpu, fd, bytes);
	if (n < 0)
		return n;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static struct event_ring **find_cpu(const struct event_rings *r, uint32_t cpu)
{
	for (size_t i = 0; i < r->n_rings; i++)
		if (r->rings[i]->cpu == cpu)
			return &r->rings[i];
	return NULL;
}

bool event_rings_has_cpu(const struct event_rings *r, uint32_t cpu)
{
	return find_cpu(r, cpu) != NULL;
}

void event_rings_close_cpu(struct event_rings *r, uint32_t cpu)
{
	struct event_ring **slot = find_cpu(r, cpu);

	if (!slot)
		return;
	ring_free(*slot);
	*slot = r->rings[--r->n_rings];
}

void event_rings_done(struct event_rings *r)
{
	for (size_t i = 0; i < r->n_rings; i++)
		ring_free(r->rings[i]);
	free(r->rings);
	memset(r, 0, sizeof(*r));
}

/* The record at position `at` in one piece, in the ring or copied to `copy`; NULL: malformed. */
static const uint8_t *record_at(const struct event_ring *ring, uint64_t at, uint64_t end,
				uint8_t *copy, uint32_t *ret_bytes)
{
	size_t offset = at & (ring->size - 1), first = ring->size - offset;
	struct perf_event_header head;

	/* Records are multiples of 8 bytes, so a header never wraps. */
	memcpy(&head, ring->data + offset, sizeof(head));
	if (head.size < sizeof(head) || head.size % 8 || head.size > end - at)
		return NULL;
	*ret_bytes = head.size;
	if (head.size <= first)
		return ring->data + offset;
	if (head.size > EVENT_RING_MAX_RECORD)
		return NULL;
	memcpy(copy, ring->data + offset, first);
	memcpy(copy + first, ring->data, head.size - first);
	return copy;
}

static void ring_skip_to(struct event_ring *ring, uint64_t tail)
{
	__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
	ring->is_parsed = false;
}

/* Parses the oldest event of a ring into ring->head; false: the ring is empty. */
static bool ring_peek(struct event_rings *r, struct event_ring *ring)
{
	const uint8_t *record;
	uint64_t end;

	while (!ring->is_parsed) {
		end = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
		if (ring->page->data_tail >= end)
			return false;
		record = record_at(ring, ring->page->data_tail, end, ring->record,
				   &ring->head_bytes);
		if (!record) {
			r->malformed++;
			ring_skip_to(ring, end); /* no way to find the next record */
			return false;
		}
		if (perf_record_parse(record, ring->head_bytes, &ring->head) < 0) {
			r->malformed++;
			ring->head.kind = PROCESS_EVENT_NONE;
		}
		ring->head.cpu = ring->cpu;
		if (ring->head.kind == PROCESS_EVENT_NONE)
			ring_skip_to(ring, ring->page->data_tail + ring->head_bytes);
		else
			ring->is_parsed = true;
	}
	return true;
}

static struct event_ring *oldest_ring(struct event_rings *r)
{
	struct event_ring *oldest = NULL;

	for (size_t i = 0; i < r->n_rings; i++)
		if (ring_peek(r, r->rings[i]) &&
		    (!oldest || r->rings[i]->head.time_ns < oldest->head.time_ns))
			oldest = r->rings[i];
	return oldest;
}

const struct process_event *event_rings_peek(struct event_rings *r)
{
	struct event_ring *ring = oldest_ring(r);

	return ring ? &ring->head : NULL;
}

void event_rings_pop(struct event_rings *r)
{
	struct event_ring *ring = oldest_ring(r);

	if (ring)
		ring_skip_to(ring, ring->page->data_tail + ring->head_bytes);
}

void event_rings_look_ahead(const struct event_rings *r,
			    bool (*fn)(void *ctx, const struct process_event *e), void *ctx)
{
	uint8_t copy[EVENT_RING_MAX_RECORD];

	for (size_t i = 0; i < r->n_rings; i++) {
		const struct event_ring *ring = r->rings[i];
		uint64_t end = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE), at;
		uint32_t bytes;

		for (at = ring->page->data_tail; at < end; at += bytes) {
			const uint8_t *record = record_at(ring, at, end, copy, &bytes);
			struct process_event e;

			if (!record)
				break;
			if (perf_record_parse(record, bytes, &e) == 0 && e.kind && !fn(ctx, &e))
				return;
		}
	}
}
