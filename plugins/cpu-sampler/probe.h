/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF side: the program, its maps, and a CPU clock event on each CPU that runs it.
 * Everything that can change while it samples is changed in place; the program stays loaded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "cgroups.h"
#include "cpu_list.h"
#include "sample_ring.h"
#include "settings.h"
#include "why.h"

struct bpf_link;
struct sampler_bpf;

struct probe_cpu {
	struct bpf_link *link; /* owns the event */
	int fd;                /* of the event; < 0: not sampled */
};

struct probe {
	struct sampler_bpf *skeleton;
	struct sample_ring ring;
	struct sample_counters *counters; /* n_cpus of them, mapped */
	size_t counters_bytes;
	struct probe_cpu *cpus;
	uint32_t n_cpus; /* possible CPUs */
	struct bpf_link *follow_fork, *forget_exit; /* only while there is a filter */
};

/* Loads the program with a ring of ring_bytes (power of two, in pages). 0 or -errno with *why. */
int probe_load(struct probe *p, const struct hearth_host *h, size_t ring_bytes, struct why *why);
void probe_unload(struct probe *p);

/* What to record; who is not asked for any more leaves the filter, new children enter it. */
int probe_apply(struct probe *p, const struct settings *s, struct why *why);

/* Adds a process to the filter, as SAMPLE_PID_*: 0 or -errno. */
int probe_add_pid(struct probe *p, uint32_t pid, uint8_t kind);
/* The cgroups of the filter from now on, in place of earlier ones: 0 or -errno. */
int probe_set_cgroups(struct probe *p, const struct cgroups *c);
/* Whether only those in the filter are sampled. */
void probe_enable_filter(struct probe *p, bool is_on);

/* Samples a CPU every period_ns. -ENODEV: the CPU went away meanwhile. */
int probe_open_cpu(struct probe *p, uint32_t cpu, uint64_t period_ns, struct why *why);
void probe_close_cpu(struct probe *p, uint32_t cpu);
int probe_set_period(struct probe *p, uint64_t period_ns);
bool probe_has_cpu(const struct probe *p, uint32_t cpu);

/* Ends sampling; the ring can still be read. */
void probe_stop(struct probe *p);

int probe_ring_fd(const struct probe *p);

/* Sums over all CPUs: samples that found the ring full, time spent in the program. */
uint64_t probe_ring_full(const struct probe *p);
uint64_t probe_run_ns(const struct probe *p);

/* Children that did not fit into the filter. */
uint64_t probe_not_followed(const struct probe *p);
