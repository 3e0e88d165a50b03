/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows are looked up three times over: by the whole chain, then by the address, and only what is new
 * in this batch goes through its tables. A key holds the epoch of the process, which changes with
 * its mappings, so nothing has to be forgotten.
 */
#include "perf_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND 1000000000ull
#define NS_PER_TICK (NS_PER_SECOND / 100) /* USER_HZ */

/* Besides PERF_RECORD_MISC_KERNEL and _USER: code of a guest, which nothing here can name. */
enum { MODE_GUEST = PERF_RECORD_MISC_GUEST_USER };

struct perf_window *perf_window_new(const struct perf_event *e, const struct perf_tasks *tasks)
{
	struct perf_window *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	draft_init(&w->draft);
	w->event = e;
	w->tasks = tasks;
	return w;
}

struct perf_window *perf_window_free(struct perf_window *w)
{
	if (!w)
		return NULL;
	draft_done(&w->draft);
	perf_chains_done(&w->chains);
	free(w);
	return NULL;
}

void perf_window_reset(struct perf_window *w)
{
	draft_reset(&w->draft);
	perf_chains_reset(&w->chains);
	memset(w->frame_slots, 0, sizeof(w->frame_slots));
	memset(w->process_slots, 0, sizeof(w->process_slots));
	memset(w->thread_slots, 0, sizeof(w->thread_slots));
	memset(w->cuts, 0, sizeof(w->cuts));
	w->first_ns = w->last_ns = w->n_lost = 0;
}

static uint32_t string_row(struct perf_window *w, const char *s)
{
	return hearth_flat_intern_string(&w->draft.builder, s);
}

/* ---- tasks ---- */

static struct perf_row_slot *slot_of(struct perf_row_slot *slots, uint64_t process_epoch, uint64_t thread_epoch)
{
	return &slots[(process_epoch * 31 + thread_epoch) % PERF_ROW_SLOTS];
}

static void add_event(struct perf_window *w, const struct hearth_process_event *row)
{
	hearth_build_event(&w->draft.builder, row);
}

/*
 * The time of the fork, in the unit of /proc/PID/stat, stands in for the start time, so that two
 * processes of one pid are told apart.
 */
static uint32_t process_row(struct perf_window *w, const struct perf_process *p)
{
	struct perf_row_slot *slot = slot_of(w->process_slots, p->epoch, 0);
	uint64_t before = w->draft.builder.rows[HEARTH_PROFILE_PROCESSES].count;
	struct hearth_process row = {
		.pid = p->pid, .parent_pid = p->parent_pid, .exec_generation = p->exec_generation,
		.start_time = p->fork_ns / NS_PER_TICK,
	};
	struct hearth_process_event exec = {
		.time_ns = p->exec_ns, .kind = HEARTH_EVENT_EXEC, .tid = p->pid,
	};

	if (slot->is_used && slot->process_epoch == p->epoch)
		return slot->row;
	row.comm = exec.string = string_row(w, p->comm);
	row.exe = string_row(w, p->exe ? p->exe->path : NULL);
	*slot = (struct perf_row_slot){ p->epoch, 0, hearth_build_process(&w->draft.builder, &row), 1 };
	exec.process = slot->row;
	if (p->exec_ns && w->draft.builder.rows[HEARTH_PROFILE_PROCESSES].count != before)
		add_event(w, &exec);
	return slot->row;
}

static uint32_t thread_row(struct perf_window *w, const struct perf_thread *t)
{
	struct perf_row_slot *slot = slot_of(w->thread_slots, t->process->epoch, t->epoch);
	struct hearth_thread row = { .tid = t->tid };

	if (slot->is_used && slot->process_epoch == t->process->epoch && slot->thread_epoch == t->epoch)
		return slot->row;
	row.process = process_row(w, t->process);
	row.comm = string_row(w, t->comm);
	*slot = (struct perf_row_slot){
		t->process->epoch, t->epoch, hearth_build_thread(&w->draft.builder, &row), 1,
	};
	return slot->row;
}

