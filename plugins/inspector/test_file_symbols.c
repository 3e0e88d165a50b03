/* SPDX-License-Identifier: Apache-2.0 */
/* The test takes its own program apart as a distribution does, with binutils. */
#include "test_stored.h"

#include <dlfcn.h>
#include <lzma.h>
#include <sys/stat.h>

#include "debug_link.h"
#include "file_symbols.h"
#include "mini_debug.h"

static char folder[] = "/tmp/hearth-symbols-XXXXXX";

__attribute__((noinline)) static void only_in_symtab(void)
{
	__asm__ volatile("");
}

static uint64_t own_address(void)
{
	Dl_info info;

	assert_int_not_equal(dladdr((void *)only_in_symtab, &info), 0);
	return (uint64_t)(uintptr_t)only_in_symtab - (uint64_t)(uintptr_t)info.dli_fbase;
}

static const char *path_of(const char *name)
{
	static char paths[4][256];
	static unsigned int n;
	char *path = paths[n++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void objcopy(const char *how, const char *from, const char *to)
{
	const char *const argv[] = { "objcopy", how, from, to, NULL };

	free(output_of(argv));
}

struct opened {
	struct elf_file elf;
	int fd;
};

static struct opened opened_of(const char *path)
{
	struct opened o;

	o.elf = elf_of_path(path, &o.fd);
	return o;
}

/* "app.debug" and, linked to it, "app". */
static int setup(void **state)
{
	char link[300];

	(void)state;
	assert_non_null(mkdtemp(folder));
	objcopy("--only-keep-debug", own_path(), path_of("app.debug"));
	objcopy("--strip-all", own_path(), path_of("stripped"));
	snprintf(link, sizeof(link), "--add-gnu-debuglink=%s", path_of("app.debug"));
	objcopy(link, path_of("stripped"), path_of("app"));
	return 0;
}

static int teardown(void **state)
{
	const char *const argv[] = { "rm", "-r", folder, NULL };

	(void)state;
	free(output_of(argv));
	return 0;
}

/* The name of only_in_symtab(), or "-". */
static const char *own_name(const struct elf_file *mapped, const struct elf_file *debug)
{
	static char name[SYMBOL_MAX_NAME];
	const struct symbol_sources from = { .mapped = mapped, .debug = debug };
	_cleanup_(file_symbols_freep) struct file_symbols *s = NULL;
	struct symbol symbol;

	snprintf(name, sizeof(name), "-");
	assert_int_equal(file_symbols_new(&from, &s), 0);
	if (file_symbols_find(s, own_address(), &symbol))
		assert_int_equal(file_symbols_name(s, &from, symbol.name, name), 0);
	return name;
}

static void a_debug_file_names_what_the_stripped_one_cannot(void **state)
{
	struct opened app = opened_of(path_of("app")), debug = opened_of(path_of("app.debug"));

	(void)state;
	assert_string_equal(own_name(&app.elf, NULL), "-");
	assert_string_equal(own_name(&app.elf, &debug.elf), "only_in_symtab");
	close(app.fd);
	close(debug.fd);
}

static void a_debug_file_that_is_cut_is_as_good_as_none(void **state)
{
	struct opened app = opened_of(path_of("app")), debug = opened_of(path_of("app.debug"));

	(void)state;
	debug.elf.reader.size /= 2;
	assert_string_equal(own_name(&app.elf, &debug.elf), "-");
	close(app.fd);
	close(debug.fd);
}

static void names_of_another_set_of_files_do_not_fit(void **state)
{
	struct opened app = opened_of(path_of("app")), debug = opened_of(path_of("app.debug"));
	const struct symbol_sources alone = { .mapped = &app.elf };
	const struct symbol_sources both = { .mapped = &app.elf, .debug = &debug.elf };
	_cleanup_(file_symbols_freep) struct file_symbols *with = NULL, *without = NULL;

	(void)state;
	assert_int_equal(file_symbols_new(&both, &with), 0);
	assert_int_equal(file_symbols_new(&alone, &without), 0);
	assert_true(file_symbols_fit(with, &both) && !file_symbols_fit(with, &alone));
	assert_true(file_symbols_fit(without, &alone) && !file_symbols_fit(without, &both));
	close(app.fd);
	close(debug.fd);
}

static void a_stored_table_names_without_the_debug_file_and_leaves_names_on_disk(void **state)
{
	struct opened app = opened_of(path_of("app")), debug = opened_of(path_of("app.debug"));
	struct stored_bytes b = { .max = 64u << 20 };
	const struct hearth_table_sink sink = { .size = sizeof(sink), .ctx = &b,
						.write = stored_bytes_write };
	const struct symbol_sources both = { .mapped = &app.elf, .debug = &debug.elf };
	const struct symbol_sources alone = { .mapped = &app.elf };
	_cleanup_(file_symbols_freep) struct file_symbols *made = NULL, *stored = NULL;
	struct symbol_sources with_table = alone;
	char name[SYMBOL_MAX_NAME];
	struct reader reader;
	struct symbol s;

	(void)state;
	assert_int_equal(file_symbols_new(&both, &made), 0);
	assert_int_equal(file_symbols_store(made, &both, &sink), 0);
	reader_open_memory(&reader, b.data, b.len);
	with_table.stored = &reader;
	assert_int_equal(file_symbols_open(&with_table, &stored), 0);
	assert_true(file_symbols_fit(stored, &with_table) && !file_symbols_fit(stored, &alone));
	assert_false(file_symbols_are_worth_storing(stored)); /* it is */
	assert_true(file_symbols_find(stored, own_address(), &s));
	assert_int_equal(file_symbols_name(stored, &with_table, s.name, name), 0);
	assert_string_equal(name, "only_in_symtab");
	/* One block of names at a time is in memory, and their sums. */
	assert_true(file_symbols_bytes(stored) < file_symbols_bytes(made) + STORED_BLOCK_BYTES + 1024);
	free(b.data);
	close(app.fd);
	close(debug.fd);
}

static void the_link_is_a_name_and_the_file_s_checksum(void **state)
{
	struct opened app = opened_of(path_of("app")), plain = opened_of(path_of("stripped"));
	struct debug_link link;

	(void)state;
	assert_int_equal(debug_link_read(&app.elf, &link), 0);
	assert_string_equal(link.name, "app.debug");
	assert_int_equal(debug_link_read(&plain.elf, &link), -ENOENT);
	close(app.fd);
	close(plain.fd);
}

static void a_debug_file_of_the_same_build_matches(void **state)
{
	struct opened app = opened_of(path_of("app")), debug = opened_of(path_of("app.debug"));
	struct opened libc = opened_of("/lib/x86_64-linux-gnu/libc.so.6");

	(void)state;
	assert_int_equal(debug_link_match(&app.elf, &debug.elf), 0);
	assert_int_equal(debug_link_match(&app.elf, &libc.elf), -ESTALE);
	close(app.fd);
	close(debug.fd);
	close(libc.fd);
}

static void without_a_build_id_the_checksum_decides(void **state)
{
	struct opened app, debug;
	int fd;

	(void)state;
	objcopy("--remove-section=.note.gnu.build-id", path_of("app"), path_of("no-id"));
	app = opened_of(path_of("no-id"));
	debug = opened_of(path_of("app.debug"));
	assert_int_equal(debug_link_match(&app.elf, &debug.elf), 0);
	close(debug.fd);

	objcopy("--strip-debug", path_of("app.debug"), path_of("other.debug"));
	debug = opened_of(path_of("other.debug"));
	assert_int_equal(debug_link_match(&app.elf, &debug.elf), -ESTALE);
	close(debug.fd);

	fd = open(path_of("other.debug"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)DEBUG_LINK_MAX_FILE + 1), 0);
	close(fd);
	debug = opened_of(path_of("other.debug"));
	assert_int_equal(debug_link_match(&app.elf, &debug.elf), -EFBIG);
	close(debug.fd);
	close(app.fd);
}

/* ---- mini debug info ---- */

static void write_all(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
}

/* "stripped" with `len` bytes, packed, for its mini debug info. */
static struct opened with_mini(const void *data, size_t len)
{
	size_t room = lzma_stream_buffer_bound(len), packed_len = 0;
	uint8_t *packed = malloc(room);
	char add[300];

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, data, len, packed,
						 &packed_len, room), LZMA_OK);
	write_all(path_of("mini.xz"), packed, packed_len);
	free(packed);
	snprintf(add, sizeof(add), "--add-section=.gnu_debugdata=%s", path_of("mini.xz"));
	objcopy(add, path_of("stripped"), path_of("with-mini"));
	return opened_of(path_of("with-mini"));
}

