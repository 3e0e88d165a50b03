/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting must not cost a scan of ten thousand sleeping processes, so nothing is known of one
 * before a sample asks; what happens to it from then on is told by the kernel.
 */
#include "processes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "snapshot.h"

enum { FIRST_BUCKETS = 256 };

static const char cause_memory[] = "out of memory";

int processes_init(struct processes *ps, const char *proc_root, struct binaries *binaries)
{
	memset(ps, 0, sizeof(*ps));
	ps->buckets = calloc(FIRST_BUCKETS, sizeof(struct process *));
	if (!ps->buckets)
		return -ENOMEM;
	ps->n_buckets = FIRST_BUCKETS;
	ps->proc_root = proc_root;
	ps->binaries = binaries;
	return 0;
}

void process_forget_maps(struct process *p)
{
	p->maps = mappings_unref(p->maps);
	binary_unref(p->exe);
	binary_unref(p->code);
	p->exe = p->code = NULL;
}

static struct process *process_free(struct process *p)
{
	process_forget_maps(p);
	threads_forget(&p->threads);
	free(p);
	return NULL;
}

static void free_list(struct process *p)
{
	for (struct process *next; p; p = next) {
		next = p->next;
		process_free(p);
	}
}

void processes_done(struct processes *ps)
{
	for (size_t i = 0; i < ps->n_buckets; i++)
		free_list(ps->buckets[i]);
	free(ps->buckets);
	memset(ps, 0, sizeof(*ps));
}

static struct process **slot_of(struct processes *ps, uint32_t pid)
{
	struct process **slot = &ps->buckets[pid & (ps->n_buckets - 1)];

	while (*slot && (*slot)->pid != pid)
		slot = &(*slot)->next;
	return slot;
}

struct process *processes_find(struct processes *ps, uint32_t pid)
{
	return *slot_of(ps, pid);
}

static void processes_grow(struct processes *ps)
{
	size_t n = ps->n_buckets * 2;
	struct process **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return; /* longer chains, nothing worse */
	for (size_t i = 0; i < ps->n_buckets; i++)
		for (struct process *p = ps->buckets[i], *next; p; p = next) {
			next = p->next;
			p->next = buckets[p->pid & (n - 1)];
			buckets[p->pid & (n - 1)] = p;
		}
	free(ps->buckets);
	ps->buckets = buckets;
	ps->n_buckets = n;
}

static void processes_drop(struct processes *ps, uint32_t pid)
{
	struct process **slot = slot_of(ps, pid), *p = *slot;

	if (!p)
		return;
	*slot = p->next;
	ps->n--;
	process_free(p);
}

static struct process *processes_add(struct processes *ps, uint32_t pid)
{
	struct process *p = calloc(1, sizeof(*p)), **slot;

	if (!p)
		return NULL;
	processes_drop(ps, pid);
	if (ps->n >= ps->n_buckets)
		processes_grow(ps);
	slot = slot_of(ps, pid);
	p->pid = pid;
	p->epoch = ps->epoch;
	p->next = *slot;
	*slot = p;
	ps->n++;
	return p;
}

int processes_watch(struct processes *ps, uint32_t pid)
{
	return processes_find(ps, pid) || processes_add(ps, pid) ? 0 : -ENOMEM;
}

/* ---- events ---- */

static int apply_fork(struct processes *ps, const struct process_event *e)
{
	struct process *parent = processes_find(ps, e->parent_pid), *child;

	if (e->pid == e->parent_pid) {
		if (!parent)
			return 0;
		parent->n_threads += parent->n_threads > 0;
		threads_began(ps, parent, parent, e);
		return 0;
	}
	child = processes_add(ps, e->pid);
	if (!child)
		return -ENOMEM;
	child->parent_pid = e->parent_pid;
	child->forked_ns = e->time_ns;
	child->n_threads = 1;
	parent = processes_find(ps, e->parent_pid);
	if (!parent)
		return 0;
	memcpy(child->comm, parent->comm, sizeof(child->comm));
	threads_began(ps, parent, child, e);
	child->container = parent->container;
	child->exe = parent->exe ? binary_ref(parent->exe) : NULL;
	child->wants_exe = parent->wants_exe;
	if (parent->maps && parent->epoch == ps->epoch)
		child->maps = mappings_ref(parent->maps);
	return 0;
}

