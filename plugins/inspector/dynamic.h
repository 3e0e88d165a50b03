/* SPDX-License-Identifier: Apache-2.0 */
/* The dynamic section: which libraries a file asks for and where it wants them looked for. */
#pragma once

#include "elf_file.h"

#define DYNAMIC_MAX_NEEDED 64u
#define DYNAMIC_MAX_NAME 256u

struct dynamic {
	char needed[DYNAMIC_MAX_NEEDED][DYNAMIC_MAX_NAME]; /* DT_NEEDED */
	uint32_t n_needed;
	char run_path[1024]; /* DT_RUNPATH, or DT_RPATH where there is none; "" without */
	char soname[DYNAMIC_MAX_NAME];
	bool is_pie;         /* DF_1_PIE */
};

/* -ENODATA: there is none, the file is static. Names that are too long or outside are left out. */
int dynamic_read(const struct elf_file *f, struct dynamic *ret);
