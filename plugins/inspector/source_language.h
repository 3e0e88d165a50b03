/* SPDX-License-Identifier: Apache-2.0 */
/* Which language a file was written in, by what its compiler left in it. */
#pragma once

#include "elf_file.h"

enum language {
	LANGUAGE_UNKNOWN, /* C, or nothing that can be told from it */
	LANGUAGE_C,
	LANGUAGE_CPP,
	LANGUAGE_RUST,
	LANGUAGE_GO,
};

#define COMPILER_MAX 96u

/* `compiler`: as it calls itself in .comment ("GCC: (Debian 12.2.0-14) 12.2.0"), or "". */
enum language source_language(const struct elf_file *f, char compiler[static COMPILER_MAX]);
const char *source_language_name(enum language l);
