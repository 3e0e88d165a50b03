/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executable mappings of an address space, sorted. A fork shares its parent's array until
 * one of the two changes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binaries.h"

struct mapping {
	uint64_t start, end, file_offset;
	uint64_t since_ns;     /* when it was made; 0: before the sampler looked */
	struct binary *binary; /* holds a reference; NULL: anonymous memory */
	uint64_t window;       /* the row below is of this window and process row */
	uint32_t row, row_process;
};

struct mappings;

struct mappings *mappings_new(void); /* NULL: no memory */
struct mappings *mappings_ref(struct mappings *m);
struct mappings *mappings_unref(struct mappings *m); /* NULL; answers NULL */

/*
 * Lays a mapping over what is there, as mmap(2) does; takes its binary reference, also on error.
 * *m is replaced by a copy when others share it. 0, -ENOMEM, or -E2BIG beyond MAPPINGS_MAX.
 */
#define MAPPINGS_MAX 16384
int mappings_insert(struct mappings **m, const struct mapping *row);

/* Removes a range. 0 or -ENOMEM. */
int mappings_remove(struct mappings **m, uint64_t start, uint64_t end);

/* The mapping that holds an address, borrowed until the next change; NULL: none. */
struct mapping *mappings_find(struct mappings *m, uint64_t address);

size_t mappings_count(const struct mappings *m);
