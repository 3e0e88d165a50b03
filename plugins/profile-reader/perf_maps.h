/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executable mappings of a recorded address space, sorted, as the records laid them one over
 * another. A fork shares its parent's until one of the two changes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "recorded.h"

struct perf_map {
	uint64_t start, end, file_offset;
	uint64_t since_ns;          /* of its record; 0: it was there before */
	struct recorded_file *file; /* NULL: memory that no file is behind */
};

struct perf_maps;

/* More than a process can have (vm.max_map_count) means that a file is damaged. */
enum { PERF_MAPS_MAX = 65536 };

struct perf_maps *perf_maps_new(void); /* NULL: no memory */
struct perf_maps *perf_maps_ref(struct perf_maps *m);
struct perf_maps *perf_maps_unref(struct perf_maps *m); /* NULL; answers NULL */

/*
 * Lays a mapping over what is there, as mmap(2) does; `row` NULL only clears [start, end). *m is
 * replaced by a copy when others share it. 0, -ENOMEM, or -E2BIG beyond PERF_MAPS_MAX.
 */
int perf_maps_cover(struct perf_maps **m, uint64_t start, uint64_t end, const struct perf_map *row);

size_t perf_maps_length(const struct perf_maps *m);

/* Number i by rising address, borrowed until the next change. */
const struct perf_map *perf_maps_at(const struct perf_maps *m, size_t i);

/* The mapping that holds an address, borrowed until the next change; NULL: none. */
const struct perf_map *perf_maps_find(const struct perf_maps *m, uint64_t address);
