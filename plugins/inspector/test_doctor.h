/* SPDX-License-Identifier: Apache-2.0 */
/* Files in memory that a diagnosis may open, and what it says. Include after cmocka.h. */
#pragma once

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "elf_file.h"
#include "file_source.h"

struct world_file {
	const char *path;
	const void *data;
	size_t len; /* 0: data is a string */
};

struct world {
	const struct world_file *files;
	size_t n;
};

static inline int world_open(void *ctx, const char *path, struct reader *ret)
{
	const struct world *w = ctx;

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->files[i].path, path) == 0) {
			const struct world_file *f = &w->files[i];

			reader_open_memory(ret, f->data, f->len ? f->len : strlen(f->data));
			return 0;
		}
	return -ENOENT;
}

struct made_section {
	const char *name;
	uint32_t type;
	uint64_t address;
	const void *data;
	size_t len;
};

/* An ELF file of 64 bits with these sections, at most 8, and their names; answers its size. */
static inline size_t made_file(uint8_t *to, size_t size, uint16_t machine,
			       const struct made_section *sections, size_t n)
{
	Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_DYN,
		.e_machine = machine,
		.e_shoff = sizeof(ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = (uint16_t)(n + 2),
		.e_shstrndx = (uint16_t)(n + 1),
	};
	Elf64_Shdr headers[10] = {};
	char names[256] = "";
	size_t names_len = 1, at = sizeof(ehdr) + (n + 2) * sizeof(headers[0]);

	assert_true(n + 2 <= ARRAY_SIZE(headers));
	for (size_t i = 0; i < n; i++) {
		headers[i + 1] = (Elf64_Shdr){ .sh_name = (uint32_t)names_len,
					       .sh_type = sections[i].type,
					       .sh_addr = sections[i].address,
					       .sh_offset = at,
					       .sh_size = sections[i].len };
		names_len += (size_t)snprintf(names + names_len, sizeof(names) - names_len, "%s",
					      sections[i].name) + 1;
		assert_true(at + sections[i].len <= size);
		if (sections[i].len)
			memcpy(to + at, sections[i].data, sections[i].len);
		at += sections[i].len;
	}
	headers[n + 1] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = at, .sh_size = names_len };
	assert_true(at + names_len <= size);
	memcpy(to + at, names, names_len);
	memcpy(to, &ehdr, sizeof(ehdr));
	memcpy(to + sizeof(ehdr), headers, (n + 2) * sizeof(headers[0]));
	return at + names_len;
}

static inline struct elf_file opened(const void *data, size_t size)
{
	struct reader reader;
	struct elf_file f;

	reader_open_memory(&reader, data, size);
	assert_int_equal(elf_open(&f, &reader), 0);
	return f;
}
