/* SPDX-License-Identifier: Apache-2.0 */
/* What tells such a file is code that is mapped but has no bytes: no program has that. */
#include "debug_loads.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>

static uint32_t executable_count(const struct hearth_elf_load *loads, uint32_t n, bool *ret_is_cut)
{
	uint32_t count = 0;

	*ret_is_cut = false;
	for (uint32_t i = 0; i < n; i++) {
		if (!(loads[i].flags & PF_X))
			continue;
		count++;
		if (loads[i].file_size == 0 && loads[i].mem_size > 0)
			*ret_is_cut = true;
	}
	return count;
}

/* Alignments are powers of two; another one reads as none. */
static int lay_out(struct hearth_elf_load *load, uint64_t align, uint64_t *end)
{
	uint64_t mask = align > 0 && (align & (align - 1)) == 0 ? align - 1 : 0;
	uint64_t gap = (load->vaddr - *end) & mask;

	if (__builtin_add_overflow(*end, gap, &load->offset) ||
	    __builtin_add_overflow(load->offset, load->mem_size, end))
		return -ERANGE;
	load->file_size = load->mem_size;
	return 0;
}

/* As many segments are PT_LOADs as elf_loads() has found, in the same order. */
static int loads_mend(const struct elf_file *f, struct hearth_elf_load *loads, uint32_t n)
{
	struct elf_segment s;
	uint64_t end = 0;
	uint32_t at = 0;

	for (uint32_t i = 0; at < n; i++) {
		int r = elf_segment(f, i, &s);

		if (r == 0 && s.type == PT_LOAD)
			r = lay_out(&loads[at++], s.align, &end);
		if (r < 0)
			return r;
	}
	return 0;
}

static void offsets_forget(struct hearth_elf_load *loads, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		loads[i].offset = loads[i].file_size = 0;
}

int debug_loads(const struct elf_file *f, struct hearth_elf_load *ret, uint32_t *ret_n)
{
	uint32_t n, count;
	bool is_cut;
	int r;

	r = elf_loads(f, ret, &n);
	if (r < 0)
		return r;
	count = executable_count(ret, n, &is_cut);
	if (is_cut && (count > 1 || loads_mend(f, ret, n) < 0))
		offsets_forget(ret, n);

	*ret_n = n;
	return 0;
}
