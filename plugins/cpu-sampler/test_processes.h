/* SPDX-License-Identifier: Apache-2.0 */
/* A table of processes with events of a test's own and a /proc of its own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <hearth/mock.h>

#include "common/cleanup.h"
#include "processes.h"
#include "test_proc_tree.h"

#define BASH_MAPS \
	"1000-2000 r-xp 00000000 08:01 11 /bin/bash\n" \
	"5000-6000 r-xp 00000000 08:01 22 /lib/libc.so\n"
#define GZIP_MAPS "1000-2000 r-xp 00000000 08:01 33 /bin/gzip\n"

struct world {
	struct hearth_mock host;
	struct proc_tree tree;
	struct binaries binaries;
	struct processes processes;
	const struct process_event *waiting; /* what the kernel has reported, not applied yet */
	size_t n_waiting;
};

static inline void show_waiting(void *ctx,
				bool (*fn)(void *ctx, const struct process_event *e),
				void *fn_ctx)
{
	struct world *w = ctx;

	for (size_t i = 0; i < w->n_waiting; i++)
		if (!fn(fn_ctx, &w->waiting[i]))
			return;
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	hearth_mock_init(&w->host, NULL);
	proc_tree_init(&w->tree);
	assert_int_equal(binaries_init(&w->binaries, &w->host.host), 0);
	assert_int_equal(processes_init(&w->processes, w->tree.root, &w->binaries), 0);
	w->processes.look_ahead = show_waiting;
	w->processes.look_ahead_ctx = w;
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;

	processes_done(&w->processes);
	for (size_t i = 0; i < w->binaries.n_buckets; i++)
		for (struct binary *b = w->binaries.buckets[i]; b; b = b->next)
			assert_int_equal(b->n_refs, 0);
	binaries_done(&w->binaries);
	proc_tree_done(&w->tree);
	assert_int_equal(hearth_mock_done(&w->host), 0);
	free(w);
	return 0;
}

static inline void apply(struct world *w, struct process_event e)
{
	if (e.kind != PROCESS_EVENT_FORK && !e.tid)
		e.tid = e.pid;
	assert_int_equal(processes_apply(&w->processes, &e), 0);
}

static inline void fork_at(struct world *w, uint64_t time, uint32_t parent, uint32_t child)
{
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_FORK, .time_ns = time, .pid = child,
					 .tid = child, .parent_pid = parent });
}

static inline void exit_at(struct world *w, uint64_t time, uint32_t pid, uint32_t tid)
{
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_EXIT, .time_ns = time, .pid = pid,
					 .tid = tid });
}

static inline struct process_event exec_event(uint64_t time, uint32_t pid, const char *comm)
{
	return (struct process_event){ .kind = PROCESS_EVENT_EXEC, .time_ns = time, .pid = pid,
				       .tid = pid, .comm = comm };
}

static inline struct process_event mmap_event(uint64_t time, uint32_t pid, uint64_t start,
				       const char *path, uint64_t inode)
{
	return (struct process_event){ .kind = PROCESS_EVENT_MMAP, .time_ns = time, .pid = pid,
				       .tid = pid, .start = start, .end = start + 0x1000,
				       .path = path, .inode = inode, .device_major = 8,
				       .device_minor = 1 };
}

/* The file that an address of a sampled process is in; "-": none. */
static inline const char *file_at(struct world *w, uint32_t pid, uint64_t start_time, uint64_t address)
{
	struct process *p = processes_sampled(&w->processes, pid, start_time, true);
	struct mapping *m = p->maps ? mappings_find(p->maps, address) : NULL;

	return m ? m->binary ? m->binary->path : "anonymous" : "-";
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
