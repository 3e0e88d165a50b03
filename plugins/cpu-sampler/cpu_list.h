/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of CPUs as sysfs writes them: "0-3,8". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample_record.h"

struct cpu_set {
	uint64_t bits[SAMPLE_MAX_CPUS / 64];
};

static inline bool cpu_set_has(const struct cpu_set *s, uint32_t cpu)
{
	return cpu < SAMPLE_MAX_CPUS && s->bits[cpu / 64] >> (cpu % 64) & 1;
}

/* 0; -EBADMSG: not a list; -ERANGE: a CPU beyond SAMPLE_MAX_CPUS. */
int cpu_set_parse(const char *text, struct cpu_set *ret);

/* Reads a file such as /sys/devices/system/cpu/online. */
int cpu_set_read(const char *path, struct cpu_set *ret);

uint32_t cpu_set_count(const struct cpu_set *s);

/* Highest CPU + 1; 0: none. */
uint32_t cpu_set_end(const struct cpu_set *s);
