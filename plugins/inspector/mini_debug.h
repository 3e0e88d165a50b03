/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mini debug info, as Fedora ships it: the functions that .dynsym leaves out, as an ELF file
 * compressed by xz in the section .gnu_debugdata (GDB manual, "Debugging information in a special
 * section").
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elf_file.h"

#define MINI_DEBUG_MAX_BYTES (16u << 20)  /* unpacked; that of a large browser has 6 MiB */
#define MINI_DEBUG_MAX_MEMORY (64u << 20) /* of the decoder, whatever dictionary the file asks for */

/* *ret is allocated. -ENOENT: there is none, or damaged, or larger than the caps; -ENOMEM. */
int mini_debug_read(const struct elf_file *f, uint8_t **ret, size_t *ret_len);
