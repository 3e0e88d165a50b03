/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of perf_event_open(2), samples and news of processes: one record of a perf ring →
 * struct process_event. Events must be opened with PERF_RECORDS_SAMPLE_TYPE, those that sample with
 * PERF_SAMPLE_CALLCHAIN besides, and with sample_id_all.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/perf_event.h>

/* What trails every record: pid, tid, time. */
#define PERF_RECORDS_SAMPLE_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME)

enum process_event_kind {
	PROCESS_EVENT_NONE = 0, /* a record of no interest */
	PROCESS_EVENT_FORK,
	PROCESS_EVENT_EXIT,
	PROCESS_EVENT_COMM,
	PROCESS_EVENT_EXEC,
	PROCESS_EVENT_MMAP,
	PROCESS_EVENT_LOST,
	PROCESS_EVENT_SAMPLE,
};

/* Strings are borrowed from the record. */
struct process_event {
	enum process_event_kind kind;
	uint64_t time_ns;
	uint32_t pid, tid;
	uint32_t parent_pid, parent_tid; /* FORK */
	const char *comm;    /* COMM, EXEC */
	uint64_t start, end, file_offset, inode; /* MMAP */
	uint32_t device_major, device_minor;
	const char *path;    /* MMAP */
	uint64_t lost;       /* LOST: records */
	const uint8_t *chain; /* SAMPLE: n_chain addresses of 8 bytes, and PERF_CONTEXT_* among them */
	uint64_t n_chain;
	uint32_t cpu;         /* SAMPLE: of the ring; whoever reads the ring fills it in */
};

/*
 * Reads the record at the start of `data`. 0, and *ret is filled (kind NONE for one to skip);
 * -EBADMSG: it contradicts itself or is longer than len.
 */
int perf_record_parse(const void *data, size_t len, struct process_event *ret);
