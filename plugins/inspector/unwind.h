/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks from registers and stack pieces: what is kept between requests. Address spaces by their
 * content, rules by the handle of the file; both dropped, least recently used first, beyond a
 * number of bytes. What was dropped is made again when it is needed; only time is lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "unwind_rules.h"

struct unwinder;

/* max_bytes: of rules. */
int unwinder_new(size_t max_bytes, struct unwinder **ret);
struct unwinder *unwinder_free(struct unwinder *u); /* NULL */
DEFINE_CLEANUP(struct unwinder *, unwinder_free)

/* Errors as unwind_space_new. */
int unwinder_set_space(struct unwinder *u, uint32_t machine,
		       const struct hearth_unwind_mapping *mappings, uint32_t n);

/* f NULL: it cannot be had; debug: as unwind_rules_new. */
void unwinder_add_file(struct unwinder *u, uint64_t handle, const struct elf_file *f,
		       const struct elf_file *debug);

/* As hearth_inspector.unwind. -EINVAL: no space was set, or the sample makes no sense. */
int unwinder_walk(struct unwinder *u, const struct hearth_unwind_sample *sample,
		  uint32_t max_frames, bool is_final, struct hearth_unwinding *ret);

size_t unwinder_bytes(const struct unwinder *u); /* of rules */