void perf_window_add_change(struct perf_window *w, const struct perf_change *c, uint64_t time_ns)
{
	const struct perf_row_slot *slot = c->process ? slot_of(w->process_slots, c->process->epoch, 0) : NULL;
	struct hearth_process_event row = {
		.time_ns = time_ns, .kind = c->kind, .tid = c->tid, .other_pid = c->parent_pid,
	};

	if (!c->kind || !slot->is_used || slot->process_epoch != c->process->epoch)
		return;
	row.process = slot->row;
	row.string = string_row(w, c->comm);
	add_event(w, &row);
}

/* The row of a mapping that samples hit, with the moment it was made. */
static uint32_t mapping_row(struct perf_window *w, const struct perf_map *m, const struct perf_process *p)
{
	uint64_t before = w->draft.builder.rows[HEARTH_PROFILE_MAPPINGS].count;
	struct hearth_mapping row = {
		.start = m->start, .end = m->end, .file_offset = m->file_offset,
		.process = process_row(w, p), .binary = draft_binary(&w->draft, m->file),
	};
	struct hearth_process_event event = {
		.time_ns = m->since_ns, .kind = HEARTH_EVENT_MMAP, .process = row.process, .tid = p->pid,
	};

	event.mapping = hearth_build_mapping(&w->draft.builder, &row);
	if (w->draft.builder.rows[HEARTH_PROFILE_MAPPINGS].count != before)
		add_event(w, &event);
	return event.mapping;
}

/* ---- frames ---- */

/* Where the recorded kernel lay: a mapping of process 0. */
static void add_kernel_map(struct perf_window *w)
{
	const struct perf_map *m = &w->tasks->kernel_map;
	struct hearth_mapping row = {
		.start = m->start, .end = m->end, .file_offset = m->file_offset,
		.binary = draft_binary(&w->draft, m->file),
	};

	if (m->file)
		(void)hearth_build_mapping(&w->draft.builder, &row);
}

static uint32_t kernel_frame(struct perf_window *w, uint64_t address, uint32_t flags)
{
	uint64_t before = w->draft.n_files;
	uint32_t frame = draft_kernel_frame(&w->draft, w->tasks->kernel, address, flags);

	if (w->draft.n_files != before)
		add_kernel_map(w);
	return frame;
}

static uint32_t raw_frame(struct perf_window *w, uint64_t address, uint32_t flags, const char *cause)
{
	struct hearth_frame row = {
		.address = address, .flags = flags | HEARTH_FRAME_RAW, .cause = string_row(w, cause),
	};

	return hearth_build_frame(&w->draft.builder, &row);
}

static uint32_t code_frame(struct perf_window *w, const struct perf_map *m, const struct perf_process *p,
			   uint64_t address, uint32_t flags)
{
	struct hearth_frame row = {
		.address = address, .kind = HEARTH_FRAME_JIT, .flags = flags | HEARTH_FRAME_RAW,
		.mapping = mapping_row(w, m, p), .binary = draft_binary(&w->draft, w->tasks->code),
	};

	return hearth_build_frame(&w->draft.builder, &row);
}

static uint32_t user_frame(struct perf_window *w, const struct perf_process *p, uint64_t address, uint32_t flags)
{
	const struct perf_map *m = perf_maps_find(p->maps, address);

	if (!m)
		return raw_frame(w, address, flags, "address outside every executable mapping");
	if (!m->file)
		return code_frame(w, m, p, address, flags);
	return draft_file_frame(&w->draft, m->file, mapping_row(w, m, p), address,
				address - m->start + m->file_offset, flags);
}

