/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request at a time: while it is under way the reader stands still, so that threads, mappings and
 * windows are what they were when the samples came.
 */
#include "dwarf_stacks.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* What a request may hold is shared by mappings and all else. */
enum {
	MAX_SAMPLES = 512,
	MAX_SPACES = 64,
	MAX_MAPPINGS = (HEARTH_UNWIND_MAX_BYTES / 4) / sizeof(struct hearth_unwind_mapping),
	MAX_SAMPLE_BYTES = HEARTH_UNWIND_MAX_BYTES / 4 * 3 - (64 << 10), /* less the tables */
};

/* A register that only the other machine has tells whose a mask is. */
#define AARCH64_PC 32

struct pending {
	struct perf_window *window;
	const struct perf_thread *thread;
	struct perf_sample sample; /* what it points to is in `bytes` */
	uint32_t space;
};

struct space {
	const struct perf_process *process;
	uint32_t first, n; /* of `mappings` */
};

struct dwarf_stacks {
	const struct hearth_host *host;
	const struct hearth_inspect *inspect; /* NULL: it cannot unwind */
	struct pending rows[MAX_SAMPLES];
	struct space spaces[MAX_SPACES];
	uint32_t n, n_spaces, n_mappings;
	bool is_asked;
	size_t n_bytes;
	uint8_t *bytes;
	struct hearth_unwind_mapping *mappings;
	struct hearth_unwind_sample samples[MAX_SAMPLES];
};

int dwarf_stacks_new(const struct hearth_host *host, const struct hearth_inspect *inspect,
		     struct dwarf_stacks **ret)
{
	struct dwarf_stacks *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->host = host;
	if (inspect && HEARTH_HAS(inspect, unwind))
		d->inspect = inspect->unwind ? inspect : NULL;
	d->bytes = malloc(MAX_SAMPLE_BYTES);
	d->mappings = calloc(MAX_MAPPINGS, sizeof(*d->mappings));
	if (!d->bytes || !d->mappings) {
		dwarf_stacks_free(d);
		return -ENOMEM;
	}
	*ret = d;
	return 0;
}

struct dwarf_stacks *dwarf_stacks_free(struct dwarf_stacks *d)
{
	if (!d)
		return NULL;
	free(d->bytes);
	free(d->mappings);
	free(d);
	return NULL;
}

bool dwarf_stacks_are_of(const struct perf_event *e)
{
	return e->sample_type & PERF_SAMPLE_REGS_USER && e->sample_type & PERF_SAMPLE_STACK_USER;
}

bool dwarf_stacks_have(const struct dwarf_stacks *d, uint32_t pid)
{
	for (uint32_t i = 0; i < d->n_spaces; i++)
		if (d->spaces[i].process->pid == pid)
			return true;
	return false;
}

/* ---- collecting ---- */

static uint64_t registers_of(const struct perf_sample *s)
{
	return s->regs.abi == PERF_SAMPLE_REGS_ABI_64 ? s->regs.mask : 0;
}

/* -EBUSY: there is no room for another. */
static int space_of(struct dwarf_stacks *d, const struct perf_process *p, uint32_t *ret)
{
	size_t n = perf_maps_length(p->maps);

	for (*ret = 0; *ret < d->n_spaces; ++*ret)
		if (d->spaces[*ret].process == p)
			return 0;
	if (d->n_spaces == MAX_SPACES || (d->n_spaces > 0 && n > MAX_MAPPINGS - d->n_mappings))
		return -EBUSY;
	if (n > MAX_MAPPINGS) /* its mappings above are left out */
		n = MAX_MAPPINGS;
	d->spaces[d->n_spaces++] = (struct space){ p, d->n_mappings, (uint32_t)n };
	d->n_mappings += (uint32_t)n;
	return 0;
}

static const uint8_t *keep(struct dwarf_stacks *d, const uint8_t *data, size_t len)
{
	uint8_t *to = d->bytes + d->n_bytes;

	if (len > 0)
		memcpy(to, data, len);
	d->n_bytes += (len + 7) & ~(size_t)7;
	return to;
}

int dwarf_stacks_collect(struct dwarf_stacks *d, struct perf_window *w, const struct perf_sample *s,
			 const struct perf_thread *thread)
{
	size_t registers = (size_t)__builtin_popcountll(registers_of(s)) * sizeof(uint64_t);
	size_t chain = (size_t)s->n_chain * sizeof(uint64_t);
	size_t stack = s->stack.size & ~(uint64_t)7;
	struct pending *row = &d->rows[d->n];
	uint32_t space;
	int r;

	if (d->n == MAX_SAMPLES || chain + registers + stack > MAX_SAMPLE_BYTES - d->n_bytes)
		return -EBUSY;
	r = space_of(d, thread->process, &space);
	if (r < 0)
		return r;
	*row = (struct pending){ .window = w, .thread = thread, .sample = *s, .space = space };
	row->sample.chain = keep(d, s->chain, chain);
	row->sample.regs.values = keep(d, s->regs.values, registers);
	row->sample.stack.data = keep(d, s->stack.data, stack);
	row->sample.stack.size = stack;
	d->n++;
	return 0;
}

