/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses of hearth; docs/exit-codes.md is generated from the table in exit.c. */
#pragma once

#include <stddef.h>

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3,
	EXIT_PERMISSION = 4,
	EXIT_CRASH = 70,         /* a plugin crashed */
	EXIT_HEARTH_FAILED = 125, /* record -- CMD: Hearth itself failed */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

struct exit_row {
	int code;
	const char *meaning;
};

extern const struct exit_row exit_table[];
extern const size_t exit_table_n;