static uint32_t frame_row(struct perf_window *w, const struct perf_process *p, int mode, uint64_t address,
			  uint32_t flags)
{
	uint64_t epoch = mode == PERF_RECORD_MISC_KERNEL ? 0 : p->epoch;
	uint64_t hash = (address + flags + epoch * 0x9e3779b9) * 0xff51afd7ed558ccdull;
	struct perf_frame_slot *slot = &w->frame_slots[hash >> 50];

	_Static_assert(PERF_FRAME_SLOTS == 1 << (64 - 50), "the hash has as many bits as there are slots");
	if (mode == MODE_GUEST)
		return raw_frame(w, address, flags, "in a virtual machine");
	if (slot->frame && slot->address == address && slot->epoch == epoch && slot->flags == flags)
		return slot->frame;
	*slot = (struct perf_frame_slot){ .epoch = epoch, .address = address, .flags = flags };
	slot->frame = epoch ? user_frame(w, p, address, flags) : kernel_frame(w, address, flags);
	return slot->frame;
}

/* ---- stacks ---- */

static int mode_of_misc(uint16_t misc)
{
	switch (misc & PERF_RECORD_MISC_CPUMODE_MASK) {
	case PERF_RECORD_MISC_KERNEL:
	case PERF_RECORD_MISC_HYPERVISOR:
		return PERF_RECORD_MISC_KERNEL;
	case PERF_RECORD_MISC_GUEST_KERNEL:
	case PERF_RECORD_MISC_GUEST_USER:
		return MODE_GUEST;
	default:
		return PERF_RECORD_MISC_USER;
	}
}

static int mode_of_context(uint64_t marker)
{
	switch (marker) {
	case PERF_CONTEXT_KERNEL:
	case PERF_CONTEXT_HV:
		return PERF_RECORD_MISC_KERNEL;
	case PERF_CONTEXT_USER:
		return PERF_RECORD_MISC_USER;
	default:
		return MODE_GUEST;
	}
}

/*
 * The chain as rows of frames, leaf first; of the user's side only if that is wanted. Behind a marker
 * comes where the code was, not a return.
 */
static uint32_t walk_chain(struct perf_window *w, const struct perf_sample *s, const struct perf_process *p,
			   bool want_user)
{
	int mode = PERF_RECORD_MISC_USER;
	uint32_t n = 0, flags = 0;

	for (uint64_t i = 0; i < s->n_chain && n < PERF_STACK_MAX; i++) {
		uint64_t address = perf_chain_at(s->chain, i);

		if (address >= (uint64_t)PERF_CONTEXT_MAX) {
			mode = mode_of_context(address);
			flags = 0;
			continue;
		}
		if (mode == PERF_RECORD_MISC_USER && !want_user)
			continue;
		w->frames[n++] = frame_row(w, p, mode, address, flags);
		flags = HEARTH_FRAME_IS_RETURN;
	}
	if (n == 0 && want_user)
		w->frames[n++] = frame_row(w, p, mode_of_misc(s->misc), s->ip, 0);
	return n;
}

static uint32_t build_stack(struct perf_window *w, const struct perf_sample *s, const struct perf_process *p)
{
	uint32_t n = walk_chain(w, s, p, true);
	char cause[32];

	if (n < w->event->max_stack)
		return hearth_build_stack(&w->draft.builder, w->frames, n, 0);
	snprintf(cause, sizeof(cause), "depth limit %u", w->event->max_stack);
	return hearth_build_stack(&w->draft.builder, w->frames, n, string_row(w, cause));
}

static uint32_t stack_row(struct perf_window *w, const struct perf_sample *s, const struct perf_process *p)
{
	struct perf_chain_slot *slot;
	uint32_t stack;

	/* What ends with a marker may have no address at all, and then the sample's own counts. */
	if (s->n_chain == 0 || perf_chain_at(s->chain, s->n_chain - 1) >= (uint64_t)PERF_CONTEXT_MAX)
		return build_stack(w, s, p);
	slot = perf_chains_slot(&w->chains, p->epoch, s->chain, (uint32_t)s->n_chain);
	if (slot && slot->is_used)
		return slot->stack;
	stack = build_stack(w, s, p);
	if (slot)
		perf_chains_keep(&w->chains, slot, stack);
	return stack;
}

