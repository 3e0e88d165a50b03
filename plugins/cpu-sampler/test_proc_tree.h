/* SPDX-License-Identifier: Apache-2.0 */
/* A /proc of a test's own. */
#pragma once

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct proc_tree {
	char root[64];
	unsigned int pids[16];
	size_t n;
};

static inline void proc_tree_init(struct proc_tree *t)
{
	memset(t, 0, sizeof(*t));
	snprintf(t->root, sizeof(t->root), "/tmp/hearth-proc-XXXXXX");
	if (!mkdtemp(t->root))
		abort();
}

static inline void proc_tree_write(const struct proc_tree *t, unsigned int pid, const char *name,
				   const char *text)
{
	char path[192];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%u/%s", t->root, pid, name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* start_code is where the program is mapped. */
static inline void proc_tree_add(struct proc_tree *t, unsigned int pid, unsigned int parent,
				 const char *comm, unsigned long start_time,
				 unsigned long start_code, const char *maps)
{
	char text[512], path[128];

	snprintf(path, sizeof(path), "%s/%u", t->root, pid);
	(void)mkdir(path, 0755);
	snprintf(text, sizeof(text),
		 "%u (%s) S %u 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %lu 0 0 0 %lu 0 0 0\n", pid, comm,
		 parent, start_time, start_code);
	proc_tree_write(t, pid, "stat", text);
	proc_tree_write(t, pid, "maps", maps);
	t->pids[t->n++] = pid;
}

static inline void proc_tree_name_thread(const struct proc_tree *t, unsigned int pid,
					 unsigned int tid, const char *comm)
{
	char path[128], name[64];

	snprintf(path, sizeof(path), "%s/%u/task", t->root, pid);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%u/task/%u", t->root, pid, tid);
	(void)mkdir(path, 0755);
	snprintf(name, sizeof(name), "task/%u/comm", tid);
	proc_tree_write(t, pid, name, comm);
}

static inline int proc_tree_unlink(const char *path, const struct stat *stat, int kind,
				   struct FTW *ftw)
{
	(void)stat;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void proc_tree_remove(struct proc_tree *t, unsigned int pid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%u", t->root, pid);
	(void)nftw(path, proc_tree_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void proc_tree_done(struct proc_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		proc_tree_remove(t, t->pids[i]);
	(void)rmdir(t->root);
}
