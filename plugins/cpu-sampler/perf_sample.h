/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of a perf ring in the shape of those of the BPF program. */
#pragma once

#include "perf_records.h"
#include "sample_record.h"

struct perf_sample {
	struct sample_record head; /* sequence, start time and comm are not known: 0 */
	uint64_t addresses[SAMPLE_MAX_FRAMES];
};

/* Takes the user frames of an event of kind SAMPLE. */
void perf_sample_take(const struct process_event *e, struct perf_sample *ret);
