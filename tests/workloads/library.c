/* SPDX-License-Identifier: Apache-2.0 */
/* libspin-a.so and libspin-b.so, alike but for a name. */
#include "spin.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

uint64_t JOIN(library_spin_, ME)(uint64_t ns);
uint64_t work(uint64_t ns);

__attribute__((noinline)) uint64_t JOIN(library_spin_, ME)(uint64_t ns)
{
	return spin(ns);
}

uint64_t work(uint64_t ns)
{
	uint64_t x = JOIN(library_spin_, ME)(ns);

	KEEP(x);
	return x;
}