/* The dead stay findable in the table until processes_sweep(): their last samples come late. */
static int apply_exit(struct processes *ps, const struct process_event *e)
{
	struct process *p = processes_find(ps, e->pid);

	if (!p)
		return 0;
	if (e->tid == e->pid)
		p->had_leader_exit = true;
	threads_ended(p, e->tid);
	if (p->n_threads && --p->n_threads == 0)
		p->ended_ns = e->time_ns;
	return 0;
}

void process_set_comm(struct process *p, const char *comm)
{
	memset(p->comm, 0, sizeof(p->comm));
	memcpy(p->comm, comm, strnlen(comm, sizeof(p->comm) - 1));
	p->window = 0;
}

static int apply_exec(struct processes *ps, const struct process_event *e)
{
	struct process *p = processes_find(ps, e->pid);

	if (!p)
		p = processes_add(ps, e->pid);
	if (!p)
		return -ENOMEM;
	process_forget_maps(p);
	p->maps = mappings_new();
	p->maps_cause = p->maps ? NULL : cause_memory;
	p->epoch = ps->epoch;
	p->exec_generation++;
	p->exec_ns = e->time_ns;
	threads_forget(&p->threads);
	p->n_threads = 1; /* exec ends the others before it is reported */
	p->wants_exe = true;
	p->had_leader_exit = false;
	p->has_container = false; /* a runtime moves its child between fork and exec */
	process_set_comm(p, e->comm);
	return p->maps ? 0 : -ENOMEM;
}

static bool is_anonymous(const char *path, size_t len, uint64_t inode)
{
	return len == 0 || (inode == 0 && !memcmp(path, "//", len < 2 ? len : 2)) ||
	       (inode == 0 && path[0] != '[') || (len == 7 && !memcmp(path, "[stack]", 7)) ||
	       (len == 6 && !memcmp(path, "[heap]", 6)) ||
	       (len > 5 && !memcmp(path, "[anon", 5));
}

int process_add_mapping(struct processes *ps, struct process *p, const struct binary_key *key,
			struct mapping *row)
{
	int r;

	if (!is_anonymous(key->path, key->path_len, key->inode)) {
		row->binary = binaries_ref(ps->binaries, key);
		if (!row->binary)
			return -ENOMEM;
	}
	r = mappings_insert(&p->maps, row);
	if (r == -E2BIG)
		ps->n_maps_cut++;
	return r == -E2BIG ? 0 : r;
}

static int apply_mmap(struct processes *ps, const struct process_event *e)
{
	struct process *p = processes_find(ps, e->pid);
	struct binary_key key = {
		.device_major = e->device_major, .device_minor = e->device_minor,
		.inode = e->inode, .path = e->path, .path_len = strlen(e->path),
	};
	struct mapping row = {
		.start = e->start, .end = e->end, .file_offset = e->file_offset,
		.since_ns = e->time_ns,
	};

	if (!p || !p->maps)
		return 0; /* the snapshot of /proc will hold it */
	if (p->wants_exe && e->inode) {
		binary_unref(p->exe);
		p->exe = binaries_ref(ps->binaries, &key);
		p->wants_exe = false;
		p->window = 0;
	}
	return process_add_mapping(ps, p, &key, &row);
}

static int apply_lost(struct processes *ps, const struct process_event *e)
{
	(void)e;
	ps->epoch++;
	return 0;
}

static bool is_followed(struct processes *ps, const struct process_event *e)
{
	if (!ps->is_filtered || e->kind == PROCESS_EVENT_LOST || processes_find(ps, e->pid))
		return true;
	return e->kind == PROCESS_EVENT_FORK && processes_find(ps, e->parent_pid);
}

