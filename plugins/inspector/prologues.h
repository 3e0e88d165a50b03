/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many of the functions with a frame begin by setting up a pointer to it, by their machine
 * code: for files without .eh_frame, such as Go's. x86-64 and aarch64.
 */
#pragma once

#include "frame_rules.h"

/*
 * A sample of the functions in .symtab or .dynsym, at most PROLOGUES_SAMPLE, evenly spread.
 * -ENODATA: no symbols; -ENOTSUP: another machine.
 */
#define PROLOGUES_SAMPLE 2000u
int prologues_count(const struct elf_file *f, struct frame_count *ret);
