/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task that has ended stays for a while: a CPU's last samples of it may come later than its end,
 * and its pid is given to another only after some thousand others.
 */
#include "perf_tasks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <hearth/profile.h>

#include "common/cleanup.h"

#define PID_KERNEL UINT32_MAX

int perf_tasks_init(struct perf_tasks *t, const struct perf_facts *facts, struct recorded_files *files,
		    struct warnings *warnings)
{
	static const struct recorded_key code = { .path = "[jit]", .path_len = sizeof("[jit]") - 1 };

	memset(t, 0, sizeof(*t));
	t->facts = facts;
	t->files = files;
	t->warnings = warnings;
	t->code = recorded_find(files, &code);
	if (!t->code)
		return -ENOMEM;
	/* Its names came from a file of the process, or from the process itself. */
	if (t->code->state == RECORDED_NEW) {
		t->code->cause = strdup("generated code, and its process is gone");
		t->code->state = RECORDED_FAILED;
	}
	return 0;
}

static void thread_free(struct perf_tasks *t, struct perf_thread *thread)
{
	struct perf_process *p = thread->process;

	free(thread);
	if (--p->n_threads > 0)
		return;
	if (u64_map_find(&t->processes, p->pid) == p)
		u64_map_remove(&t->processes, p->pid);
	perf_maps_unref(p->maps);
	free(p);
}

static void thread_drop(struct perf_tasks *t, struct perf_thread *thread)
{
	thread->next = t->dropped;
	t->dropped = thread;
}

void perf_tasks_bury(struct perf_tasks *t)
{
	while (t->dropped) {
		struct perf_thread *thread = t->dropped;

		t->dropped = thread->next;
		thread_free(t, thread);
	}
}

void perf_tasks_done(struct perf_tasks *t)
{
	perf_tasks_bury(t);
	for (size_t i = 0; i < t->threads.n_slots; i++)
		if (t->threads.slots[i].value)
			thread_free(t, t->threads.slots[i].value);
	u64_map_done(&t->threads);
	u64_map_done(&t->processes);
}

/* ---- making tasks ---- */

static void copy_comm(char to[PERF_COMM_BYTES], const char *from)
{
	snprintf(to, PERF_COMM_BYTES, "%s", from);
}

static struct perf_process *process_new(struct perf_tasks *t, uint32_t pid, const char *comm,
					struct perf_maps *maps)
{
	struct perf_process *p = maps ? calloc(1, sizeof(*p)) : NULL;

	if (!p || u64_map_put(&t->processes, pid, p) < 0) {
		perf_maps_unref(maps);
		free(p);
		return NULL;
	}
	p->pid = pid;
	p->maps = maps;
	p->epoch = ++t->epoch;
	copy_comm(p->comm, comm);
	return p;
}

static struct perf_thread *thread_new(struct perf_tasks *t, struct perf_process *p, uint32_t tid,
				      const char *comm)
{
	struct perf_thread *old = u64_map_find(&t->threads, tid);
	struct perf_thread *thread = calloc(1, sizeof(*thread));

	if (!thread || u64_map_put(&t->threads, tid, thread) < 0) {
		free(thread);
		return NULL;
	}
	thread->process = p;
	thread->tid = tid;
	thread->epoch = ++t->epoch;
	copy_comm(thread->comm, comm);
	p->n_threads++;
	if (old)
		thread_drop(t, old);
	return thread;
}

/* A new process with its main thread. Takes `maps`. */
static struct perf_thread *leader_new(struct perf_tasks *t, uint32_t pid, const char *comm,
				      struct perf_maps *maps)
{
	struct perf_process *p = process_new(t, pid, comm, maps);
	struct perf_thread *thread = p ? thread_new(t, p, pid, comm) : NULL;

	if (p && !thread) {
		u64_map_remove(&t->processes, pid);
		perf_maps_unref(p->maps);
		free(p);
	}
	return thread;
}

static const char *unknown_comm(uint32_t tid, char buf[PERF_COMM_BYTES])
{
	if (tid == 0)
		return "swapper";
	snprintf(buf, PERF_COMM_BYTES, ":%d", (int)tid);
	return buf;
}

static struct perf_process *find_process(struct perf_tasks *t, uint32_t pid)
{
	struct perf_process *p = u64_map_find(&t->processes, pid);
	char buf[PERF_COMM_BYTES];
	struct perf_thread *leader;

	if (p)
		return p;
	leader = leader_new(t, pid, unknown_comm(pid, buf), perf_maps_new());
	return leader ? leader->process : NULL;
}

struct perf_thread *perf_tasks_thread(struct perf_tasks *t, uint32_t pid, uint32_t tid)
{
	struct perf_thread *thread = u64_map_find(&t->threads, tid);
	struct perf_process *p;
	char buf[PERF_COMM_BYTES];