/* A cut stack is counted by its cause; more causes than there are rows are counted with the last. */
static uint32_t cut_row(struct perf_window *w, const char *cause)
{
	uint32_t row = string_row(w, cause), i = 0;

	while (i < PERF_CUTS_MAX - 1 && w->cuts[i].n && w->cuts[i].cause != row)
		i++;
	w->cuts[i].cause = row;
	w->cuts[i].n++;
	return row;
}

static uint32_t unwound_row(struct perf_window *w, const struct perf_sample *s, const struct perf_process *p,
			    const struct perf_unwound *u)
{
	uint32_t n = walk_chain(w, s, p, u->n == 0);

	for (uint32_t i = 0; i < u->n && n < PERF_STACK_MAX; i++) {
		struct hearth_unwound_frame f;

		memcpy(&f, (const char *)u->frames + (size_t)i * u->stride, sizeof(f));
		w->frames[n++] = frame_row(w, p, PERF_RECORD_MISC_USER, f.address,
					   f.flags & HEARTH_FRAME_IS_RETURN);
	}
	return hearth_build_stack(&w->draft.builder, w->frames, n, u->cause ? cut_row(w, u->cause) : 0);
}

static void add_sample(struct perf_window *w, const struct perf_sample *s, const struct perf_thread *thread,
		       uint32_t stack)
{
	struct hearth_sample row = {
		.time_ns = s->time_ns, .value = 1, .cpu = s->cpu, .period = s->period,
	};

	row.thread = thread_row(w, thread);
	row.stack = stack;
	hearth_build_sample(&w->draft.builder, &row);
	if (w->draft.builder.n_items == 1)
		w->first_ns = s->time_ns;
	w->last_ns = s->time_ns;
}

void perf_window_add_unwound(struct perf_window *w, const struct perf_sample *s,
			     const struct perf_thread *thread, const struct perf_unwound *u)
{
	add_sample(w, s, thread, unwound_row(w, s, thread->process, u));
}

void perf_window_add_sample(struct perf_window *w, const struct perf_sample *s,
			    const struct perf_thread *thread)
{
	add_sample(w, s, thread, stack_row(w, s, thread->process));
}

/* ---- the whole ---- */

static bool is_clock(const struct perf_event *e)
{
	return e->type == PERF_TYPE_SOFTWARE &&
	       (e->config == PERF_COUNT_SW_CPU_CLOCK || e->config == PERF_COUNT_SW_TASK_CLOCK);
}

static void add_cut(struct perf_window *w, const struct perf_cut *cut)
{
	struct hearth_loss row = { .kind = HEARTH_LOSS_STACKS, .cause = cut->cause, .count = cut->n };

	if (cut->n)
		hearth_flat_append(&w->draft.builder, HEARTH_PROFILE_LOSSES, &row, sizeof(row));
}

void perf_window_close(struct perf_window *w, const struct perf_facts *facts)
{
	const struct perf_event *e = w->event;
	bool is_monotonic = e->clockid == 1;
	struct hearth_profile_info info = {
		.event = string_row(w, e->name),
		.sample_type = string_row(w, "samples"),
		.sample_unit = string_row(w, "count"),
		.period_type = string_row(w, is_clock(e) ? "cpu" : e->name),
		.period_unit = string_row(w, is_clock(e) ? "nanoseconds" : "count"),
		.period = e->period,
		.window_start_ns = w->first_ns,
		.window_end_ns = w->last_ns + 1,
		.samples_taken = w->draft.builder.n_items + w->n_lost,
	};

	if (e->is_frequency && is_clock(e) && e->frequency)
		info.period = NS_PER_SECOND / e->frequency;
	if (is_monotonic) {
		info.clock_monotonic_ns = facts->clock_monotonic_ns;
		info.clock_realtime_ns = facts->clock_realtime_ns;
	}
	hearth_build_info(&w->draft.builder, &info);
	hearth_build_loss(&w->draft.builder, HEARTH_LOSS_SAMPLES, "ring full", w->n_lost);
	for (uint32_t i = 0; i < PERF_CUTS_MAX; i++)
		add_cut(w, &w->cuts[i]);
}
