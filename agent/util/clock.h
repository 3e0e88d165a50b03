/* SPDX-License-Identifier: Apache-2.0 */
/* Time in nanoseconds. Tests set it; then it stands still until they move it. [any thread] */
#pragma once

#include <stdint.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);

/* monotonic 0 ends the pretence. */
void clock_fake(uint64_t monotonic_ns, uint64_t realtime_ns);

/* "2026-11-21T09:30:00Z" */
void clock_format_utc(uint64_t realtime_ns, char ret[static 21]);