int processes_apply(struct processes *ps, const struct process_event *e)
{
	static int (*const apply[])(struct processes *ps, const struct process_event *e) = {
		[PROCESS_EVENT_FORK] = apply_fork, [PROCESS_EVENT_EXIT] = apply_exit,
		[PROCESS_EVENT_COMM] = threads_apply_comm, [PROCESS_EVENT_EXEC] = apply_exec,
		[PROCESS_EVENT_MMAP] = apply_mmap, [PROCESS_EVENT_LOST] = apply_lost,
	};

	if ((size_t)e->kind >= ARRAY_SIZE(apply) || !apply[e->kind] || !is_followed(ps, e))
		return 0;
	return apply[e->kind](ps, e);
}

/* ---- samples ---- */

/* The parent's pid may be another process by now, or run another program than at the fork. */
static bool was_parent(const struct process *parent, const struct process *child)
{
	return parent->forked_ns <= child->forked_ns && parent->exec_ns <= child->forked_ns &&
	       (!child->start_time || parent->start_time <= child->start_time);
}

/* A child that is gone without having run another program had its parent's mappings. */
static void process_inherit(struct processes *ps, struct process *p)
{
	struct process *parent = processes_find(ps, p->parent_pid);

	if (!p->forked_ns || p->exec_generation)
		return; /* what it ran before it was watched is not known */
	if (!parent) {
		parent = processes_add(ps, p->parent_pid);
		if (!parent)
			return;
	}
	if (!parent->maps && !parent->maps_cause)
		(void)snapshot_take(ps, parent);
	if (!parent->maps || !was_parent(parent, p))
		return;
	p->maps = mappings_ref(parent->maps);
	p->exe = parent->exe ? binary_ref(parent->exe) : NULL;
	p->maps_cause = NULL;
	if (!p->comm[0])
		process_set_comm(p, parent->comm);
}

static void process_refresh(struct processes *ps, struct process *p)
{
	struct mappings *old = p->maps ? mappings_ref(p->maps) : NULL;
	struct binary *exe = p->exe ? binary_ref(p->exe) : NULL;

	threads_forget(&p->threads);
	if (snapshot_take(ps, p) < 0) {
		if (old) { /* stale, but all there is */
			p->maps = mappings_ref(old);
			p->exe = exe ? binary_ref(exe) : NULL;
			p->maps_cause = NULL;
		} else {
			process_inherit(ps, p);
		}
	}
	mappings_unref(old);
	binary_unref(exe);
}

/* A process that is gone by now keeps what it had from its parent. */
static void process_read_container(struct processes *ps, struct process *p)
{
	struct container c;
	struct proc_stat stat;

	p->has_container = true;
	if (proc_read_container(ps->proc_root, p->pid, &c) < 0 ||
	    proc_read_stat(ps->proc_root, p->pid, &stat) < 0 ||
	    (p->start_time && stat.start_time != p->start_time))
		return;
	p->container = c;
	p->window = 0;
}

struct process *processes_sampled(struct processes *ps, uint32_t pid, uint64_t start_time,
				  bool want_maps)
{
	struct process *p = processes_find(ps, pid);

	if (!p || (p->start_time && start_time && p->start_time != start_time)) {
		p = processes_add(ps, pid);
		if (!p)
			return NULL;
	}
	p->start_time = start_time ? start_time : p->start_time;
	if (!p->has_container)
		process_read_container(ps, p);
	if (!want_maps)
		return p;
	if ((!p->maps && !p->maps_cause) || p->epoch != ps->epoch)
		process_refresh(ps, p);
	return p;
}

/* ---- sweeping ---- */

static bool process_is_over(const struct processes *ps, const struct process *p, uint64_t before_ns)
{
	if (p->ended_ns)
		return p->ended_ns < before_ns;
	if (p->epoch == ps->epoch && (!p->had_leader_exit || p->n_threads))
		return false;
	/* Threads were not counted, or events were lost: ask. */
	return kill((pid_t)p->pid, 0) < 0 && errno == ESRCH;
}

void processes_sweep(struct processes *ps, uint64_t before_ns)
{
	for (size_t i = 0; i < ps->n_buckets; i++)
		for (struct process **slot = &ps->buckets[i], *p; (p = *slot);) {
			if (!process_is_over(ps, p, before_ns)) {
				slot = &p->next;
				continue;
			}
			*slot = p->next;
			ps->n--;
			process_free(p);
		}
}
