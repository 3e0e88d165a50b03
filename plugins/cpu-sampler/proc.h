/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host process may read of other processes here: /proc/PID/stat, maps and cgroup,
 * and the names of threads.
 * `root` is "/proc", or a folder that a test has made.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "container.h"
#include "maps.h"

#define PROC_COMM_BYTES 16 /* TASK_COMM_LEN; names of kernel threads may be longer and are cut */

struct proc_stat {
	char comm[PROC_COMM_BYTES];
	uint32_t parent_pid, n_threads;
	uint64_t start_time; /* clock ticks since boot */
	uint64_t start_code; /* where the program's code begins; 0 or 1: may not be known */
};

/* 0, or -EBADMSG. */
int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret);

/* 0, -ENOENT or -ESRCH when the process is gone, or another -errno. */
int proc_read_stat(const char *root, uint32_t pid, struct proc_stat *ret);

/* A thread's name as it is now. 0, or -errno as above. */
int proc_read_thread_comm(const char *root, uint32_t pid, uint32_t tid,
			  char ret_comm[PROC_COMM_BYTES]);

/* The container a process is in now, "" for none. 0, or -errno as above. */
int proc_read_container(const char *root, uint32_t pid, struct container *ret);

/* Executable mappings; see maps_read(). */
int proc_read_maps(const char *root, uint32_t pid, maps_line_fn fn, void *ctx);
