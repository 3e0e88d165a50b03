/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses become (binary, ELF virtual address) as soon as the file is known; until then a
 * frame keeps its runtime address and a promise to be put right when the window closes. What
 * could not be named says why, per frame and in sum.
 */
#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

const char *const window_cut_text[WINDOW_N_CUTS] = {
	[CUT_NO_FRAME_POINTERS] = "no frame pointers",
	[CUT_DEPTH] = "depth limit 127",
	[CUT_COMPAT] = "32-bit program",
	[CUT_KERNEL_DEPTH] = "kernel stack depth limit",
	[CUT_KERNEL_FAILED] = "kernel stack could not be walked",
	[CUT_UNCHECKED] = "end not seen without privileges",
};

const char *const window_cut_mend[WINDOW_N_CUTS] = {
	[CUT_DEPTH] = "a recursion deeper than is recorded: the frames nearest to main are missing",
	[CUT_COMPAT] = "run the 64-bit program to see its callers",
	[CUT_UNCHECKED] = "they may be whole: as root, Hearth sees where a stack ends",
};

void window_init(struct window *w, const struct hearth_host *host, struct binaries *known)
{
	memset(w, 0, sizeof(*w));
	hearth_flat_init(&w->builder);
	w->host = host;
	w->known = known;
}

static void release_binaries(struct window *w)
{
	for (size_t i = 0; i < w->n_promises; i++)
		binary_unref(w->promises[i].binary);
	for (size_t i = 0; i < w->n_binaries; i++)
		binary_unref(w->binaries[i]);
	w->n_promises = w->n_binaries = 0;
}

void window_done(struct window *w)
{
	release_binaries(w);
	free(w->promises);
	free(w->binaries);
	hearth_flat_done(&w->builder);
	memset(w, 0, sizeof(*w));
}

void window_begin(struct window *w, uint64_t start_ns)
{
	release_binaries(w);
	hearth_flat_reset(&w->builder);
	w->id++;
	w->start_ns = start_ns;
	w->delivered = w->lost = w->unattributed = w->lost_events = 0;
	w->kernel_row = 0;
	memset(w->cut, 0, sizeof(w->cut));
}

static uint32_t string_row(struct window *w, const char *s)
{
	return hearth_flat_intern_string(&w->builder, s);
}

/* Grows a vector of `unit`-sized elements by one; false: no memory, and the batch will say so. */
static bool vector_reserve(struct window *w, void **vector, size_t *capacity, size_t n, size_t unit)
{
	size_t more = *capacity ? *capacity * 2 : 64;
	void *p;

	if (n < *capacity)
		return true;
	p = realloc(*vector, more * unit);
	if (!p) {
		w->builder.error = -ENOMEM;
		return false;
	}
	*vector = p;
	*capacity = more;
	return true;
}

/* ---- tables ---- */

/* A binary's row is filled in at the end, when its file has been opened. */
static uint32_t binary_row(struct window *w, struct binary *b)
{
	struct hearth_binary row = {};

	if (b->window == w->id)
		return b->row;
	if (!vector_reserve(w, (void **)&w->binaries, &w->binary_capacity, w->n_binaries,
			    sizeof(*w->binaries)))
		return 0;
	if (w->builder.rows[HEARTH_PROFILE_BINARIES].count == 0)
		hearth_flat_append(&w->builder, HEARTH_PROFILE_BINARIES, NULL, sizeof(row));
	row.path = string_row(w, b->path);
	b->row = hearth_flat_append(&w->builder, HEARTH_PROFILE_BINARIES, &row, sizeof(row));
	b->window = w->id;
	w->binaries[w->n_binaries++] = binary_ref(b);
	return b->row;
}

static uint32_t kernel_row(struct window *w)
{
	struct hearth_binary row = {};

	if (w->kernel_row)
		return w->kernel_row;
	if (w->builder.rows[HEARTH_PROFILE_BINARIES].count == 0)
		hearth_flat_append(&w->builder, HEARTH_PROFILE_BINARIES, NULL, sizeof(row));
	row.path = string_row(w, "[kernel]");
	w->kernel_row = hearth_flat_append(&w->builder, HEARTH_PROFILE_BINARIES, &row, sizeof(row));
	return w->kernel_row;
}

static void add_exec_event(struct window *w, const struct process *p)
{
	struct hearth_process_event row = {
		.time_ns = p->exec_ns, .kind = HEARTH_EVENT_EXEC, .process = p->row,
		.tid = p->pid, .string = string_row(w, p->comm),
	};

	hearth_build_event(&w->builder, &row);
}

static void add_label(struct window *w, struct hearth_process *p, const char *key, const char *value)
{
	struct hearth_label_row row = { .key = string_row(w, key), .value = string_row(w, value) };
	uint32_t at = hearth_flat_append(&w->builder, HEARTH_PROFILE_LABELS, &row, sizeof(row));

	p->first_label = p->n_labels++ ? p->first_label : at;
}

