/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of a process are called, where samples do not bring that themselves: told by the
 * kernel's records, and by /proc for those that ran before. Without follows_threads of the table
 * only main threads are listened to: they name their processes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct process;
struct process_event;
struct processes;

struct thread_name {
	uint32_t tid;
	char comm[PROC_COMM_BYTES]; /* "": it was asked for and is not known */
};

/* By tid, without the main thread, whose name is the process's. Zeroed memory is an empty one. */
struct threads {
	struct thread_name *rows;
	size_t n;
};

void threads_forget(struct threads *t);

/*
 * The name that a thread had at the last event applied; "": not known. Borrowed until the next
 * event or question.
 */
const char *threads_comm(struct processes *ps, struct process *p, uint32_t tid);

/*
 * Asks for the name of every thread of a process that was running already: one that renamed itself
 * before anybody listened, and is gone at its first sample's turn, has no other source.
 */
void threads_look(struct processes *ps, struct process *p);

/* What events say of threads; `child` is `parent` itself, or a process that the fork made. */
void threads_began(struct processes *ps, struct process *parent, struct process *child,
		   const struct process_event *fork);
int threads_apply_comm(struct processes *ps, const struct process_event *e); /* 0 */
void threads_ended(struct process *p, uint32_t tid);
