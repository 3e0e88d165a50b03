/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many functions of a file keep a frame pointer, by what the compiler says in .eh_frame: on
 * x86 a function whose canonical frame address is at some place found by rbp (ebp), on aarch64 one
 * that saves x29. Formats: System V gABI of x86-64, "Exception Frames", and DWARF 5, 6.4.
 */
#pragma once

#include "elf_file.h"

struct frame_count {
	uint32_t n, n_with_pointer; /* functions */
};

/*
 * Functions of .text that have a frame at all: compilers leave it out of functions that call
 * nothing and keep nothing on the stack, whatever they are told. Those without a caller (_start)
 * and those with rules of their own kind (PLT) do not count. -ENODATA: there is no .eh_frame; -ENOTSUP: another machine; -ENOMEM;
 * -ERANGE: damaged, what was counted so far is in *ret.
 */
int frame_rules_count(const struct elf_file *f, struct frame_count *ret);