	if (thread && thread->process->pid == pid)
		return thread;
	p = find_process(t, pid);
	if (!p)
		return NULL;
	thread = u64_map_find(&t->threads, tid);
	return thread && thread->process == p ? thread : thread_new(t, p, tid, unknown_comm(tid, buf));
}

/* ---- records ---- */

/*
 * An exec leaves the old mappings where they are until new ones cover them: the thread is still on
 * its way out of execve() when samples are taken then, with the address that it called it from.
 */
static int on_comm(struct perf_tasks *t, const struct perf_event_header *h, struct perf_bytes *b,
		   uint64_t time_ns, struct perf_change *ret)
{
	uint32_t pid = perf_take_u32(b), tid = perf_take_u32(b);
	const char *comm = perf_take_string(b);
	struct perf_thread *thread = b->is_short ? NULL : perf_tasks_thread(t, pid, tid);
	struct perf_process *p;

	if (!thread)
		return b->is_short ? -EBADMSG : -ENOMEM;
	p = thread->process;
	copy_comm(thread->comm, comm);
	thread->epoch = ++t->epoch;
	*ret = (struct perf_change){ HEARTH_EVENT_COMM, tid, 0, thread->comm, p };
	if (pid != tid)
		return 0;
	copy_comm(p->comm, comm);
	p->epoch = ++t->epoch;
	if (!(h->misc & PERF_RECORD_MISC_COMM_EXEC))
		return 0;
	ret->kind = 0; /* the row of the process tells of it */
	p->exec_generation++;
	p->exec_ns = time_ns;
	p->exe = NULL;
	return 0;
}

/* A child that execs at once has nothing of its parent's memory: perf tells so of what it finds. */
static struct perf_maps *inherited(const struct perf_event_header *h, const struct perf_process *parent)
{
	if (h->misc & PERF_RECORD_MISC_COMM_EXEC)
		return perf_maps_new();
	return perf_maps_ref(parent->maps);
}

static int on_fork(struct perf_tasks *t, const struct perf_event_header *h, struct perf_bytes *b,
		   uint64_t time_ns, struct perf_change *ret)
{
	uint32_t pid = perf_take_u32(b), ppid = perf_take_u32(b);
	uint32_t tid = perf_take_u32(b), ptid = perf_take_u32(b);
	struct perf_thread *parent = b->is_short ? NULL : perf_tasks_thread(t, ppid, ptid), *child;
	struct recorded_file *exe;

	if (!parent)
		return b->is_short ? -EBADMSG : -ENOMEM;
	if (pid == ppid && tid == ptid)
		return 0;
	exe = parent->process->exe; /* a damaged record may have the child take the parent's place */
	if (pid == ppid)
		child = thread_new(t, parent->process, tid, parent->comm);
	else
		child = leader_new(t, pid, parent->comm, inherited(h, parent->process));
	if (!child)
		return -ENOMEM;
	if (pid != ppid) {
		child->process->parent_pid = ppid;
		child->process->fork_ns = time_ns;
		child->process->exe = exe;
	}
	*ret = (struct perf_change){ HEARTH_EVENT_FORK, tid, ppid, child->comm, child->process };
	return 0;
}

static void reap(struct perf_tasks *t, uint64_t tid)
{
	struct perf_thread *thread = u64_map_find(&t->threads, tid);

	if (!thread || !thread->is_gone)
		return;
	u64_map_remove(&t->threads, tid);
	thread_drop(t, thread);
}

static int on_exit_record(struct perf_tasks *t, struct perf_bytes *b, struct perf_change *ret)
{
	uint32_t pid = perf_take_u32(b), ppid = perf_take_u32(b), tid = perf_take_u32(b);
	struct perf_thread *thread = b->is_short ? NULL : u64_map_find(&t->threads, tid);
	uint64_t *place = &t->exited[t->n_exited % PERF_TASKS_EXITED];

	if (!thread || thread->process->pid != pid || thread->is_gone)
		return b->is_short ? -EBADMSG : 0;
	thread->is_gone = true;
	if (t->n_exited++ >= PERF_TASKS_EXITED)
		reap(t, *place);
	*place = tid;
	*ret = (struct perf_change){ HEARTH_EVENT_EXIT, tid, ppid, NULL, thread->process };
	return 0;
}

