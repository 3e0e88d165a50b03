/* SPDX-License-Identifier: Apache-2.0 */
/* Least significant byte first; a byte that is the same in all rows costs no pass. */
#include "radix.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static uint32_t key_of(const char *row)
{
	uint32_t key;

	memcpy(&key, row, sizeof(key));
	return key;
}

static bool pass(const char *from, char *to, size_t n, size_t row_size, unsigned int shift)
{
	size_t start[256] = {}, at = 0;

	for (size_t i = 0; i < n; i++)
		start[(key_of(from + i * row_size) >> shift) & 0xff]++;
	if (start[(key_of(from) >> shift) & 0xff] == n)
		return false;
	for (size_t i = 0; i < 256; i++) {
		size_t count = start[i];

		start[i] = at;
		at += count;
	}
	for (size_t i = 0; i < n; i++) {
		const char *row = from + i * row_size;

		memcpy(to + start[(key_of(row) >> shift) & 0xff]++ * row_size, row, row_size);
	}
	return true;
}

void radix_sort(void *rows, void *scratch, size_t n, size_t row_size)
{
	char *from = rows, *to = scratch;

	if (n < 2)
		return;
	for (unsigned int shift = 0; shift < 32; shift += 8)
		if (pass(from, to, n, row_size, shift)) {
			char *swap = from;

			from = to;
			to = swap;
		}
	if (from != rows)
		memcpy(rows, from, n * row_size);
}
