/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's news about processes (fork, exec, mmap, exit), and samples where BPF may not take
 * them, one ring per CPU, read in the order of their times across all CPUs. Events stay in their ring until they are popped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perf_records.h"

/* The longest record: MMAP2 with a path of PATH_MAX, its fixed part and the trailer. */
#define EVENT_RING_MAX_RECORD 4352

struct event_ring {
	struct perf_event_mmap_page *page; /* NULL: the CPU is not watched */
	const uint8_t *data;
	size_t size;               /* power of two */
	int fd;
	uint32_t cpu;
	bool is_parsed;            /* `head` and record[] are of the oldest record */
	uint32_t head_bytes;
	struct process_event head;
	uint8_t record[EVENT_RING_MAX_RECORD]; /* of a record that wraps around the end */
};

struct event_rings {
	struct event_ring **rings;
	size_t n_rings;
	uint64_t malformed; /* records that contradict themselves */
};

/* What an event asks for that tells news of processes, and nothing else. */
struct perf_event_attr event_rings_attr(void);

/* Opens and enables the events of one CPU with a ring of `bytes` (power of two). */
int event_rings_open_cpu(struct event_rings *r, uint32_t cpu, size_t bytes, int *ret_fd);
/* Maps the ring of an event that is open already; takes fd, unless it fails. */
int event_rings_map_cpu(struct event_rings *r, uint32_t cpu, int fd, size_t bytes);
void event_rings_close_cpu(struct event_rings *r, uint32_t cpu);
bool event_rings_has_cpu(const struct event_rings *r, uint32_t cpu);
void event_rings_done(struct event_rings *r);

/* Takes over a ring that is mapped already; for tests. */
int event_rings_add(struct event_rings *r, struct event_ring *ring);

/* The oldest event of all rings, borrowed until the pop; NULL: none. */
const struct process_event *event_rings_peek(struct event_rings *r);
void event_rings_pop(struct event_rings *r);

/*
 * Calls fn for every event that waits, in no order across CPUs, without popping any. fn answers
 * false to stop.
 */
void event_rings_look_ahead(const struct event_rings *r,
			    bool (*fn)(void *ctx, const struct process_event *e), void *ctx);