/* ---- mappings ---- */

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Memory in which code is made, not mapped. */
static bool is_anonymous(const char *path)
{
	static const char *const prefixes[] = {
		"//anon", "/dev/zero", "/anon_hugepage", "/SYSV", "[heap]", "[stack", "[anon",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (starts_with(path, prefixes[i]))
			return true;
	return path[0] == 0;
}

static struct recorded_file *file_of(struct perf_tasks *t, const char *path, const struct perf_build_id *id,
				     uint64_t kernel_text)
{
	struct recorded_key key = {
		.path = path, .path_len = strlen(path),
		.build_id = id ? id->bytes : NULL, .build_id_len = id ? id->len : 0,
		.kernel_text = kernel_text,
	};

	return recorded_find(t->files, &key);
}

/*
 * "[kernel.kallsyms]_text": behind the name stands the symbol whose address in the recording is the
 * file offset. Modules have rows of their own; their addresses are the kernel's all the same.
 */
static int map_kernel(struct perf_tasks *t, const struct perf_map *row, const char *path,
		      const struct perf_build_id *id)
{
	static const char name[] = "[kernel.kallsyms]";

	if (!starts_with(path, name) || t->kernel_map.start)
		return 0;
	if (!id || !id->len)
		id = perf_facts_build_id(t->facts, name);
	t->kernel = file_of(t, HEARTH_INSPECT_KERNEL, id, row->file_offset);
	t->kernel_map = *row;
	t->kernel_map.file = t->kernel;
	/* As perf does: pipes and compressed files do not tell it, and most are read where they were made. */
	if (t->kernel && !t->kernel->build_id_len && t->kernel->state == RECORDED_NEW)
		t->kernel->state = RECORDED_KNOWN;
	return t->kernel ? 0 : -ENOMEM;
}

static int map_user(struct perf_tasks *t, uint32_t pid, struct perf_map *row, const char *path,
		    const struct perf_build_id *id, bool is_executable)
{
	struct perf_process *p = find_process(t, pid);

	if (!p)
		return -ENOMEM;
	p->epoch = ++t->epoch;
	if (!is_executable)
		return perf_maps_cover(&p->maps, row->start, row->end, NULL);
	if (!is_anonymous(path)) {
		if (!id || !id->len)
			id = perf_facts_build_id(t->facts, path);
		row->file = file_of(t, path, id, 0);
	}
	if (!p->exe && row->file && path[0] == '/')
		p->exe = row->file;
	return perf_maps_cover(&p->maps, row->start, row->end, row);
}

static int on_map(struct perf_tasks *t, const struct perf_event_header *h, struct perf_bytes *b,
		  uint64_t time_ns)
{
	uint32_t pid = perf_take_u32(b), protection = PROT_EXEC, mode = h->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	struct perf_map row = { .since_ns = time_ns };
	struct perf_build_id id = { .len = 0 };
	const uint8_t *identity = NULL;
	const char *path;
	uint64_t len;
	int r;

	(void)perf_take_u32(b); /* tid */
	row.start = perf_take_u64(b);
	len = perf_take_u64(b);
	row.file_offset = perf_take_u64(b);
	if (h->type == PERF_RECORD_MMAP2) {
		identity = perf_take(b, 24);
		protection = perf_take_u32(b);
		(void)perf_take_u32(b); /* flags */
	} else if (h->misc & PERF_RECORD_MISC_MMAP_DATA) {
		protection = PROT_READ;
	}
	path = perf_take_string(b);
	if (b->is_short || len == 0 || __builtin_add_overflow(row.start, len, &row.end))
		return b->is_short ? -EBADMSG : 0;
	if (identity && (h->misc & PERF_RECORD_MISC_MMAP_BUILD_ID)) {
		id.len = identity[0] <= PERF_BUILD_ID_BYTES ? identity[0] : 0;
		memcpy(id.bytes, identity + 4, sizeof(id.bytes));
	}
	if (mode == PERF_RECORD_MISC_KERNEL)
		return map_kernel(t, &row, path, &id);
	if (mode != PERF_RECORD_MISC_USER || pid == PID_KERNEL)
		return 0; /* of a guest */
	r = map_user(t, pid, &row, path, &id, protection & PROT_EXEC || protection == 0);
	if (r == -E2BIG)
		warnings_add(t->warnings, "too many mappings", "process %u has more than %d mappings; its "
			     "later ones are left out, and their frames have no name", pid, PERF_MAPS_MAX);
	return r == -E2BIG ? 0 : r;
}

int perf_tasks_apply(struct perf_tasks *t, const struct perf_event_header *h, struct perf_bytes body,
		     uint64_t time_ns, struct perf_change *ret)
{
	*ret = (struct perf_change){ .kind = 0 };
	switch (h->type) {
	case PERF_RECORD_COMM:
		return on_comm(t, h, &body, time_ns, ret);
	case PERF_RECORD_FORK:
		return on_fork(t, h, &body, time_ns, ret);
	case PERF_RECORD_EXIT:
		return on_exit_record(t, &body, ret);
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		return on_map(t, h, &body, time_ns);
	default:
		return 0;
	}
}
