/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that asks for the time, so that a test of "after 30 s" takes no 30 s. The pair
 * of a faked time is two atomics: readers on other threads may see one clock moved before the
 * other, as they may with the real ones.
 */
#include "util/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic uint64_t fake_monotonic_ns, fake_realtime_ns;

static uint64_t clock_now(clockid_t id)
{
	struct timespec ts = {};

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	uint64_t fake = atomic_load_explicit(&fake_monotonic_ns, memory_order_relaxed);

	return fake ? fake : clock_now(CLOCK_MONOTONIC);
}

uint64_t clock_realtime_ns(void)
{
	if (atomic_load_explicit(&fake_monotonic_ns, memory_order_relaxed))
		return atomic_load_explicit(&fake_realtime_ns, memory_order_relaxed);
	return clock_now(CLOCK_REALTIME);
}

void clock_fake(uint64_t monotonic_ns, uint64_t realtime_ns)
{
	atomic_store(&fake_realtime_ns, realtime_ns);
	atomic_store(&fake_monotonic_ns, monotonic_ns);
}

void clock_format_utc(uint64_t realtime_ns, char ret[static 21])
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	struct tm tm = {};

	/* Four digits always do: 64 bits of nanoseconds end in the year 2554. */
	gmtime_r(&seconds, &tm);
	strftime(ret, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
