/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locations of a profile → frames of a batch, each made once. An address is that of the ELF file
 * where its mapping lies below 4 GiB or has no range: there are no programs, only addresses that
 * Hearth, perf_to_profile of a static program or a symbol server wrote; elsewhere it is a runtime
 * address. None is a return address: pprof's lie inside the call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "draft.h"
#include "pprof_index.h"

struct pprof_frames {
	const struct pprof_index *index;
	struct recorded_files *files;
	struct draft *draft;
	uint32_t *of_location;       /* by place in the table; + 1; 0: not made yet */
	uint32_t *mapping_process;   /* by place in the table: whose MAPPINGS row was made last, + 1 */
	struct hearth_line *lines;   /* of one location */
	uint32_t *stack;             /* of one sample */
	uint64_t n_lost;             /* references that lead nowhere */
};

/* index, files and draft are borrowed. 0 or -ENOMEM. */
int pprof_frames_init(struct pprof_frames *f, const struct pprof_index *index, struct recorded_files *files,
		      struct draft *draft);
void pprof_frames_done(struct pprof_frames *f);
/* The draft was reset. */
void pprof_frames_reset(struct pprof_frames *f);

/* The stack of a sample, which is of this process. */
uint32_t pprof_stack(struct pprof_frames *f, struct protobuf_reader sample, uint32_t process);
