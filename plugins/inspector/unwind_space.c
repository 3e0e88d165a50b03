/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libdw (elfutils' libdwfl) does the unwinding. It asks back for registers and memory; memory is the
 * piece of stack, and nothing else: what compilers' rules read is on the stack. Modules are
 * reported to it between two walks only, so a walk that comes upon a file for the first time is
 * given up and begun again.
 */
#include "unwind_space.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwfl.h>

#include "unwind_registers.h"

#define THREAD 1 /* there is one, and it has every stack */

enum file_state {
	FILE_UNKNOWN = 0,
	FILE_REPORTED, /* libdw has its rules */
	FILE_EMPTY,    /* it has none that could be used */
};

struct mapping {
	struct hearth_unwind_mapping where;
	const struct unwind_rules *rules; /* FILE_REPORTED */
	uint64_t bias;
	enum file_state state;
};

struct unwind_space {
	uint32_t machine, n;
	struct mapping *mappings;
	Dwfl *dwfl;
	Elf *machine_elf; /* tells libdw the machine before it has seen a file */
	char machine_image[sizeof(Elf64_Ehdr)];
	struct walk *walk; /* the one that is under way */
};

/* One sample on its way down the stack. */
struct walk {
	const struct hearth_unwind_sample *sample;
	struct unwind_registers registers;
	struct hearth_unwound_frame *frames;
	uint32_t n, max;
	struct mapping *unknown; /* what it has stopped at */
	uint64_t last_pc;        /* of the frame that is being unwound, as it is looked up */
	bool is_beyond;          /* what its rules read is not in the piece of stack */
	bool is_zero;            /* what they read last is 0 */
};

/* ---- what libdw asks for ---- */

static int find_elf(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
		    char **file_name, Elf **ret)
{
	const struct mapping *m = *userdata;

	(void)module;
	(void)name;
	(void)base;
	*file_name = NULL;
	*ret = elf_begin(-1, ELF_C_READ, m->rules->elf); /* a reference */
	return -1;
}

static int find_no_debuginfo(Dwfl_Module *module, void **userdata, const char *name,
			     Dwarf_Addr base, const char *file_name, const char *link,
			     GElf_Word checksum, char **ret)
{
	(void)module;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file_name;
	(void)link;
	(void)checksum;
	(void)ret;
	return -1;
}

static const Dwfl_Callbacks module_callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_no_debuginfo,
};

static pid_t next_thread(Dwfl *dwfl, void *space, void **thread_arg)
{
	(void)dwfl;
	if (*thread_arg)
		return 0;
	*thread_arg = space;
	return THREAD;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *space, void **thread_arg)
{
	(void)dwfl;
	*thread_arg = space;
	return tid == THREAD;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *space)
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

static bool set_initial_registers(Dwfl_Thread *thread, void *space)
{
	const struct unwind_registers *r = &((struct unwind_space *)space)->walk->registers;

	for (uint32_t i = 0; i < UNWIND_MAX_REGISTERS; i++)
		if (r->known & 1ull << i &&
		    !dwfl_thread_state_registers(thread, (int)i, 1, &r->values[i]))
			return false;
	dwfl_thread_state_register_pc(thread, r->pc);
	return true;
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_initial_registers,
};

/* ---- a space ---- */

static int machine_attach(struct unwind_space *s)
{
	const Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = (Elf64_Half)s->machine,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(ehdr),
	};

	memcpy(s->machine_image, &ehdr, sizeof(ehdr));
	s->machine_elf = elf_memory(s->machine_image, sizeof(s->machine_image));
	if (!s->machine_elf)
		return -ENOMEM;
	return dwfl_attach_state(s->dwfl, s->machine_elf, THREAD, &thread_callbacks, s) ? 0 : -ENOMEM;
}

int unwind_space_new(uint32_t machine, const struct hearth_unwind_mapping *mappings, uint32_t n,
		     struct unwind_space **ret)
{
	_cleanup_(unwind_space_freep) struct unwind_space *s = calloc(1, sizeof(*s));
	int r;

	if (!unwind_registers_know(machine))
		return -ENOTSUP;
	if (!s)
		return -ENOMEM;
	s->machine = machine;
	s->mappings = calloc((size_t)n + 1, sizeof(*s->mappings));
	if (!s->mappings)
		return -ENOMEM;
	for (; s->n < n; s->n++)
		s->mappings[s->n].where = mappings[s->n];
	s->dwfl = dwfl_begin(&module_callbacks);
	if (!s->dwfl)
		return -ENOMEM;
	r = machine_attach(s);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(s);
	return 0;
}

struct unwind_space *unwind_space_free(struct unwind_space *s)
{
	if (!s)
		return NULL;
	if (s->dwfl)
		dwfl_end(s->dwfl);
	(void)elf_end(s->machine_elf);
	free(s->mappings);
	free(s);
	return NULL;
}

bool unwind_space_is(const struct unwind_space *s, uint32_t machine,
		     const struct hearth_unwind_mapping *mappings, uint32_t n)
{
	if (s->machine != machine || s->n != n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (memcmp(&s->mappings[i].where, &mappings[i], sizeof(mappings[i])) != 0)
			return false;
	return true;
}

uint32_t unwind_space_length(const struct unwind_space *s)
{
	return s->n;
}

bool unwind_space_uses(const struct unwind_space *s, const struct unwind_rules *rules)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->mappings[i].rules == rules)
			return true;
	return false;
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

/* ---- files ---- */

static bool is_reported(const struct unwind_space *s, const struct unwind_rules *rules,
			uint64_t bias)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->mappings[i].state == FILE_REPORTED && s->mappings[i].rules == rules &&
		    s->mappings[i].bias == bias)
			return true;
	return false;
}

/* As one module for all mappings of the file that lie as its segments do. */
static int mapping_report(struct unwind_space *s, struct mapping *m,
			  const struct unwind_rules *rules)
{
	char name[40];
	uint64_t bias;
	bool is_known;

	if (rules->machine != s->machine || unwind_rules_bias(rules, &m->where, &bias) < 0) {
		m->state = FILE_EMPTY;
		return 0;
	}
	is_known = is_reported(s, rules, bias);
	m->state = FILE_REPORTED;
	m->rules = rules;
	m->bias = bias;
	if (is_known)
		return 0;
	snprintf(name, sizeof(name), "%" PRIx64 "@%" PRIx64, m->where.handle, bias);
	dwfl_report_begin_add(s->dwfl);
	if (bias + rules->high > bias + rules->low) {
		Dwfl_Module *module = dwfl_report_module(s->dwfl, name, bias + rules->low,
							 bias + rules->high);
		void **userdata;

		if (module) {
			dwfl_module_info(module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
			*userdata = m;
		}
	}
	return dwfl_report_end(s->dwfl, NULL, NULL) == 0 ? 0 : -ENOMEM;
}

/* 0: the walk can be begun again. */
static int mapping_learn(struct unwind_space *s, const struct unwind_files *files,
			 struct mapping *m)
{
	const struct unwind_rules *rules;
	int r;

	r = files->find(files->ctx, m->where.handle, &rules);
	if (r == 0)
		return mapping_report(s, m, rules);
	if (r == -ENODATA) {
		m->state = FILE_EMPTY;
		return 0;
	}
	return r;
}

/* ---- a walk ---- */

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
		result = dwfl_getthread_frames(s->dwfl, THREAD, on_frame, s);
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
