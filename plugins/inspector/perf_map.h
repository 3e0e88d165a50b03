/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a JIT compiler says of the code that it made: /tmp/perf-PID.map, a line for each piece,
 * "START SIZE NAME", numbers in hex (the kernel's tools/perf/Documentation/jit-interface.txt).
 * The file grows while the program runs, and code is thrown away and overwritten: of pieces that
 * overlap, the last one in the file is there.
 *
 * 16 bytes per piece; names stay in the file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "reader.h"

/* What is beyond these is ignored. */
#define PERF_MAP_MAX_BYTES (64ull << 20)
#define PERF_MAP_MAX_PIECES (2u << 20)
#define PERF_MAP_MAX_NAME 512u /* with its NUL; longer names are cut */

struct perf_map;

struct perf_map_piece {
	uint64_t start;
	uint32_t line; /* for perf_map_name */
};

/* Lines that make no sense are skipped. -ENOMEM, or an error of reading. */
int perf_map_new(const struct reader *r, struct perf_map **ret);
struct perf_map *perf_map_free(struct perf_map *m); /* NULL */
DEFINE_CLEANUP(struct perf_map *, perf_map_free)

size_t perf_map_bytes(const struct perf_map *m);
bool perf_map_find(const struct perf_map *m, uint64_t address, struct perf_map_piece *ret);

/* -ESTALE: the file says something else there by now. -ENODATA: the name is empty. */
int perf_map_name(const struct reader *r, const struct perf_map_piece *piece,
		  char ret[static PERF_MAP_MAX_NAME]);
