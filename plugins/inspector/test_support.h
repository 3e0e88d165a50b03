/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka, a small ELF file made to order, and readelf as the oracle. */
#pragma once

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "symbol_table.h"

#define TEXT_ADDRESS 0x401000u
#define TEXT_SIZE 0x1000u

struct wanted_symbol {
	const char *name;
	uint64_t value, size;
	int binding, type;
};

/* A file with one PT_LOAD, .text at TEXT_ADDRESS, .symtab and .strtab, in memory. */
struct made_elf {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;
	Elf64_Shdr shdr[4];
	Elf64_Sym symbols[64];
	char strings[4096];
};

static inline void elf_make(struct made_elf *e, const struct wanted_symbol *symbols, size_t n)
{
	size_t strings_len = 1;

	*e = (struct made_elf){
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
			.e_type = ET_EXEC, .e_machine = EM_X86_64,
			.e_phoff = offsetof(struct made_elf, phdr), .e_phnum = 1,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_shoff = offsetof(struct made_elf, shdr), .e_shnum = 4,
			.e_shentsize = sizeof(Elf64_Shdr),
		},
		.phdr = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x400000,
			  .p_filesz = 0x2000, .p_memsz = 0x2000 },
		.shdr = {
			[1] = { .sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
				.sh_addr = TEXT_ADDRESS, .sh_size = TEXT_SIZE },
			[2] = { .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct made_elf, symbols),
				.sh_size = (n + 1) * sizeof(Elf64_Sym), .sh_link = 3,
				.sh_entsize = sizeof(Elf64_Sym) },
			[3] = { .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct made_elf, strings),
				.sh_size = sizeof(e->strings) },
		},
	};
	assert_true(n < 64);
	for (size_t i = 0; i < n; i++) {
		e->symbols[i + 1] = (Elf64_Sym){
			.st_name = (uint32_t)strings_len,
			.st_info = (uint8_t)ELF64_ST_INFO(symbols[i].binding, symbols[i].type),
			.st_shndx = 1,
			.st_value = TEXT_ADDRESS + symbols[i].value,
			.st_size = symbols[i].size,
		};
		strings_len += (size_t)snprintf(e->strings + strings_len,
						sizeof(e->strings) - strings_len, "%s",
						symbols[i].name) + 1;
	}
}

static inline struct elf_file elf_of_memory(const void *data, size_t size)
{
	struct reader reader;
	struct elf_file f;

	reader_open_memory(&reader, data, size);
	assert_int_equal(elf_open(&f, &reader), 0);
	return f;
}

static inline struct elf_file elf_of_path(const char *path, int *ret_fd)
{
	struct reader reader;
	struct elf_file f;

	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(*ret_fd >= 0);
	assert_int_equal(reader_open_fd(&reader, *ret_fd), 0);
	assert_int_equal(elf_open(&f, &reader), 0);
	return f;
}

/* A file that has both of its symbol tables. */
static inline int table_build(const struct elf_file *f, struct symbol_table **ret)
{
	struct symbol_files files = { .symtab = f, .dynsym = f };

	return symbol_table_build(&files, ret);
}

static inline int table_name(const struct symbol_table *t, const struct elf_file *f, uint32_t name,
			     char ret[static SYMBOL_MAX_NAME])
{
	struct symbol_files files = { .symtab = f, .dynsym = f };

	return symbol_table_name(t, &files, name, ret);
}

/* The test itself by its real path: "/proc/self/exe" would be readelf to readelf. */
static inline const char *own_path(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	assert_true(n > 0);
	path[n] = '\0';
	return path;
}

/* What a program prints; the caller's to free. */
static inline char *output_of(const char *const *argv)
{
	char *text = NULL;
	size_t len = 0;
	ssize_t n;
	int out[2], status;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		setenv("LC_ALL", "C", 1);
		dup2(out[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(out[1]);
	do {
		text = realloc(text, len + 65537);
		assert_non_null(text);
		n = read(out[0], text + len, 65536);
		assert_true(n >= 0);
		len += (size_t)n;
	} while (n > 0);
	text[len] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return text;
}
