/* SPDX-License-Identifier: Apache-2.0 */
/* Text of /proc/modules, a NUL, text of /proc/kallsyms; without a NUL, kallsyms alone. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look_up(const struct kernel_table *t, uint64_t address)
{
	static struct kernel_symbol s;

	if (!kernel_table_find(t, address, &s))
		return;
	if (s.start > address || strlen(s.name) >= sizeof(s.name) || s.name[0] == '\0')
		abort();
	if (s.module && strlen(s.module) == 0)
		abort();
}

/* In pieces of seven bytes, so that lines are cut at all places. */
static void add(struct kernel_table *t, const char *text, size_t len,
		int (*fn)(struct kernel_table *t, const char *text, size_t len))
{
	for (size_t at = 0; at < len; at += 7)
		if (fn(t, text + at, len - at < 7 ? len - at : 7) < 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	const char *nul = memchr(data, '\0', len);
	size_t modules_len = nul ? (size_t)(nul - text) : 0;
	struct kernel_table *t;

	if (kernel_table_new(&t) < 0)
		abort();
	add(t, text, modules_len, kernel_table_add_modules);
	if (nul)
		modules_len++;
	add(t, text + modules_len, len - modules_len, kernel_table_add_symbols);
	if (kernel_table_finish(t) == 0)
		for (uint64_t address = 0xffffffff80ffff00; address < 0xffffffff81002000; address += 8)
			look_up(t, address);
	look_up(t, 0xffffffffc0a00010);
	look_up(t, UINT64_MAX);
	kernel_table_free(t);
	return 0;
}
