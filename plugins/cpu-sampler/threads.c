/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BPF program sends the name of the thread with each sample, a perf ring does not: there it is
 * what the last record of the thread said. Only the living are kept, so many short threads cost
 * nothing. Without memory a name is missing, never wrong.
 */
#include "threads.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processes.h"

void threads_forget(struct threads *t)
{
	free(t->rows);
	*t = (struct threads){ .n = 0 };
}

/* Where a tid stands, or would stand. */
static size_t position_of(const struct threads *t, uint32_t tid)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->rows[middle].tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct thread_name *find(const struct threads *t, uint32_t tid)
{
	size_t i = position_of(t, tid);

	return i < t->n && t->rows[i].tid == tid ? &t->rows[i] : NULL;
}

static struct thread_name *insert(struct threads *t, uint32_t tid)
{
	size_t i = position_of(t, tid);
	struct thread_name *rows = reallocarray(t->rows, t->n + 1, sizeof(*rows));

	if (!rows)
		return NULL;
	t->rows = rows;
	memmove(rows + i + 1, rows + i, (t->n++ - i) * sizeof(*rows));
	rows[i].tid = tid;
	return &rows[i];
}

static const char *set(struct threads *t, uint32_t tid, const char *comm)
{
	struct thread_name *row = find(t, tid);

	if (!row)
		row = insert(t, tid);
	if (!row)
		return "";
	memset(row->comm, 0, sizeof(row->comm));
	memcpy(row->comm, comm, strnlen(comm, sizeof(row->comm) - 1));
	return row->comm;
}

const char *threads_comm(struct processes *ps, struct process *p, uint32_t tid)
{
	const struct thread_name *row = find(&p->threads, tid);
	char comm[PROC_COMM_BYTES] = "";

	if (tid == p->pid && p->comm[0])
		return p->comm;
	if (row)
		return row->comm;
	(void)proc_read_thread_comm(ps->proc_root, p->pid, tid, comm);
	return set(&p->threads, tid, comm);
}

void threads_look(struct processes *ps, struct process *p)
{
	char path[PATH_MAX];
	DIR *tasks;

	snprintf(path, sizeof(path), "%s/%u/task", ps->proc_root, p->pid);
	tasks = opendir(path);
	if (!tasks)
		return;
	for (const struct dirent *e; (e = readdir(tasks));) {
		uint32_t tid = (uint32_t)strtoul(e->d_name, NULL, 10);

		if (tid && tid != p->pid)
			(void)threads_comm(ps, p, tid);
	}
	closedir(tasks);
}

/* A thread is called as the one that made it, until it says otherwise. */
void threads_began(struct processes *ps, struct process *parent, struct process *child,
		   const struct process_event *fork)
{
	char comm[PROC_COMM_BYTES]; /* a copy: the table that it is in grows */

	if (!ps->follows_threads)
		return;
	snprintf(comm, sizeof(comm), "%s", threads_comm(ps, parent, fork->parent_tid));
	if (child == parent)
		(void)set(&child->threads, fork->tid, comm);
	else if (*comm)
		process_set_comm(child, comm);
}

int threads_apply_comm(struct processes *ps, const struct process_event *e)
{
	struct process *p = processes_find(ps, e->pid);

	if (p && e->tid == e->pid)
		process_set_comm(p, e->comm);
	else if (p && ps->follows_threads)
		(void)set(&p->threads, e->tid, e->comm);
	return 0;
}

void threads_ended(struct process *p, uint32_t tid)
{
	struct thread_name *row = find(&p->threads, tid);

	if (!row)
		return;
	p->threads.n--;
	memmove(row, row + 1, (size_t)(p->threads.rows + p->threads.n - row) * sizeof(*row));
}