static uint32_t process_row(struct window *w, struct process *p, const char *comm)
{
	struct hearth_process row = {
		.pid = p->pid, .exec_generation = p->exec_generation, .start_time = p->start_time,
		.parent_pid = p->parent_pid,
	};

	if (p->window == w->id)
		return p->row;
	row.comm = string_row(w, p->comm[0] ? p->comm : comm);
	row.exe = string_row(w, p->exe ? p->exe->path : NULL);
	row.container = string_row(w, p->container.id);
	if (p->container.pod_uid[0])
		add_label(w, &row, "k8s.pod.uid", p->container.pod_uid);
	p->row = hearth_build_process(&w->builder, &row);
	p->window = w->id;
	if (p->exec_ns)
		add_exec_event(w, p);
	return p->row;
}

static uint32_t thread_row(struct window *w, const struct sample_record *s, struct process *p)
{
	char comm[sizeof(s->comm) + 1] = {};
	struct hearth_thread row = { .tid = s->tid };

	memcpy(comm, s->comm, sizeof(s->comm));
	row.process = process_row(w, p, comm);
	row.comm = string_row(w, comm);
	return hearth_build_thread(&w->builder, &row);
}

/* The row of a mapping that samples hit, with the moment it was made for those who need it. */
static uint32_t mapping_row(struct window *w, struct mapping *m, const struct process *p)
{
	struct hearth_process_event event = {
		.time_ns = m->since_ns, .kind = HEARTH_EVENT_MMAP, .process = p->row,
		.tid = p->pid,
	};
	struct hearth_mapping row = {
		.start = m->start, .end = m->end, .file_offset = m->file_offset,
		.process = p->row,
	};
	uint64_t before = w->builder.rows[HEARTH_PROFILE_MAPPINGS].count;

	if (m->window == w->id && m->row_process == p->row)
		return m->row;
	row.binary = m->binary ? binary_row(w, m->binary) : 0;
	m->row = hearth_build_mapping(&w->builder, &row);
	m->row_process = p->row;
	m->window = w->id;
	event.mapping = m->row;
	if (w->builder.rows[HEARTH_PROFILE_MAPPINGS].count != before)
		hearth_build_event(&w->builder, &event);
	return m->row;
}

/* ---- frames ---- */

static uint32_t kernel_frame(struct window *w, uint64_t address, uint32_t flags)
{
	struct hearth_frame row = {
		.address = address, .binary = kernel_row(w), .kind = HEARTH_FRAME_KERNEL,
		.flags = flags,
	};

	return hearth_build_frame(&w->builder, &row);
}

static void promise(struct window *w, uint32_t frame, struct binary *b, uint64_t file_offset)
{
	if (!vector_reserve(w, (void **)&w->promises, &w->promise_capacity, w->n_promises,
			    sizeof(*w->promises)))
		return;
	w->promises[w->n_promises++] = (struct window_promise){
		.frame = frame, .binary = binary_ref(b), .file_offset = file_offset,
	};
}

static uint32_t unmapped_frame(struct window *w, const struct process *p, uint64_t address,
			       uint32_t flags)
{
	struct hearth_frame row = { .address = address, .flags = flags | HEARTH_FRAME_RAW };

	row.cause = string_row(w, p->maps_cause ? p->maps_cause :
				  "address outside every executable mapping");
	return hearth_build_frame(&w->builder, &row);
}

/* That of a 32-bit process is another image than the one which is asked about. */
static bool is_compat_vdso(const struct mapping *m)
{
	return m->end <= UINT32_MAX && strcmp(m->binary->path, BINARY_VDSO) == 0;
}

static uint32_t file_frame(struct window *w, struct mapping *m, const struct process *p,
			   uint64_t address, uint32_t flags)
{
	struct binary *b = m->binary;
	struct binary_sighting where = { p->pid, p->start_time, m->start, m->end };
	struct hearth_frame row = { .kind = HEARTH_FRAME_NATIVE, .flags = flags };
	uint64_t offset = address - m->start + m->file_offset, before;
	uint32_t frame;

	row.binary = binary_row(w, b);
	if (b->state == BINARY_SPECIAL || is_compat_vdso(m)) {
		row.address = address;
		row.flags |= HEARTH_FRAME_RAW;
		row.mapping = mapping_row(w, m, p);
		row.cause = string_row(w, "not a file");
		return hearth_build_frame(&w->builder, &row);
	}
	binary_want(b, &where, w->now_ns);
	if (b->state == BINARY_KNOWN && binary_address(b, offset, &row.address))
		return hearth_build_frame(&w->builder, &row);
	row.address = address;
	row.flags |= HEARTH_FRAME_RAW;
	row.mapping = mapping_row(w, m, p);
	before = w->builder.rows[HEARTH_PROFILE_FRAMES].count;
	frame = hearth_build_frame(&w->builder, &row);
	if (w->builder.rows[HEARTH_PROFILE_FRAMES].count != before)
		promise(w, frame, b, offset);
	return frame;
}

