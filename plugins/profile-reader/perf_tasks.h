/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes and threads of a recording, as they were at the time that has been reached: told by
 * COMM, FORK, EXIT and mapping records in the order of their times.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "perf_facts.h"
#include "perf_maps.h"
#include "perf_stream.h"
#include "u64_map.h"
#include "warnings.h"

enum { PERF_COMM_BYTES = 32, PERF_TASKS_EXITED = 4096 };

struct perf_process {
	uint32_t pid, parent_pid, exec_generation;
	uint32_t n_threads;          /* that refer to it */
	uint64_t fork_ns, exec_ns;   /* 0: before the recording */
	uint64_t epoch;              /* another number whenever something about it has changed */
	struct perf_maps *maps;
	struct recorded_file *exe;
	char comm[PERF_COMM_BYTES];  /* of its main thread */
};

struct perf_thread {
	struct perf_process *process;
	struct perf_thread *next;    /* of those that are to be freed */
	uint32_t tid;
	bool is_gone;
	uint64_t epoch;
	char comm[PERF_COMM_BYTES];
};

struct perf_tasks {
	struct u64_map threads, processes;  /* by tid, by pid */
	uint64_t epoch;                     /* the last that was given */
	uint64_t exited[PERF_TASKS_EXITED]; /* tids, a ring: late samples still find them */
	uint64_t n_exited;
	struct perf_thread *dropped;        /* replaced or long gone; samples may still wait with them */
	const struct perf_facts *facts;
	struct recorded_files *files;
	struct warnings *warnings;
	struct recorded_file *kernel, *code; /* code: that programs make themselves */
	struct perf_map kernel_map;          /* start 0: not told */
};

/* The kinds of change that a profile tells of. */
struct perf_change {
	uint32_t kind;                       /* HEARTH_EVENT_FORK, _COMM, _EXIT; 0: none of them */
	uint32_t tid, parent_pid;
	const char *comm;
	struct perf_process *process;
};

int perf_tasks_init(struct perf_tasks *t, const struct perf_facts *facts, struct recorded_files *files,
		    struct warnings *warnings);
void perf_tasks_done(struct perf_tasks *t);

/* Frees threads that were dropped. Call it when nobody holds any. */
void perf_tasks_bury(struct perf_tasks *t);

/* The thread, made if nothing told of it: ":1234", as perf names such. NULL: no memory. */
struct perf_thread *perf_tasks_thread(struct perf_tasks *t, uint32_t pid, uint32_t tid);

/*
 * Applies a record of the kernel that is no sample; others change nothing. `body` is what follows
 * the header, without the trailer. 0, -ENOMEM, or -EBADMSG: shorter than its kind.
 */
int perf_tasks_apply(struct perf_tasks *t, const struct perf_event_header *h, struct perf_bytes body,
		     uint64_t time_ns, struct perf_change *ret);
