/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a recording (struct perf_event_attr and ids), and which one a record is of. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/perf_event.h>

#include "perf_bytes.h"
#include "u64_map.h"

enum { PERF_EVENTS_MAX = 4096, PERF_IDS_MAX = 1 << 20, PERF_EVENT_NAME_BYTES = 128 };

/* Where the fields of a record are that have a fixed place; < 0: it has none. */
struct perf_layout {
	int16_t identifier, ip, tid, time, addr, id, cpu, period; /* bytes from behind the header */
	int16_t variable;           /* where the fields of variable length begin */
	int16_t trailer;            /* bytes at the end of records that are no samples */
	int16_t trailer_tid, trailer_time, trailer_id; /* bytes from the record's end, backwards */
};

struct perf_event {
	uint32_t index;
	uint32_t type;
	uint64_t config, period;    /* period: if not is_frequency */
	uint64_t frequency;         /* Hz, if is_frequency */
	uint64_t sample_type, read_format, branch_type, regs_user, regs_intr;
	uint32_t max_stack;         /* addresses of a stack at most */
	int32_t clockid;            /* -1: the kernel's sched_clock */
	bool is_frequency, has_trailer;
	struct perf_layout layout;
	char name[PERF_EVENT_NAME_BYTES];
};

struct perf_events {
	struct perf_event **rows;
	uint32_t n;
	struct u64_map ids;         /* → struct perf_event */
	int16_t id_place;           /* of samples, the same for all; -1: none */
	int16_t trailer_id_place;
};

void perf_events_done(struct perf_events *e);

/* Adds the event of an attribute of `size` bytes. 0, -ENOMEM, -EBADMSG: too short, or too many. */
int perf_events_add(struct perf_events *e, const uint8_t *attr, uint64_t size);

/* Ids of the event added last. 0 or -ENOMEM. */
int perf_events_add_ids(struct perf_events *e, struct perf_bytes ids);

void perf_event_rename(struct perf_event *e, const char *name);

/* The event of an id: with one event always that. NULL: of none. */
struct perf_event *perf_events_find(const struct perf_events *e, uint64_t id);

/* The event of a sample, from what is behind its header. NULL: cannot be told. */
struct perf_event *perf_events_of_sample(const struct perf_events *e, const uint8_t *body, uint64_t len);

/* The same of another record of the kernel, from its trailer. */
struct perf_event *perf_events_of_record(const struct perf_events *e, const uint8_t *body, uint64_t len);
