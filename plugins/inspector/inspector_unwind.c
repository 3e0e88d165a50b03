/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the component that makes stacks: files and errors as hearth/helper.h has them. */
#include <errno.h>

#include "inspector_internal.h"

int32_t inspector_unwind_space(struct hearth_inspector *base, uint32_t machine,
			       const struct hearth_unwind_mapping *mappings, uint32_t n,
			       const char **ret_cause)
{
	struct inspector *i = (struct inspector *)base;
	int r;

	r = unwinder_set_space(i->unwinder, machine, mappings, n);
	if (r < 0)
		*ret_cause = r == -ENOTSUP ? "stacks of this machine cannot be unwound"
					   : "not enough memory to unwind stacks";
	return r;
}

void inspector_unwind_file(struct hearth_inspector *base, uint64_t handle,
			   const struct hearth_symbol_fds *fds)
{
	struct inspector *i = (struct inspector *)base;
	struct elf_file f, debug;
	bool has_debug;

	if (!fds || inspector_file_open(fds->mapped, &f) < 0) {
		unwinder_add_file(i->unwinder, handle, NULL, NULL);
		return;
	}
	has_debug = fds->debug >= 0 && inspector_file_open(fds->debug, &debug) == 0;
	unwinder_add_file(i->unwinder, handle, &f, has_debug ? &debug : NULL);
}

int32_t inspector_unwind(struct hearth_inspector *base, const struct hearth_unwind_sample *sample,
			 uint32_t max_frames, uint32_t is_final, struct hearth_unwinding *ret,
			 const char **ret_cause)
{
	struct inspector *i = (struct inspector *)base;
	int r;

	r = unwinder_walk(i->unwinder, sample, max_frames, is_final != 0, ret);
	if (r < 0)
		*ret_cause = "not enough memory to unwind stacks";
	return r;
}
