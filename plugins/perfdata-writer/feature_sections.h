/* SPDX-License-Identifier: Apache-2.0 */
/* The feature sections: what `perf report --header` prints of the machine and the recording. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "encode.h"
#include "events.h"

enum { FEATURES_MAX = 16, FEATURE_BUILD_ID_BYTES = 20 };

struct feature_build_id {
	const char *path;
	const uint8_t *id;
	uint32_t len;
	bool is_kernel;
};

struct feature_facts {
	const struct events *events;
	const struct feature_build_id *build_ids;
	size_t n_build_ids;
	uint64_t first_ns, last_ns;             /* times of samples; 0: there are none */
	uint64_t monotonic_ns, realtime_ns;     /* one instant on both clocks; 0: unknown */
	const char *instance;
};

/* Feature `id` is `len` bytes at `at` of `bytes`; ascending ids. */
struct features {
	struct encoder bytes;
	struct {
		uint32_t id;
		size_t at, len;
	} rows[FEATURES_MAX];
	uint32_t n;
};

/* Of the machine this runs on. 0 or -ENOMEM. */
int features_make(struct features *f, const struct feature_facts *facts);
void features_done(struct features *f);
