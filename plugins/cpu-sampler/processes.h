/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a pid is at a moment: the table follows process events in the order of their times, and
 * fills what ran before from /proc at the first sample. A process is (pid, start time, exec
 * generation); what is known of one never serves another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mappings.h"
#include "perf_records.h"
#include "proc.h"
#include "threads.h"

struct process {
	struct process *next; /* in its bucket */
	uint32_t pid, parent_pid, exec_generation;
	uint32_t n_threads;      /* 0: not counted */
	uint64_t start_time;     /* clock ticks since boot; 0: unknown */
	char comm[PROC_COMM_BYTES]; /* "": unknown */
	struct threads threads;  /* with follows_threads */
	struct container container; /* inherited, until it has been read at a sample */
	bool has_container;      /* it has been read since the fork or the last exec */
	struct binary *exe;      /* NULL: unknown */
	struct binary *code;     /* what it makes itself; NULL: nothing was sampled of that */
	struct mappings *maps;   /* NULL: unknown */
	const char *maps_cause;  /* why they are unknown, or may be incomplete */
	uint64_t epoch;          /* of the table when maps were last known to be true */
	uint64_t forked_ns, exec_ns; /* times of its fork and of its last exec, if seen */
	uint64_t ended_ns;       /* 0: alive */
	bool wants_exe;          /* the next mapping is the program itself */
	bool had_leader_exit;
	uint64_t window;         /* the row below is of this window */
	uint32_t row;
};

/* Shows every event that is known to the kernel but not applied yet; see event_rings.h. */
typedef void (*look_ahead_fn)(void *ctx, bool (*fn)(void *ctx, const struct process_event *e),
			      void *fn_ctx);

struct processes {
	const char *proc_root;
	struct binaries *binaries;
	look_ahead_fn look_ahead; /* NULL: nothing waits */
	void *look_ahead_ctx;
	bool follows_threads;     /* for threads_comm(): samples do not bring names */
	bool is_filtered;         /* only the watched and their children are followed */
	struct process **buckets;
	size_t n_buckets, n;
	uint64_t epoch;           /* grows when events were lost */
	uint64_t n_maps_unread;   /* processes whose mappings could not be read */
	uint64_t n_maps_cut;      /* mappings left out: more than MAPPINGS_MAX */
};

int processes_init(struct processes *ps, const char *proc_root, struct binaries *binaries);
void processes_done(struct processes *ps);

/*
 * With a filter, events of other processes are not worth their memory: only those of processes
 * that are known, by being watched or sampled, and of their children are applied. 0 or -ENOMEM.
 */
int processes_watch(struct processes *ps, uint32_t pid);

/* Applies one event; call in the order of times. 0 or -ENOMEM. */
int processes_apply(struct processes *ps, const struct process_event *e);

/*
 * The process that a sample was taken of, its mappings loaded when `want_maps`; borrowed until
 * the next call of anything here. NULL: no memory. start_time in ticks.
 */
struct process *processes_sampled(struct processes *ps, uint32_t pid, uint64_t start_time,
				  bool want_maps);

/* The process, or NULL; does not look into /proc. */
struct process *processes_find(struct processes *ps, uint32_t pid);

/* For whoever fills a process in: events and snapshots. Adding answers 0 or -ENOMEM. */
void process_set_comm(struct process *p, const char *comm);
void process_forget_maps(struct process *p);
int process_add_mapping(struct processes *ps, struct process *p, const struct binary_key *key,
			struct mapping *row);

/* Frees processes that ended before a time, and those whose end went unseen. */
void processes_sweep(struct processes *ps, uint64_t before_ns);
