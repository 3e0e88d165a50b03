/* SPDX-License-Identifier: Apache-2.0 */
/* Reads whatever a batch claims to hold, through every accessor; a sanitizer judges. */
#pragma once

#include <hearth/profile.h>

/* Sums up bytes, so that no read is optimised away. */
static inline uint64_t read_all_stack(const struct hearth_flat *f, uint64_t i)
{
	struct hearth_stack s = hearth_profile_stack(f, i);
	uint64_t sum = s.truncated;

	for (uint32_t k = 0; k < s.count && k < 64; k++)
		sum += hearth_profile_stack_frame(f, &s, k);
	return sum;
}

static inline uint64_t read_all(const struct hearth_flat *f)
{
	uint64_t sum = 0;
	uint8_t row[256];

	for (uint32_t id = 0; id <= HEARTH_FLAT_MAX_ID; id++) {
		uint64_t n = hearth_flat_count(f, id);

		for (uint64_t i = 0; i < n && i < 4096; i++) {
			hearth_flat_row(f, id, i, row, sizeof(row));
			sum += row[0] + row[sizeof(row) - 1];
		}
		hearth_flat_row(f, id, n, row, sizeof(row));
		sum += row[0];
	}
	for (uint32_t i = 0; i <= hearth_flat_n_strings(f) && i < 4096; i++)
		sum += strlen(hearth_flat_string(f, i));
	for (uint64_t i = 0; i <= hearth_flat_count(f, HEARTH_PROFILE_STACKS) && i < 4096; i++)
		sum += read_all_stack(f, i);
	return sum + strlen(hearth_flat_string(f, UINT32_MAX));
}
