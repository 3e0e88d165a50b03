/* SPDX-License-Identifier: Apache-2.0 */
/* The options of cpu-sampler: the table for the host, and their values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#define SETTINGS_MAX_PIDS 4096
#define SETTINGS_MAX_CGROUPS 1024
#define SETTINGS_MAX_HZ 100000

enum { CPU_SAMPLER_N_OPTIONS = 11 };
extern const struct hearth_option cpu_sampler_options[CPU_SAMPLER_N_OPTIONS];

struct settings {
	uint32_t frequency; /* Hz */
	uint64_t window_ns, hold_back_ns;
	uint64_t ring_bytes; /* 0: by frequency and CPUs */
	uint32_t modes;      /* SAMPLE_MODE_* */
	bool follow, kernel_stacks, user_stacks;
	uint32_t *pids;      /* owned */
	size_t n_pids;
	uint32_t parent;     /* whose children are sampled, but not itself; 0: none */
	char **cgroups;      /* owned: folders, or names below the mount of v2 */
	size_t n_cgroups;
};

/* True if processes are chosen by their pids. */
static inline bool settings_has_pids(const struct settings *s)
{
	return s->n_pids > 0 || s->parent;
}

/* Reads and checks the options of an instance. 0, -ENOMEM, or -EINVAL after refuse(). */
int settings_read(const struct hearth_host *h, struct settings *ret);
void settings_done(struct settings *s);

/*
 * Checks the frequency against kernel.perf_event_max_sample_rate (`path` is that sysctl's file).
 * 0 or -EINVAL after refuse().
 */
int settings_check_rate(const struct hearth_host *h, uint32_t frequency, const char *path);
#define SETTINGS_MAX_RATE_PATH "/proc/sys/kernel/perf_event_max_sample_rate"

/* Reads a number from a file of sysctl; false: there is none. */
bool sysctl_read(const char *path, int64_t *ret);
