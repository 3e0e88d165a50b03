/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * Has room for n elements of `unit` bytes in *(void **)vector, which grows by doubling and is never
 * NULL then. False: no memory, and nothing has changed.
 */
static inline bool reserve(void *vector, size_t *capacity, size_t n, size_t unit)
{
	size_t want = *capacity ? *capacity : 256;
	void *p;

	if (*capacity && n <= *capacity)
		return true;
	while (want < n)
		want *= 2;
	p = realloc(*(void **)vector, want * unit);
	if (!p)
		return false;
	*(void **)vector = p;
	*capacity = want;
	return true;
}
