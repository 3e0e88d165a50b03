/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libdw (elfutils' libdwfl) does the unwinding. Modules are reported to it between two walks only,
 * so a walk that comes upon a file for the first time is given up and begun again.
 */
#include "unwind_space.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unwind_registers.h"
#include "unwind_space_internal.h"

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
	return UNWIND_THREAD;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *space, void **thread_arg)
{
	(void)dwfl;
	*thread_arg = space;
	return tid == UNWIND_THREAD;
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = walk_read_memory,
	.set_initial_registers = walk_set_registers,
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
	return dwfl_attach_state(s->dwfl, s->machine_elf, UNWIND_THREAD, &thread_callbacks, s) ? 0 : -ENOMEM;
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

int mapping_learn(struct unwind_space *s, const struct unwind_files *files, struct mapping *m)
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
