/* SPDX-License-Identifier: Apache-2.0 */
/* A file that a target maps: whatever is in it, names lie inside it and symbols cover what they name. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "debug_link.h"
#include "file_symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look_up(const struct file_symbols *symbols, const struct symbol_sources *from,
		    uint64_t address)
{
	static char name[SYMBOL_MAX_NAME];
	struct symbol s;

	if (!file_symbols_find(symbols, address, &s))
		return;
	if (s.start > address)
		abort();
	if (file_symbols_name(symbols, from, s.name, name) == 0 && strlen(name) >= sizeof(name))
		abort();
}

static void look_up_around(const struct elf_file *f, const struct elf_file *debug)
{
	static struct hearth_elf_load loads[ELF_MAX_LOADS];
	const struct symbol_sources from = { .mapped = f, .debug = debug };
	struct file_symbols *symbols;
	uint32_t n = 0;

	if (elf_loads(f, loads, &n) < 0 || file_symbols_new(&from, &symbols) < 0)
		return;
	for (uint32_t i = 0; i < n && i < 8; i++)
		for (uint64_t offset = 0; offset < 0x2000; offset += 24)
			look_up(symbols, &from, loads[i].vaddr + offset);
	look_up(symbols, &from, 0);
	look_up(symbols, &from, UINT64_MAX);
	file_symbols_free(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct debug_link link;
	struct reader reader;
	struct elf_file f;
	uint8_t id[ELF_MAX_BUILD_ID];
	uint32_t id_len = 0;

	reader_open_memory(&reader, data, len);
	if (elf_open(&f, &reader) < 0)
		return 0;
	if (elf_build_id(&f, id, &id_len) == 0 && (id_len == 0 || id_len > sizeof(id)))
		abort();
	if (debug_link_read(&f, &link) == 0 && (!*link.name || strchr(link.name, '/')))
		abort();
	if (debug_link_match(&f, &f) == 0 && id_len == 0 && debug_link_read(&f, &link) < 0)
		abort();
	(void)elf_flags(&f);
	look_up_around(&f, NULL);
	look_up_around(&f, &f);
	return 0;
}
