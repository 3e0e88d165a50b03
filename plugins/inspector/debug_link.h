/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a stripped file and the file with its symbols know each other: by build id, or by
 * .gnu_debuglink, which is a file name and the CRC-32 of that file (GDB manual, "Debugging
 * Information in Separate Files").
 */
#pragma once

#include <stdint.h>

#include "elf_file.h"

#define DEBUG_LINK_MAX_NAME 256u /* with its NUL */
#define DEBUG_LINK_MAX_FILE (256ull << 20) /* a larger one is not read for its checksum */

struct debug_link {
	char name[DEBUG_LINK_MAX_NAME]; /* no path, never "", "." or ".." */
	uint32_t crc;
};

/* -ENOENT: it has none, or none that makes sense. */
int debug_link_read(const struct elf_file *f, struct debug_link *ret);

/*
 * 0 if `debug` is of the same build as `f`. -ESTALE: it is of another, or nothing proves that it
 * is not; otherwise an error of reading.
 */
int debug_link_match(const struct elf_file *f, const struct elf_file *debug);