static uint32_t code_frame(struct window *w, struct mapping *m, struct process *p,
			   uint64_t address, uint32_t flags)
{
	struct binary_sighting where = { p->pid, p->start_time, m->start, m->end };
	struct hearth_frame row = {
		.address = address, .kind = HEARTH_FRAME_JIT, .flags = flags | HEARTH_FRAME_RAW,
		.mapping = mapping_row(w, m, p),
	};

	if (!p->code)
		p->code = binaries_ref_code(w->known, p->pid, p->exec_generation, p->start_time);
	if (p->code) {
		binary_want(p->code, &where, w->now_ns);
		row.binary = binary_row(w, p->code);
	}
	return hearth_build_frame(&w->builder, &row);
}

/* m: what is mapped at the address, or NULL. */
static uint32_t user_frame(struct window *w, struct mapping *m, struct process *p,
			   uint64_t address, uint32_t flags)
{
	if (!m)
		return unmapped_frame(w, p, address, flags);
	if (!m->binary)
		return code_frame(w, m, p, address, flags);
	(void)mapping_row(w, m, p);
	return file_frame(w, m, p, address, flags);
}

/* ---- stacks ---- */

static enum window_cut cut_cause(const struct sample_record *s)
{
	if (s->flags & SAMPLE_USER_CUT)
		return CUT_DEPTH;
	if (s->flags & SAMPLE_USER_COMPAT)
		return CUT_COMPAT;
	if (s->flags & SAMPLE_USER_UNCHECKED)
		return CUT_UNCHECKED;
	/* A lone frame proves nothing: the register may be 0 for reasons of its own. */
	if (s->n_user && (!(s->flags & SAMPLE_USER_END) || s->n_user == 1))
		return CUT_NO_FRAME_POINTERS;
	if (s->flags & SAMPLE_KERNEL_FAILED)
		return CUT_KERNEL_FAILED;
	return s->flags & SAMPLE_KERNEL_CUT ? CUT_KERNEL_DEPTH : CUT_NONE;
}

/* Frame pointers are missing where the outermost frame that was found has its code. */
static void blame(const struct process *p, uint64_t outermost)
{
	const struct mapping *m = p->maps ? mappings_find(p->maps, outermost) : NULL;

	if (m && m->binary)
		m->binary->n_cut++;
}

static uint32_t stack_row(struct window *w, const struct sample_record *s, struct process *p,
			  enum window_cut *cut)
{
	const uint64_t *address = (const uint64_t *)(const void *)(s + 1);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_kernel; i++)
		w->frames[n++] = kernel_frame(w, *address++, i ? HEARTH_FRAME_IS_RETURN : 0);
	for (uint32_t i = 0; i < s->n_user; i++, address++) {
		struct mapping *m = p->maps ? mappings_find(p->maps, *address) : NULL;

		/*
		 * Where frame pointers are missing, the register that should hold one leads anywhere;
		 * an address that nothing executable is mapped at was never returned to.
		 */
		if (i && p->maps && !m) {
			*cut = CUT_NO_FRAME_POINTERS;
			break;
		}
		w->frames[n++] = user_frame(w, m, p, *address, i ? HEARTH_FRAME_IS_RETURN : 0);
	}
	if (*cut == CUT_NO_FRAME_POINTERS)
		blame(p, address[-1]);
	return hearth_build_stack(&w->builder, w->frames, n,
				  string_row(w, window_cut_text[*cut]));
}

void window_add_sample(struct window *w, const struct sample_record *s, struct process *p)
{
	struct hearth_sample row = { .time_ns = s->time_ns, .value = 1, .cpu = s->cpu };
	enum window_cut cut = cut_cause(s);

	w->now_ns = w->host->now_ns(w->host);
	row.thread = thread_row(w, s, p);
	row.stack = stack_row(w, s, p, &cut);
	hearth_build_sample(&w->builder, &row);
	w->cut[cut]++;
	w->delivered++;
}

void window_add_event(struct window *w, const struct process_event *e, struct process *p)
{
	static const uint32_t kinds[] = {
		[PROCESS_EVENT_FORK] = HEARTH_EVENT_FORK, [PROCESS_EVENT_COMM] = HEARTH_EVENT_COMM,
		[PROCESS_EVENT_EXIT] = HEARTH_EVENT_EXIT,
	};
	struct hearth_process_event row = {
		.time_ns = e->time_ns, .tid = e->tid, .other_pid = e->parent_pid,
	};

	if (e->kind == PROCESS_EVENT_LOST)
		w->lost_events += e->lost;
	if (p && p->window == w->id && e->kind < ARRAY_SIZE(kinds) && kinds[e->kind]) {
		row.kind = kinds[e->kind];
		row.process = p->row;
		row.string = string_row(w, e->comm);
		hearth_build_event(&w->builder, &row);
	}
}

bool window_is_waiting(const struct window *w)
{
	for (size_t i = 0; i < w->n_promises; i++)
		if (w->promises[i].binary->state == BINARY_PENDING)
			return true;
	return false;
}
