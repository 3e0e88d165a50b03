/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that a target maps: whatever is in it, names lie inside it and symbols cover what they name.
 * What is stored of it says the same.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "debug_link.h"
#include "file_symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define STORED_MAX (4u << 20)

struct stored_bytes {
	uint8_t *data;
	size_t len;
};

static int32_t bytes_write(void *ctx, const void *data, uint64_t len)
{
	struct stored_bytes *b = ctx;

	if (len > STORED_MAX - b->len)
		return -EFBIG;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

/* NULL: it is too long. */
static struct file_symbols *stored_again(const struct file_symbols *symbols,
					 const struct symbol_sources *from, struct reader *reader)
{
	static uint8_t data[STORED_MAX];
	struct stored_bytes b = { .data = data };
	const struct hearth_table_sink sink = { .size = sizeof(sink), .ctx = &b,
						.write = bytes_write };
	const struct symbol_sources stored = { .stored = reader };
	struct file_symbols *again;

	if (file_symbols_store(symbols, from, &sink) < 0)
		return NULL;
	reader_open_memory(reader, b.data, b.len);
	if (file_symbols_open(&stored, &again) < 0)
		abort();
	return again;
}

struct looked_up {
	const struct file_symbols *symbols, *stored; /* stored may be NULL */
	struct symbol_sources from;
};

static void look_up(const struct looked_up *l, uint64_t address)
{
	static char name[SYMBOL_MAX_NAME], again[SYMBOL_MAX_NAME];
	struct symbol s, same;
	int k;

	if (!file_symbols_find(l->symbols, address, &s))
		return;
	if (s.start > address)
		abort();
	k = file_symbols_name(l->symbols, &l->from, s.name, name);
	if (k == 0 && strlen(name) >= sizeof(name))
		abort();
	if (!l->stored)
		return;
	if (!file_symbols_find(l->stored, address, &same) || same.start != s.start)
		abort();
	if ((file_symbols_name(l->stored, &l->from, same.name, again) == 0) != (k == 0) ||
	    (k == 0 && strcmp(name, again) != 0))
		abort();
}

static void look_up_around(const struct elf_file *f, const struct elf_file *debug)
{
	static struct hearth_elf_load loads[ELF_MAX_LOADS];
	struct looked_up l = { .from = { .mapped = f, .debug = debug } };
	struct file_symbols *symbols, *stored;
	struct reader reader;
	uint32_t n = 0;

	if (elf_loads(f, loads, &n) < 0 || file_symbols_new(&l.from, &symbols) < 0)
		return;
	stored = stored_again(symbols, &l.from, &reader);
	l.symbols = symbols;
	l.stored = stored;
	l.from.stored = &reader;
	for (uint32_t i = 0; i < n && i < 8; i++)
		for (uint64_t offset = 0; offset < 0x2000; offset += 24)
			look_up(&l, loads[i].vaddr + offset);
	look_up(&l, 0);
	look_up(&l, UINT64_MAX);
	file_symbols_free(stored);
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
