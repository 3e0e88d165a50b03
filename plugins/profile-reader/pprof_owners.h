/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of a profile's samples → processes and threads, as pprof-writer and perf_to_profile name them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "draft.h"
#include "pprof_index.h"

/* What the labels of one sample say. */
struct pprof_owner {
	uint32_t thread, process; /* rows */
	uint32_t cpu;             /* HEARTH_NO_CPU: they do not say */
	uint64_t time_ns;         /* CLOCK_REALTIME; 0: they do not say */
	uint64_t n_unknown;       /* labels that a batch has no place for */
	uint64_t unknown_key;     /* string: of one of them */
};

/* comm: of samples that name none; may be "". Errors stay in the draft. */
struct pprof_owner pprof_owner_read(const struct pprof_index *x, struct protobuf_reader sample,
				    struct draft *draft, const char *comm);
