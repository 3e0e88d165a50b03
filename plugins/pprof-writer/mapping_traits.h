/* SPDX-License-Identifier: Apache-2.0 */
/* What the locations of a mapping tell about it: whether names were found, and where it lies. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tables.h"

struct mapping_traits {
	uint64_t low, high; /* addresses; low > high: none */
	bool has_functions, has_files, has_lines, has_inlined;
};

/* Those of all mappings, by row; to be freed. 0 or -ENOMEM. */
int mapping_traits_find(const struct hearth_flat_builder *tables, struct mapping_traits **ret);

/*
 * What is no file ("[kernel.kallsyms]") covers the addresses that are in it. A file whose range is
 * not known keeps 0 to 0, by which pprof knows that addresses are those of the file already.
 */
void mapping_traits_range(const struct mapping_traits *t, const struct hearth_flat_builder *tables,
			  struct table_mapping *row);