/* ---- going out ---- */

static void tell(struct dwarf_stacks *d, const struct hearth_unwound *answer, const char *cause)
{
	for (uint32_t i = 0; i < d->n; i++) {
		const struct pending *row = &d->rows[i];
		struct perf_unwound u = { .cause = cause };
		struct hearth_unwound_stack stack = {};

		if (answer && registers_of(&row->sample) && row->sample.stack.size > 0) {
			memcpy(&stack, (const char *)answer->stacks + (size_t)i * answer->stack_stride,
			       sizeof(stack));
			u = (struct perf_unwound){
				.frames = (const char *)answer->frames +
					  (size_t)stack.first_frame * answer->frame_stride,
				.stride = answer->frame_stride,
				.n = stack.n_frames,
				.cause = stack.cause,
			};
		}
		/* Threads of the kernel have no user stack, and nothing is missing. */
		if (!registers_of(&row->sample) && row->sample.regs.abi == PERF_SAMPLE_REGS_ABI_NONE)
			u.cause = NULL;
		perf_window_add_unwound(row->window, &row->sample, row->thread, &u);
	}
	d->n = d->n_spaces = d->n_mappings = 0;
	d->n_bytes = 0;
}

static void on_unwound(void *ctx, const struct hearth_unwound *answer)
{
	struct dwarf_stacks *d = ctx;

	d->is_asked = false;
	if (answer->status == 0 && answer->n_stacks == d->n)
		tell(d, answer, "no user stack was sampled");
	else
		tell(d, NULL, answer->cause ? answer->cause : strerrordesc_np(-answer->status));
	(void)d->host->wake(d->host);
}

/* True while a file is still being looked for. */
static bool space_fill(struct dwarf_stacks *d, const struct space *space)
{
	bool is_waiting = false;

	for (uint32_t i = 0; i < space->n; i++) {
		const struct perf_map *m = perf_maps_at(space->process->maps, i);

		if (m->file) {
			recorded_want(m->file);
			is_waiting |= m->file->state == RECORDED_PENDING;
		}
		d->mappings[space->first + i] = (struct hearth_unwind_mapping){
			.start = m->start,
			.end = m->end,
			.offset = m->file_offset,
			.handle = m->file ? m->file->handle : 0,
		};
	}
	return is_waiting;
}

static uint32_t machine_of(const struct dwarf_stacks *d)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (registers_of(&d->rows[i].sample) & 1ull << AARCH64_PC)
			return EM_AARCH64;
	return EM_X86_64;
}

static uint64_t stack_pointer_of(const struct perf_sample *s, uint32_t machine)
{
	int number = machine == EM_AARCH64 ? 31 : 7; /* PERF_REG_ARM64_SP, PERF_REG_X86_SP */
	uint64_t below = registers_of(s) & ((1ull << number) - 1);

	if (!(registers_of(s) & 1ull << number))
		return 0;
	return perf_chain_at(s->regs.values, (uint64_t)__builtin_popcountll(below));
}

static int ask(struct dwarf_stacks *d)
{
	struct hearth_unwind_space spaces[MAX_SPACES];
	struct hearth_unwind_request request = {
		.size = sizeof(request),
		.machine = machine_of(d),
		.spaces = spaces,
		.samples = d->samples,
		.n_spaces = d->n_spaces,
		.space_stride = sizeof(spaces[0]),
		.n_samples = d->n,
		.sample_stride = sizeof(d->samples[0]),
	};

	for (uint32_t i = 0; i < d->n_spaces; i++)
		spaces[i] = (struct hearth_unwind_space){
			d->mappings + d->spaces[i].first, d->spaces[i].n, sizeof(d->mappings[0]),
		};
	for (uint32_t i = 0; i < d->n; i++) {
		const struct perf_sample *s = &d->rows[i].sample;

		d->samples[i] = (struct hearth_unwind_sample){
			.space = d->rows[i].space,
			.stack_bytes = (uint32_t)s->stack.size,
			.register_mask = registers_of(s),
			.registers = (const uint64_t *)(const void *)s->regs.values,
			.stack_address = stack_pointer_of(s, request.machine),
			.stack = s->stack.data,
		};
	}
	return d->inspect->unwind(d->host, &request, on_unwound, d);
}

int dwarf_stacks_flush(struct dwarf_stacks *d)
{
	bool is_waiting = false;
	int r;

	if (d->is_asked)
		return -EBUSY;
	if (d->n == 0)
		return 0;
	if (!d->inspect) {
		tell(d, NULL, "this host cannot unwind stacks");
		return 0;
	}
	for (uint32_t i = 0; i < d->n_spaces; i++)
		is_waiting |= space_fill(d, &d->spaces[i]);
	if (is_waiting)
		return -EBUSY;
	d->is_asked = true; /* an answer may come while the call runs */
	r = ask(d);
	if (r == 0)
		return -EBUSY;
	d->is_asked = false;
	if (r == -EAGAIN)
		return -EINPROGRESS;
	tell(d, NULL, strerrordesc_np(-r));
	return 0;
}
