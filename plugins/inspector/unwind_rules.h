/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file says about unwinding its code, as a small ELF file in memory that libdw reads in its
 * stead: .eh_frame, .eh_frame_hdr and .debug_frame at their addresses, and nothing else. So no fd
 * stays open, the cost is known, and of a hostile file libelf sees no header and no string.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

#include <hearth/helper.h>

#include "common/cleanup.h"
#include "elf_file.h"

struct unwind_rules {
	uint8_t *image; /* what `elf` reads from */
	size_t bytes;
	Elf *elf;
	uint16_t machine;
	struct hearth_elf_load loads[ELF_MAX_LOADS]; /* of the file */
	uint32_t n_loads;
	uint64_t low, high; /* ELF addresses of all of them, half open */
};

/*
 * debug: NULL, or a file that matches f, for a .debug_frame that f lacks. -ENODATA: there are no
 * rules; -ENOTSUP: 32-bit code; -ERANGE: damaged; -ENOMEM.
 */
int unwind_rules_new(const struct elf_file *f, const struct elf_file *debug,
		     struct unwind_rules **ret);
struct unwind_rules *unwind_rules_free(struct unwind_rules *r); /* NULL */
DEFINE_CLEANUP(struct unwind_rules *, unwind_rules_free)

/* From ELF addresses to runtime ones; -ENOENT: no executable segment of the file is mapped there. */
int unwind_rules_bias(const struct unwind_rules *r, const struct hearth_unwind_mapping *m,
		      uint64_t *ret);
