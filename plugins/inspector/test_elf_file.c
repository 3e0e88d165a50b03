/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include <sys/mman.h>

static void the_build_id_is_that_of_readelf(void **state)
{
	const char *const argv[] = { "readelf", "-nW", own_path(), NULL };
	_cleanup_free_ char *text = output_of(argv);
	_cleanup_close_ int fd = -1;
	struct elf_file f = elf_of_path(own_path(), &fd);
	uint8_t id[ELF_MAX_BUILD_ID];
	char hex[2 * ELF_MAX_BUILD_ID + 1] = "";
	uint32_t len = 0;
	char *found;

	(void)state;
	found = strstr(text, "Build ID: ");
	assert_non_null(found);
	assert_int_equal(elf_build_id(&f, id, &len), 0);
	for (uint32_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	assert_memory_equal(found + strlen("Build ID: "), hex, strlen(hex));
}

static void segments_are_those_of_readelf(void **state)
{
	const char *const argv[] = { "readelf", "-lW", own_path(), NULL };
	_cleanup_free_ char *text = output_of(argv);
	_cleanup_close_ int fd = -1;
	struct elf_file f = elf_of_path(own_path(), &fd);
	struct hearth_elf_load loads[ELF_MAX_LOADS];
	uint32_t n = 0, i = 0;

	(void)state;
	assert_int_equal(elf_loads(&f, loads, &n), 0);
	for (char *p = text; (p = strstr(p, "  LOAD ")); p++, i++) {
		unsigned long offset, vaddr, file_size, mem_size;

		assert_int_equal(sscanf(p, " LOAD %lx %lx %*x %lx %lx", &offset, &vaddr, &file_size,
					&mem_size), 4);
		assert_true(i < n);
		assert_int_equal(loads[i].offset, offset);
		assert_int_equal(loads[i].vaddr, vaddr);
		assert_int_equal(loads[i].file_size, file_size);
		assert_int_equal(loads[i].mem_size, mem_size);
	}
	assert_int_equal(i, n);
	assert_true(n >= 2);
	assert_int_equal(elf_flags(&f) & (HEARTH_ELF_SYMTAB | HEARTH_ELF_DYNSYM),
			 HEARTH_ELF_SYMTAB | HEARTH_ELF_DYNSYM);
}

static void what_is_no_elf_is_said_so(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} rows[] = {
		{ "", 0 },
		{ "\177ELF", 4 },
		{ "#!/bin/sh\nexit 0 and more", 25 },
		{ "\177ELF\002\002\001_________________", 24 }, /* big endian */
		{ "\177ELF\003\001\001_________________", 24 }, /* no such class */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reader reader;
		struct elf_file f;

		reader_open_memory(&reader, rows[i].data, rows[i].len);
		assert_int_equal(elf_open(&f, &reader), -ENOEXEC);
	}
}

/* A note section in the place of the text: one row, one shape of damage. */
static int build_id_of_notes(const void *notes, size_t len)
{
	struct {
		Elf64_Ehdr ehdr;
		Elf64_Phdr phdr;
		uint8_t notes[64];
	} file = {
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
			.e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1, .e_phentsize = sizeof(Elf64_Phdr),
		},
		.phdr = { .p_type = PT_NOTE, .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
			  .p_filesz = len },
	};
	struct elf_file f;
	uint8_t id[ELF_MAX_BUILD_ID];
	uint32_t id_len = 0;
	int r;

	assert_true(len <= sizeof(file.notes));
	memcpy(file.notes, notes, len);
	f = elf_of_memory(&file, sizeof(file));
	r = elf_build_id(&f, id, &id_len);
	return r < 0 ? r : (int)id_len;
}

static void damaged_notes_have_no_build_id(void **state)
{
	static const struct {
		uint32_t name_len, len, type;
		char name[4];
		uint8_t content[8];
	} rows[] = {
		{ 4, 8, NT_GNU_BUILD_ID, "GNU", { 1 } },
		{ 4, 0xffffffff, NT_GNU_BUILD_ID, "GNU", { 1 } },
		{ 0xffffffff, 8, NT_GNU_BUILD_ID, "GNU", { 1 } },
		{ 4, 9, NT_GNU_BUILD_ID, "GNU", { 1 } },
		{ 4, 0, NT_GNU_BUILD_ID, "GNU", { 1 } },
		{ 4, 8, NT_GNU_BUILD_ID, "GNX", { 1 } },
		{ 4, 8, 1, "GNU", { 1 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(build_id_of_notes(&rows[i], sizeof(rows[i])),
				 i == 0 ? 8 : -ENODATA);
}

static void tables_that_leave_the_file_are_empty(void **state)
{
	struct made_elf e;
	struct elf_section section;
	struct elf_file f;

	(void)state;
	elf_make(&e, NULL, 0);
	e.ehdr.e_shoff = UINT64_MAX - 8;
	f = elf_of_memory(&e, sizeof(e));
	assert_int_equal(elf_section(&f, 1, &section), -ERANGE);
	assert_int_equal(elf_flags(&f), 0);
	e.ehdr.e_phoff = UINT64_MAX - 8;
	f = elf_of_memory(&e, sizeof(e));
	assert_int_equal(elf_loads(&f, (struct hearth_elf_load[ELF_MAX_LOADS]){}, &(uint32_t){ 0 }),
			 -ERANGE);
}

static void only_regular_files_are_read(void **state)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct reader reader;

	(void)state;
	assert_int_equal(reader_open_fd(&reader, fd), -EINVAL);
}

static void a_file_that_shrinks_is_an_error_and_no_surprise(void **state)
{
	_cleanup_close_ int fd = memfd_create("shrinks", MFD_CLOEXEC);
	struct reader reader;
	char data[100] = {};

	(void)state;
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(reader_open_fd(&reader, fd), 0);
	assert_int_equal(reader_get(&reader, 0, data, sizeof(data)), 0);
	assert_int_equal(ftruncate(fd, 50), 0);
	assert_int_equal(reader_get(&reader, 0, data, sizeof(data)), -ERANGE);
	assert_int_equal(reader_get(&reader, 60, data, 10), -ERANGE);
	assert_int_equal(reader_get(&reader, UINT64_MAX, data, 10), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_build_id_is_that_of_readelf),
		cmocka_unit_test(segments_are_those_of_readelf),
		cmocka_unit_test(what_is_no_elf_is_said_so),
		cmocka_unit_test(damaged_notes_have_no_build_id),
		cmocka_unit_test(tables_that_leave_the_file_are_empty),
		cmocka_unit_test(only_regular_files_are_read),
		cmocka_unit_test(a_file_that_shrinks_is_an_error_and_no_surprise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
