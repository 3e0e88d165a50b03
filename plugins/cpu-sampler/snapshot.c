/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot of /proc shows the present while samples are from half a second ago; what the
 * kernel has reported since is therefore taken out of the snapshot again.
 */
#include "snapshot.h"

#include <errno.h>

static const char cause_gone[] = "process ended before its mappings were read";
static const char cause_exec[] = "process ran another program before its mappings were read";
static const char cause_denied[] = "no permission to read the process's mappings";
static const char cause_memory[] = "out of memory";
static const char cause_error[] = "the process's mappings could not be read";

struct snapshot {
	struct processes *ps;
	struct process *p;
	uint64_t start_code;
	uint32_t n_exits, n_clones; /* of threads, since */
	bool has_exec; /* it ran another program since */
	int error;
};

static int take_line(void *ctx, const struct maps_line *line)
{
	struct snapshot *s = ctx;
	struct binary_key key = {
		.device_major = line->device_major, .device_minor = line->device_minor,
		.inode = line->inode, .path = line->path ? line->path : "",
		.path_len = line->path_len,
	};
	struct mapping row = {
		.start = line->start, .end = line->end, .file_offset = line->file_offset,
	};

	if (line->inode && line->start <= s->start_code && s->start_code < line->end) {
		binary_unref(s->p->exe);
		s->p->exe = binaries_ref(s->ps->binaries, &key);
	}
	return process_add_mapping(s->ps, s->p, &key, &row);
}

/* Undoes what happened after the sample: an exec all of it, an mmap the range it covers. */
static bool undo_event(void *ctx, const struct process_event *e)
{
	struct snapshot *s = ctx;

	if (e->pid != s->p->pid)
		return true;
	if (e->kind == PROCESS_EVENT_EXEC)
		s->has_exec = true;
	s->n_exits += e->kind == PROCESS_EVENT_EXIT;
	s->n_clones += e->kind == PROCESS_EVENT_FORK && e->parent_pid == e->pid;
	if (e->kind == PROCESS_EVENT_MMAP)
		s->error = mappings_remove(&s->p->maps, e->start, e->end);
	return !s->has_exec && s->error == 0;
}

static const char *cause_of(int error)
{
	switch (error) {
	case -ENOENT:
	case -ESRCH:
		return cause_gone;
	case -EACCES:
	case -EPERM:
		return cause_denied;
	case -ENOMEM:
		return cause_memory;
	}
	return cause_error;
}

/* Reads maps between two looks at stat, which together prove whose they are. */
static int read_snapshot(struct processes *ps, struct process *p, struct snapshot *s)
{
	struct proc_stat before, after;
	int r;

	r = proc_read_stat(ps->proc_root, p->pid, &before);
	if (r < 0)
		return r;
	if (p->start_time && before.start_time != p->start_time)
		return -ESRCH;
	s->start_code = before.start_code;
	r = proc_read_maps(ps->proc_root, p->pid, take_line, s);
	if (r < 0 && r != -E2BIG)
		return r;
	r = proc_read_stat(ps->proc_root, p->pid, &after);
	if (r < 0)
		return r;
	if (after.start_time != before.start_time)
		return -ESRCH;
	if (ps->look_ahead)
		ps->look_ahead(ps->look_ahead_ctx, undo_event, s);
	if (s->error < 0)
		return s->error;
	p->start_time = before.start_time;
	p->parent_pid = before.parent_pid;
	p->n_threads = after.n_threads + s->n_exits;
	p->n_threads -= s->n_clones < p->n_threads ? s->n_clones : 0;
	if (!p->comm[0] && !s->has_exec)
		process_set_comm(p, before.comm);
	return 0;
}

int snapshot_take(struct processes *ps, struct process *p)
{
	struct snapshot s = { .ps = ps, .p = p };
	int r;

	process_forget_maps(p);
	p->epoch = ps->epoch;
	p->window = 0;
	p->maps = mappings_new();
	r = p->maps ? read_snapshot(ps, p, &s) : -ENOMEM;
	p->maps_cause = r < 0 ? cause_of(r) : s.has_exec ? cause_exec : NULL;
	if (!p->maps_cause)
		return 0;
	ps->n_maps_unread++;
	process_forget_maps(p);
	return r < 0 ? r : -ESRCH;
}
