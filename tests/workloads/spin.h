/* SPDX-License-Identifier: Apache-2.0 */
/* Burns CPU time of the calling thread in a function that can be told from all others. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Asks for the time rarely: nearly all of it is spent here, not in the clock. */
static inline uint64_t spin(uint64_t ns)
{
	uint64_t end = thread_cpu_ns() + ns, x = 88172645463325252ull;

	do {
		for (int i = 0; i < 20000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
	} while (thread_cpu_ns() < end);
	return x;
}

/* Keeps a call from becoming a jump, which would take the caller off the stack. */
#define KEEP(value) __asm__ volatile("" : : "r"(value) : "memory")
