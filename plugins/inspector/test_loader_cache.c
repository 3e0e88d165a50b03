/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loader_cache.h"
#include "test_doctor.h"

struct cache_image {
	char magic[20];
	uint32_t n, len_strings, flags, extension, unused[3];
	struct {
		int32_t flags;
		uint32_t key, value, os_version;
		uint64_t hwcap;
	} entries[4];
	char strings[128];
};

/* Libraries of the cache: of a newer CPU, of another machine, the right one; and a name beyond. */
static struct cache_image cache_make(void)
{
	static const char strings[] = "libx.so\0/v3/libx.so\0/arm/libx.so\0/cache/libx.so";
	const uint32_t at = offsetof(struct cache_image, strings);
	struct cache_image c = { .magic = "glibc-ld.so.cache1.", .n = 4 };

	c.magic[19] = '1';
	memcpy(c.strings, strings, sizeof(strings));
	c.entries[0].key = c.entries[1].key = c.entries[2].key = at;
	c.entries[0].value = at + 8;
	c.entries[0].hwcap = 1ull << 62;
	c.entries[1].value = at + 20;
	c.entries[2].value = at + 33;
	c.entries[3].key = UINT32_MAX;
	return c;
}

struct library {
	uint8_t data[256];
	size_t len;
};

static const char *found(const struct cache_image *cache, const char *run_path, const char *name,
			 const char *extra)
{
	static char path[LIBRARY_MAX_PATH];
	static struct library x86, arm;
	const struct library_wish wish = { .name = name, .run_path = run_path,
					   .origin = "/app/bin/program", .machine = EM_X86_64,
					   .is_64 = true };
	struct loader_cache *c;
	struct elf_file f;

	x86.len = made_file(x86.data, sizeof(x86.data), EM_X86_64, NULL, 0);
	arm.len = made_file(arm.data, sizeof(arm.data), EM_AARCH64, NULL, 0);
	const struct world_file files[] = {
		{ extra, x86.data, x86.len },
		{ "/v3/libx.so", x86.data, x86.len },
		{ "/arm/libx.so", arm.data, arm.len },
		{ "/cache/libx.so", x86.data, x86.len },
		{ "/etc/ld.so.cache", cache, cache ? sizeof(*cache) : 1 },
	};
	struct world w = { files, cache ? 5 : 4 };
	const struct file_source source = { world_open, &w };

	assert_int_equal(loader_cache_new(&source, &c), 0);
	if (loader_cache_open(c, &wish, &source, &f, path) < 0)
		path[0] = '\0';
	loader_cache_free(c);
	return path;
}

static void a_library_is_found_where_the_loader_finds_it(void **state)
{
	static const struct {
		const char *run_path, *name, *extra, *path;
	} rows[] = {
		{ "", "libx.so", "/none", "/cache/libx.so" },
		{ "/own:/own/lib", "libx.so", "/own/lib/libx.so", "/own/lib/libx.so" },
		{ "$ORIGIN/../lib", "libx.so", "/app/bin/../lib/libx.so", "/app/bin/../lib/libx.so" },
		{ "${ORIGIN}", "libx.so", "/app/bin/libx.so", "/app/bin/libx.so" },
		{ "relative", "libx.so", "relative/libx.so", "/cache/libx.so" },
		{ "/arm", "libx.so", "/none", "/cache/libx.so" }, /* of another machine */
		{ "", "liby.so", "/usr/lib/liby.so", "/usr/lib/liby.so" },
		{ "", "liby.so", "/none", "" },
		{ "", "/some/liby.so", "/some/liby.so", "/some/liby.so" },
		{ "", "some/liby.so", "some/liby.so", "" },
	};
	const struct cache_image cache = cache_make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(found(&cache, rows[i].run_path, rows[i].name, rows[i].extra),
				    rows[i].path);
}

static void a_missing_or_damaged_cache_reads_as_empty(void **state)
{
	struct cache_image cache = cache_make();

	(void)state;
	assert_string_equal(found(NULL, "", "libx.so", "/usr/lib/libx.so"), "/usr/lib/libx.so");
	cache.n = UINT32_MAX;
	assert_string_equal(found(&cache, "", "libx.so", "/usr/lib/libx.so"), "/usr/lib/libx.so");
	cache = cache_make();
	cache.magic[0] = 'x';
	assert_string_equal(found(&cache, "", "libx.so", "/usr/lib/libx.so"), "/usr/lib/libx.so");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_library_is_found_where_the_loader_finds_it),
		cmocka_unit_test(a_missing_or_damaged_cache_reads_as_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
