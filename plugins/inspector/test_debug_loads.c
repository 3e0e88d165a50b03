/* SPDX-License-Identifier: Apache-2.0 */
/* Debug files are made by binutils, LLVM and elfutils from the test itself, which tells the truth. */
#include "test_support.h"

#include "debug_loads.h"

struct segments {
	struct hearth_elf_load loads[ELF_MAX_LOADS];
	uint32_t n;
};

static void segments_of(const char *path, struct segments *ret)
{
	_cleanup_close_ int fd = -1;
	struct elf_file f = elf_of_path(path, &fd);

	assert_int_equal(debug_loads(&f, ret->loads, &ret->n), 0);
}

static void made_by(const char *const *argv, const char *path)
{
	struct segments truth, found;

	free(output_of(argv));
	segments_of(own_path(), &truth);
	segments_of(path, &found);
	assert_int_equal(found.n, truth.n);
	for (uint32_t i = 0; i < truth.n; i++) {
		if (!(truth.loads[i].flags & PF_X))
			continue;
		assert_int_equal(found.loads[i].offset, truth.loads[i].offset);
		assert_int_equal(found.loads[i].file_size, truth.loads[i].file_size);
		assert_int_equal(found.loads[i].vaddr, truth.loads[i].vaddr);
	}
	assert_int_equal(unlink(path), 0);
}

static char *temporary(void)
{
	char *path = strdup("/tmp/hearth-debug-loads-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	return path;
}

static void code_of_a_debug_file_of_binutils_is_where_it_was(void **state)
{
	_cleanup_free_ char *path = temporary();
	const char *const argv[] = { "objcopy", "--only-keep-debug", own_path(), path, NULL };

	(void)state;
	made_by(argv, path);
}

static void code_of_a_debug_file_of_elfutils_is_where_it_was(void **state)
{
	_cleanup_free_ char *path = temporary(), *rest = temporary();
	const char *const argv[] = { "eu-strip", "-f", path, "-o", rest, own_path(), NULL };

	(void)state;
	made_by(argv, path);
	assert_int_equal(unlink(rest), 0);
}

static void a_program_keeps_the_segments_that_it_tells(void **state)
{
	_cleanup_close_ int fd = -1;
	struct elf_file f = elf_of_path(own_path(), &fd);
	struct segments plain, found;

	(void)state;
	assert_int_equal(elf_loads(&f, plain.loads, &plain.n), 0);
	segments_of(own_path(), &found);
	assert_int_equal(found.n, plain.n);
	assert_memory_equal(found.loads, plain.loads, plain.n * sizeof(plain.loads[0]));
}

/* Segments of a made file, each some code at 0x401000, 0x403000, …, without bytes. */
static uint32_t loads_of_cut(uint32_t n_code, uint64_t mem_size, struct hearth_elf_load *ret)
{
	struct {
		Elf64_Ehdr h;
		Elf64_Phdr segments[3];
	} file = {
		.h = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = (uint16_t)(1 + n_code),
		},
		.segments[0] = { .p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = 0x400000,
				 .p_memsz = 0x123, .p_filesz = 0x40, .p_align = 0x1000 },
	};
	struct elf_file f;
	uint32_t n = 77;

	for (uint32_t i = 1; i <= n_code; i++)
		file.segments[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X,
						 .p_vaddr = 0x3ff010 + i * 0x2000,
						 .p_memsz = mem_size, .p_align = 0x1000 };
	f = elf_of_memory(&file, sizeof(file));
	assert_int_equal(debug_loads(&f, ret, &n), 0);
	return n;
}

static void offsets_are_congruent_to_addresses_behind_what_comes_before(void **state)
{
	struct hearth_elf_load loads[ELF_MAX_LOADS];

	(void)state;
	assert_int_equal(loads_of_cut(1, 0x500, loads), 2);
	assert_int_equal(loads[1].offset, 0x1010);
	assert_int_equal(loads[1].file_size, 0x500);
}

static void where_offsets_cannot_be_told_segments_have_no_bytes(void **state)
{
	static const struct {
		uint32_t n_code;
		uint64_t mem_size;
	} rows[] = { { 2, 0x500 }, { 1, UINT64_MAX - 0x100 } };
	struct hearth_elf_load loads[ELF_MAX_LOADS];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t n = loads_of_cut(rows[i].n_code, rows[i].mem_size, loads);

		assert_int_equal(n, 1 + rows[i].n_code);
		assert_int_equal(loads[1].vaddr, 0x401010);
		for (uint32_t k = 0; k < n; k++)
			assert_int_equal(loads[k].file_size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_of_a_debug_file_of_binutils_is_where_it_was),
		cmocka_unit_test(code_of_a_debug_file_of_elfutils_is_where_it_was),
		cmocka_unit_test(a_program_keeps_the_segments_that_it_tells),
		cmocka_unit_test(offsets_are_congruent_to_addresses_behind_what_comes_before),
		cmocka_unit_test(where_offsets_cannot_be_told_segments_have_no_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
