/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sample on its way down the stack. libdw asks back for registers and memory; memory is the
 * piece of stack, and nothing else: what compilers' rules read is on the stack.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unwind_space_internal.h"

bool walk_read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *space)
{
	struct walk *w = ((struct unwind_space *)space)->walk;
	uint64_t at = address - w->sample->stack_address;

	(void)dwfl;
	if (w->sample->stack_bytes < sizeof(*ret) || at > w->sample->stack_bytes - sizeof(*ret)) {
		w->is_beyond = true;
		return false;
	}
	memcpy(ret, w->sample->stack + at, sizeof(*ret));
	w->is_zero = *ret == 0;
	return true;
}

bool walk_set_registers(Dwfl_Thread *thread, void *space)
{
	const struct unwind_registers *r = &((struct unwind_space *)space)->walk->registers;

	for (uint32_t i = 0; i < UNWIND_MAX_REGISTERS; i++)
		if (r->known & 1ull << i &&
		    !dwfl_thread_state_registers(thread, (int)i, 1, &r->values[i]))
			return false;
	dwfl_thread_state_register_pc(thread, r->pc);
	return true;
}

static struct mapping *mapping_find(struct unwind_space *s, uint64_t address)
{
	uint32_t low = 0, high = s->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->mappings[middle].where.end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->n && s->mappings[low].where.start <= address ? &s->mappings[low] : NULL;
}

static int on_frame(Dwfl_Frame *frame, void *space)
{
	struct unwind_space *s = space;
	struct walk *w = s->walk;
	bool is_exact = true;
	struct mapping *m;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, NULL))
		return DWARF_CB_ABORT;
	w->last_pc = w->n > 0 ? pc - 1 : pc;
	m = mapping_find(s, w->last_pc);
	if (m && m->state == FILE_UNKNOWN) {
		w->unknown = m;
		return DWARF_CB_ABORT;
	}
	w->is_beyond = w->is_zero = false;
	/* Looks at the frame's own rules, and so takes the step that comes next anyhow. */
	(void)dwfl_frame_pc(frame, &pc, &is_exact);
	w->frames[w->n++] = (struct hearth_unwound_frame){
		.address = pc,
		.flags = is_exact ? 0 : HEARTH_UNWOUND_IS_RETURN,
	};
	return w->n < w->max ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static bool rules_are_outermost(Dwarf_CFI *rules, Dwarf_Addr address)
{
	_cleanup_free_ Dwarf_Frame *frame = NULL;
	Dwarf_Op room[3], *operations;
	size_t n;
	int return_register;

	if (!rules || dwarf_cfi_addrframe(rules, address, &frame) != 0)
		return false;
	return_register = dwarf_frame_info(frame, NULL, NULL, NULL);
	return return_register >= 0 &&
	       dwarf_frame_register(frame, return_register, room, &operations, &n) == 0 &&
	       operations == room && n == 0;
}

/*
 * libdw ends alike where a return address is undefined, where it is 0, as old thread functions have
 * it, and where it could not be worked out; only the first two are the end of a stack. It reads the
 * return address after all other registers.
 */
static bool is_outermost(struct unwind_space *s)
{
	const struct walk *w = s->walk;
	Dwfl_Module *module = dwfl_addrmodule(s->dwfl, w->last_pc);
	Dwarf_Addr bias;
	Dwarf_CFI *rules;

	if (w->is_zero)
		return true;
	if (!module)
		return false;
	rules = dwfl_module_eh_cfi(module, &bias);
	if (rules_are_outermost(rules, w->last_pc - bias))
		return true;
	rules = dwfl_module_dwarf_cfi(module, &bias);
	return rules_are_outermost(rules, w->last_pc - bias);
}

static uint32_t end_of(struct unwind_space *s, int result)
{
	struct walk *w = s->walk;
	const struct mapping *m = mapping_find(s, w->last_pc);

	if (result == DWARF_CB_ABORT && w->n == w->max)
		return HEARTH_UNWOUND_DEPTH;
	if (w->is_beyond)
		return HEARTH_UNWOUND_STACK;
	if (result == 0 && is_outermost(s))
		return HEARTH_UNWOUND_WHOLE;
	if (!m)
		return HEARTH_UNWOUND_MAPPING;
	return m->state == FILE_REPORTED ? HEARTH_UNWOUND_RULES : HEARTH_UNWOUND_FILE;
}

int unwind_space_walk(struct unwind_space *s, const struct unwind_files *files,
		      const struct hearth_unwind_sample *sample, uint32_t max_frames,
		      struct hearth_unwound_frame *frames, struct hearth_unwinding *ret)
{
	struct walk w = { .sample = sample, .frames = frames, .max = max_frames };
	int r, result;

	ret->frames = frames;
	ret->n_frames = 0;
	ret->end = HEARTH_UNWOUND_REGISTERS;
	if (!unwind_registers_read(s->machine, sample->register_mask, sample->registers,
				   &w.registers))
		return 0;
	s->walk = &w;
	for (;;) {
		w.n = 0;
		w.unknown = NULL;
		result = dwfl_getthread_frames(s->dwfl, UNWIND_THREAD, on_frame, s);
		if (!w.unknown)
			break;
		r = mapping_learn(s, files, w.unknown);
		if (r < 0) {
			ret->wanted = w.unknown->where.handle;
			return r;
		}
	}
	ret->n_frames = w.n;
	ret->end = end_of(s, result);
	return 0;
}
