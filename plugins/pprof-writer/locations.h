/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames and stacks of one batch as locations and nodes of the tables, each translated once.
 *
 * A location's address is the ELF address, so that locations of all processes and hosts are the
 * same, and lies in its mapping, whose start is an ELF address too. Of a return address it is the
 * byte before, inside the call: so do Go's runtime and perf_to_profile, and pprof looks addresses
 * up as they are. Code that is in no ELF file keeps its runtime address.
 */
#pragma once

#include <stdint.h>

#include "places.h"
#include "tables.h"

/* Names of mappings that tell what code it is, where no file does. */
#define MAPPING_KERNEL "[kernel.kallsyms]"
#define MAPPING_JIT "[jit]"
#define MAPPING_INTERPRETED "[interpreted]"

/* Borrows both. */
struct locations {
	const struct hearth_flat *flat;
	struct hearth_flat_builder *tables;
	struct places places;
	uint32_t *of_frame, *of_stack; /* row + 1; 0: not translated yet */
	uint64_t n_frames, n_stacks;
};

/* Zero it, then begin. 0, -ENOMEM or -EBADMSG. */
int locations_begin(struct locations *l, const struct hearth_flat *f, struct hearth_flat_builder *tables);
void locations_done(struct locations *l);

/* The node of a stack; its frames, unless its cause says otherwise, are all there. 0 or -EBADMSG. */
int locations_node(struct locations *l, uint32_t stack, uint32_t *ret);

/* The node below the root that stands for frames which are missing, for this cause. */
uint32_t locations_truncated(struct hearth_flat_builder *tables, const char *cause);
