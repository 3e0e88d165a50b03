/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's functions, from the text of /proc/kallsyms: 8 bytes and a name each. A machine has
 * 120,000 of them, so names are kept once where the kernel gives two symbols to one function
 * (`__pfx_x` is the padding before `x`).
 *
 * kallsyms tells no sizes: the next symbol ends one, the end of the module or of the kernel's text
 * does, and 1 MiB does (64 KiB in BPF programs and trampolines, which lie far apart). Aliases as in
 * symbol_table.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define KERNEL_MAX_NAME 512u /* KSYM_NAME_LEN of linux/kallsyms.h, with its NUL */

struct kernel_table;

struct kernel_symbol {
	uint64_t start;
	char name[KERNEL_MAX_NAME];
	const char *module; /* "[name]" without brackets, or NULL; the table's */
};

int kernel_table_new(struct kernel_table **ret);
struct kernel_table *kernel_table_free(struct kernel_table *t); /* NULL */
DEFINE_CLEANUP(struct kernel_table *, kernel_table_free)

/* Text in pieces of any length; lines that make no sense are skipped. 0 or -ENOMEM. */
int kernel_table_add_modules(struct kernel_table *t, const char *text, size_t len);
int kernel_table_add_symbols(struct kernel_table *t, const char *text, size_t len);

/* After the last piece. -EPERM: the kernel hides its addresses. -ENODATA: no symbols at all. */
int kernel_table_finish(struct kernel_table *t);

/* From `_text` to `_etext`; both 0 if kallsyms does not tell. */
struct kernel_range {
	uint64_t start, end;
};

struct kernel_range kernel_table_text(const struct kernel_table *t);

bool kernel_table_find(const struct kernel_table *t, uint64_t address, struct kernel_symbol *ret);
size_t kernel_table_bytes(const struct kernel_table *t);
size_t kernel_table_length(const struct kernel_table *t);
