/* SPDX-License-Identifier: Apache-2.0 */
/* Which package of Debian and its kin has the symbols of another one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * "gzip" → "gzip-dbgsym", "libpython3.11-stdlib" → "python3.11-dbg"; cut to `size`. True: the
 * distribution's own archive has it; false: that of debug packages does, which has to be added.
 */
bool debug_package(const char *owner, char *out, size_t size);