static void mini_debug_info_names_what_the_stripped_file_cannot(void **state)
{
	_cleanup_free_ uint8_t *data = NULL;
	struct opened app;
	struct stat st;
	int fd;

	(void)state;
	objcopy("--strip-debug", path_of("app.debug"), path_of("mini"));
	fd = open(path_of("mini"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	data = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
	close(fd);
	app = with_mini(data, (size_t)st.st_size);
	assert_string_equal(own_name(&app.elf, NULL), "only_in_symtab");
	close(app.fd);
}

static void mini_debug_info_that_unpacks_without_end_is_refused(void **state)
{
	size_t len = MINI_DEBUG_MAX_BYTES + 1;
	_cleanup_free_ uint8_t *zeros = calloc(1, len);
	uint8_t *data;
	struct opened app = with_mini(zeros, len);

	(void)state;
	assert_int_equal(mini_debug_read(&app.elf, &data, &len), -ENOENT);
	assert_string_equal(own_name(&app.elf, NULL), "-");
	close(app.fd);
}

static void mini_debug_info_that_is_no_elf_names_nothing(void **state)
{
	struct opened app = with_mini("nonsense", 8);

	(void)state;
	assert_string_equal(own_name(&app.elf, NULL), "-");
	close(app.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_debug_file_names_what_the_stripped_one_cannot),
		cmocka_unit_test(a_debug_file_that_is_cut_is_as_good_as_none),
		cmocka_unit_test(names_of_another_set_of_files_do_not_fit),
		cmocka_unit_test(a_stored_table_names_without_the_debug_file_and_leaves_names_on_disk),
		cmocka_unit_test(the_link_is_a_name_and_the_file_s_checksum),
		cmocka_unit_test(a_debug_file_of_the_same_build_matches),
		cmocka_unit_test(without_a_build_id_the_checksum_decides),
		cmocka_unit_test(mini_debug_info_names_what_the_stripped_file_cannot),
		cmocka_unit_test(mini_debug_info_that_unpacks_without_end_is_refused),
		cmocka_unit_test(mini_debug_info_that_is_no_elf_names_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
