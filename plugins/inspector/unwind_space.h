/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address space of one process as libdw knows it: its mappings, and the files behind those that
 * a stack has led to so far. Made once per set of mappings, since what libdw has worked out of a
 * file's rules is kept with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "unwind_rules.h"

struct unwind_space;

/* Where a space finds the rules of a file. */
struct unwind_files {
	/*
	 * 0, and the rules, which are good while the space lives; -ENODATA: there are none; -EAGAIN:
	 * not known yet.
	 */
	int (*find)(void *ctx, uint64_t handle, const struct unwind_rules **ret);
	void *ctx;
};

/* Copies mappings. -ENOTSUP: such stacks cannot be unwound; -ENOMEM. */
int unwind_space_new(uint32_t machine, const struct hearth_unwind_mapping *mappings, uint32_t n,
		     struct unwind_space **ret);
struct unwind_space *unwind_space_free(struct unwind_space *s); /* NULL */
DEFINE_CLEANUP(struct unwind_space *, unwind_space_free)

bool unwind_space_is(const struct unwind_space *s, uint32_t machine,
		     const struct hearth_unwind_mapping *mappings, uint32_t n);
uint32_t unwind_space_length(const struct unwind_space *s); /* mappings */
bool unwind_space_uses(const struct unwind_space *s, const struct unwind_rules *rules);

/* As hearth_inspector.unwind, into frames, which has room for max_frames. */
int unwind_space_walk(struct unwind_space *s, const struct unwind_files *files,
		      const struct hearth_unwind_sample *sample, uint32_t max_frames,
		      struct hearth_unwound_frame *frames, struct hearth_unwinding *ret);
