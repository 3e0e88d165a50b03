/* SPDX-License-Identifier: Apache-2.0 */
/* What the header and the feature sections of a recording say: build ids, names of events, clocks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "perf_bytes.h"
#include "perf_events.h"

enum { PERF_BUILD_ID_BYTES = 20, PERF_BUILD_IDS_MAX = 1 << 17 };

struct perf_build_id {
	uint8_t len;
	uint8_t bytes[PERF_BUILD_ID_BYTES];
	char path[];
};

struct perf_facts {
	struct u64_map build_ids;                /* hash of a path → struct perf_build_id */
	uint64_t clock_monotonic_ns, clock_realtime_ns; /* one instant on both; 0: not told */
};

void perf_facts_done(struct perf_facts *f);

/* True if anything is made of a feature section. */
bool perf_facts_wants(uint64_t id);

/* Takes note of a feature section, of any number; what is short is taken as far as it goes. */
int perf_facts_add_feature(struct perf_facts *f, uint64_t id, struct perf_bytes data,
			   struct perf_events *events);

/* A HEADER_BUILD_ID record, or an entry of the feature; `body` is what follows its header. */
int perf_facts_add_build_id(struct perf_facts *f, uint16_t misc, struct perf_bytes body);

/* The build id of a path as mapped; NULL: not told. */
const struct perf_build_id *perf_facts_build_id(const struct perf_facts *f, const char *path);
