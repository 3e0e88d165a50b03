/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rate that came of the rate that was asked for. A clock that was held up (throttled by the
 * kernel, or kept off by a hypervisor) leaves no trace in the samples, so its ticks are held against
 * the time for which each CPU was busy. [instance thread]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe.h"

/* USER_HZ of /proc/stat: what is shorter than this says nothing about a rate. */
#define RATE_LEAST_BUSY_NS 500000000ull

struct rate_cpu {
	bool is_online;
	uint64_t idle_ns;  /* by /proc/stat: idle, waiting for a disk, or taken by the hypervisor */
	uint64_t ticks;    /* of the clock */
	uint64_t run_ns;   /* spent taking samples */
};

struct rate {
	uint64_t since_ns; /* CLOCK_MONOTONIC; 0: not begun */
	uint32_t n_cpus;
	struct rate_cpu *cpus;
};

/* Of CPUs that were busy for long enough. */
struct rate_row {
	uint32_t cpu, reserved;
	uint64_t busy_ns, ticks, run_ns;
};

struct rate_result {
	struct rate_row *rows; /* by number; NULL: there is none */
	uint32_t n;
};

/* Ticks per second of busy time. */
static inline double rate_hz(const struct rate_row *row)
{
	return (double)row->ticks * 1e9 / (double)row->busy_ns;
}

void rate_result_done(struct rate_result *r);

/* Parses /proc/stat's text into cpus[].idle_ns and is_online. 0 or -EBADMSG. */
int rate_parse(const char *text, struct rate_cpu *cpus, uint32_t n_cpus);

/* Begins anew at this moment. 0 or -errno; then nothing is measured. */
int rate_begin(struct rate *r, const struct probe *p, uint64_t now_ns);
/* What came since the beginning, to be released; empty if that cannot be told. */
struct rate_result rate_measure(const struct rate *r, const struct probe *p, uint64_t now_ns);
void rate_done(struct rate *r);
