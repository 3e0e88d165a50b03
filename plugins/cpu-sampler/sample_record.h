/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF program and the plugin tell each other: samples through the ring buffer,
 * settings and counters through maps that both have mapped. Compiled for both sides.
 */
#pragma once

#include <linux/types.h>

/* Per side (kernel, user). The kernel's own limit, kernel.perf_event_max_stack, is 127 too. */
#define SAMPLE_MAX_FRAMES 127
#define SAMPLE_MAX_CPUS 1024

/* sample_record.flags */
enum {
	SAMPLE_KERNEL_CUT = 1u << 0,     /* as many kernel frames as were asked for */
	SAMPLE_KERNEL_FAILED = 1u << 1,  /* the kernel could not walk its stack */
	SAMPLE_NO_USER = 1u << 2,        /* kernel thread, or a process without memory (exiting) */
	SAMPLE_USER_END = 1u << 3,       /* the chain of frame pointers ended in a null pointer */
	SAMPLE_USER_CUT = 1u << 4,       /* SAMPLE_MAX_FRAMES user frames, and more to come */
	SAMPLE_USER_COMPAT = 1u << 5,    /* 32-bit code: only the program counter was taken */
	SAMPLE_USER_UNCHECKED = 1u << 6, /* how the chain ended is not known */
};

/* In the ring buffer; n_kernel + n_user addresses follow, each part leaf first. */
struct sample_record {
	__u64 time_ns;       /* CLOCK_MONOTONIC */
	__u64 sequence;      /* of this CPU, from 1, counting what was lost too */
	__u64 start_time_ns; /* of the process, since boot */
	__u32 pid, tid;      /* in the agent's pid namespace */
	__u32 cpu;
	__u16 flags;
	__u8 n_kernel, n_user;
	char comm[16];       /* of the thread */
};

/* Cgroups that are asked for are looked for this deep below the root. */
#define SAMPLE_MAX_CGROUP_DEPTH 64
#define SAMPLE_MAX_SUBSYSTEMS 16

/* What the table of pids says of a process; children are always followed and sampled. */
enum {
	SAMPLE_PID_PARENT = 0, /* not sampled itself */
	SAMPLE_PID_WANTED = 1,
};

/* sampler_settings.modes: what a CPU ran when its clock fired. */
enum {
	SAMPLE_MODE_USER = 1u << 0,
	SAMPLE_MODE_KERNEL = 1u << 1,
};

/* One per CPU, on a cache line of its own. Only the program writes. */
struct sample_counters {
	__u64 taken;       /* samples that passed the filter */
	__u64 ring_full;   /* of these, dropped because the ring was full */
	__u64 not_followed; /* children that did not fit into the table of pids */
	__u64 run_ns;      /* time spent taking samples */
	__u64 ticks;       /* of the clock while the CPU was not idle */
	__u64 reserved[3];
};

/* Written by the plugin at any time, read at every sample. */
struct sampler_settings {
	__u32 want_kernel, want_user;
	__u32 modes;         /* SAMPLE_MODE_*: other moments are not sampled */
	__u32 is_filtered;   /* only processes in the tables of pids and cgroups */
	__u32 has_cgroups;
	__s32 subsystem;     /* that the cgroups are of: index of a v1 controller, or < 0: v2 */
	__u32 kernel_frames; /* most kernel frames: SAMPLE_MAX_FRAMES or the kernel's limit */
	__u64 wakeup_bytes;  /* fill of the ring that wakes the plugin */
};
