/* SPDX-License-Identifier: Apache-2.0 */
/* A file that a target maps: whatever is in it, names lie inside it and symbols cover what they name. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbol_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look_up(const struct symbol_table *t, const struct elf_file *f, uint64_t address)
{
	static char name[SYMBOL_MAX_NAME];
	struct symbol s;

	if (!symbol_table_find(t, address, &s))
		return;
	if (s.start > address)
		abort();
	if (symbol_table_name(t, &f->reader, s.name, name) == 0 && strlen(name) >= sizeof(name))
		abort();
}

static void look_up_around(const struct symbol_table *t, const struct elf_file *f)
{
	static struct hearth_elf_load loads[ELF_MAX_LOADS];
	uint32_t n = 0;

	if (elf_loads(f, loads, &n) < 0)
		return;
	for (uint32_t i = 0; i < n && i < 8; i++)
		for (uint64_t offset = 0; offset < 0x2000; offset += 24)
			look_up(t, f, loads[i].vaddr + offset);
	look_up(t, f, 0);
	look_up(t, f, UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct symbol_table *t;
	struct reader reader;
	struct elf_file f;
	uint8_t id[ELF_MAX_BUILD_ID];
	uint32_t id_len = 0;

	reader_open_memory(&reader, data, len);
	if (elf_open(&f, &reader) < 0)
		return 0;
	if (elf_build_id(&f, id, &id_len) == 0 && (id_len == 0 || id_len > sizeof(id)))
		abort();
	(void)elf_flags(&f);
	if (symbol_table_build(&f, &t) < 0)
		return 0;
	look_up_around(t, &f);
	symbol_table_free(t);
	return 0;
}
