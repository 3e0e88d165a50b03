/* SPDX-License-Identifier: Apache-2.0 */
/* What unwind_space.c and unwind_walk.c share. */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include <elfutils/libdwfl.h>

#include "unwind_registers.h"
#include "unwind_space.h"

#define UNWIND_THREAD 1 /* there is one, and it has every stack */

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

/* unwind_space.c. 0: the walk can be begun again; -EAGAIN: the file is not known; -ENOMEM. */
int mapping_learn(struct unwind_space *s, const struct unwind_files *files, struct mapping *m);

/* unwind_walk.c: what libdw asks for. */
bool walk_read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *space);
bool walk_set_registers(Dwfl_Thread *thread, void *space);
