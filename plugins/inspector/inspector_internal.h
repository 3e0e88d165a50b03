/* SPDX-License-Identifier: Apache-2.0 */
/* What inspector.c and inspector_unwind.c share. */
#pragma once

#include <hearth/helper.h>

#include "debug_link.h"
#include "elf_file.h"
#include "kernel_names.h"
#include "table_cache.h"
#include "unwind.h"

struct inspector {
	struct hearth_inspector base; /* first: what hearth/helper.h asks for */
	const struct hearth_host *host;
	struct table_cache *tables;
	struct kernel_names *kernel;
	struct unwinder *unwinder;
	struct hearth_elf_load loads[ELF_MAX_LOADS]; /* of the last identify() */
	uint8_t build_id[ELF_MAX_BUILD_ID];
	struct debug_link debug_link;
};

/* -errno of reading, or as elf_open. */
int inspector_file_open(int fd, struct elf_file *ret);

/* inspector_unwind.c; as hearth_inspector has them. */
int32_t inspector_unwind_space(struct hearth_inspector *base, uint32_t machine,
			       const struct hearth_unwind_mapping *mappings, uint32_t n,
			       const char **ret_cause);
void inspector_unwind_file(struct hearth_inspector *base, uint64_t handle,
			   const struct hearth_symbol_fds *fds);
int32_t inspector_unwind(struct hearth_inspector *base, const struct hearth_unwind_sample *sample,
			 uint32_t max_frames, uint32_t is_final, struct hearth_unwinding *ret,
			 const char **ret_cause);
