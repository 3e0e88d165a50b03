/* SPDX-License-Identifier: Apache-2.0 */
/* Which byte of a file an ELF address is: perf prints that of user code. */
#pragma once

#include <hearth/profile.h>

struct places;

/* 0 or -ENOMEM. */
int places_new(const struct hearth_flat *batch, struct places **ret);
struct places *places_free(struct places *p);

/* The address itself where nobody has mapped that part of the file. */
uint64_t places_file_offset(const struct places *p, uint32_t binary, uint64_t address);
