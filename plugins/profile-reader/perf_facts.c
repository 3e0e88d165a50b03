/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts: tools/perf/util/header.c. Sections that nothing here needs are not looked at, so that
 * those of a newer perf do no harm.
 */
#include "perf_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "common/perf_format.h"

/* PERF_RECORD_MISC_BUILD_ID_SIZE: a byte behind the id says how long it is. */
#define MISC_BUILD_ID_SIZE (1u << 15)

void perf_facts_done(struct perf_facts *f)
{
	for (size_t i = 0; i < f->build_ids.n_slots; i++)
		free(f->build_ids.slots[i].value);
	u64_map_done(&f->build_ids);
}

static uint64_t hash_path(const char *path)
{
	uint64_t h = 0xcbf29ce484222325ull; /* FNV-1a */

	while (*path)
		h = (h ^ (unsigned char)*path++) * 0x100000001b3ull;
	return h;
}

const struct perf_build_id *perf_facts_build_id(const struct perf_facts *f, const char *path)
{
	const struct perf_build_id *b = u64_map_find(&f->build_ids, hash_path(path));

	return b && strcmp(b->path, path) == 0 ? b : NULL;
}

int perf_facts_add_build_id(struct perf_facts *f, uint16_t misc, struct perf_bytes body)
{
	const uint8_t *id;
	const char *path;
	struct perf_build_id *b;
	uint8_t len;
	size_t size;

	(void)perf_take_u32(&body); /* pid */
	id = perf_take(&body, 24);
	path = perf_take_string(&body);
	if (body.is_short || f->build_ids.n >= PERF_BUILD_IDS_MAX ||
	    u64_map_find(&f->build_ids, hash_path(path)))
		return 0;
	len = misc & MISC_BUILD_ID_SIZE ? id[PERF_BUILD_ID_BYTES] : PERF_BUILD_ID_BYTES;
	size = strlen(path) + 1;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return -ENOMEM;
	b->len = len <= PERF_BUILD_ID_BYTES ? len : PERF_BUILD_ID_BYTES;
	memcpy(b->bytes, id, sizeof(b->bytes));
	memcpy(b->path, path, size);
	if (u64_map_put(&f->build_ids, hash_path(path), b) < 0) {
		free(b);
		return -ENOMEM;
	}
	return 0;
}

static int add_build_ids(struct perf_facts *f, struct perf_bytes data)
{
	while (perf_bytes_left(&data) >= sizeof(struct perf_event_header)) {
		struct perf_event_header h;
		const uint8_t *entry;
		int r;

		memcpy(&h, data.at, sizeof(h));
		entry = perf_take(&data, h.size);
		if (!entry || h.size < sizeof(h))
			break;
		r = perf_facts_add_build_id(f, h.misc, perf_bytes_of(entry + sizeof(h), h.size - sizeof(h)));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Events are told in the order of their attributes. */
static int add_event_names(struct perf_events *events, struct perf_bytes data)
{
	uint32_t n = perf_take_u32(&data), attr_size = perf_take_u32(&data);

	for (uint32_t i = 0; i < n && i < events->n && !data.is_short; i++) {
		uint32_t n_ids;
		const char *name;

		(void)perf_take(&data, attr_size);
		n_ids = perf_take_u32(&data);
		name = perf_take_sized_string(&data);
		if (!data.is_short)
			perf_event_rename(events->rows[i], name);
		(void)perf_take(&data, (uint64_t)n_ids * sizeof(uint64_t));
	}
	return 0;
}

static int add_clock(struct perf_facts *f, struct perf_bytes data)
{
	uint32_t version = perf_take_u32(&data), clockid = perf_take_u32(&data);
	uint64_t realtime = perf_take_u64(&data), clock = perf_take_u64(&data);

	if (data.is_short || version != 1 || clockid != CLOCK_MONOTONIC)
		return 0;
	f->clock_realtime_ns = realtime;
	f->clock_monotonic_ns = clock;
	return 0;
}

bool perf_facts_wants(uint64_t id)
{
	return id == PERF_FEATURE_BUILD_ID || id == PERF_FEATURE_EVENT_DESC || id == PERF_FEATURE_CLOCK_DATA;
}

int perf_facts_add_feature(struct perf_facts *f, uint64_t id, struct perf_bytes data,
			   struct perf_events *events)
{
	switch (id) {
	case PERF_FEATURE_BUILD_ID:
		return add_build_ids(f, data);
	case PERF_FEATURE_EVENT_DESC:
		return add_event_names(events, data);
	case PERF_FEATURE_CLOCK_DATA:
		return add_clock(f, data);
	default:
		return 0;
	}
}
