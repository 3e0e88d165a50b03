/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/kallsyms and /proc/modules, taken apart. Formats: proc(5), kernel/kallsyms.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_MAX_LINE 1024u

/* Cuts text that comes in pieces into lines. */
struct line_splitter {
	char line[KERNEL_MAX_LINE];
	size_t len;
	bool is_too_long; /* the rest of this line is thrown away */
};

/*
 * Calls fn for every whole line, NUL-terminated and writable. fn's first negative answer ends it
 * and is returned.
 */
int lines_split(struct line_splitter *s, const char *text, size_t len,
		int (*fn)(void *ctx, char *line), void *ctx);

struct kallsyms_line {
	uint64_t address;
	char type;
	const char *name;
	const char *module; /* NULL: the kernel itself */
};

/* ret points into the line, which is cut up. False: no symbol line. */
bool kallsyms_line_parse(char *line, struct kallsyms_line *ret);

struct modules_line {
	const char *name;
	uint64_t address, size;
};

bool modules_line_parse(char *line, struct modules_line *ret);
