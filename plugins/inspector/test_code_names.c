/* SPDX-License-Identifier: Apache-2.0 */
/* When a perf map that grows is read again. */
#include "test_support.h"

#include <sys/mman.h>

#include "code_names.h"
#include "perf_map.h"

#define SECOND 1000000000ull

static uint64_t now_ns;

static uint64_t fake_now(const struct hearth_host *h)
{
	(void)h;
	return now_ns;
}

static const struct hearth_host host = { .size = sizeof(host), .now_ns = fake_now };

struct fixture {
	struct table_cache *cache;
	int fd;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	now_ns = SECOND;
	assert_int_equal(table_cache_new(1 << 20, &f->cache), 0);
	f->fd = memfd_create("perf.map", MFD_CLOEXEC);
	assert_true(f->fd >= 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	table_cache_free(f->cache);
	close(f->fd);
	free(f);
	return 0;
}

static void append(struct fixture *f, const char *text)
{
	assert_int_equal(write(f->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int32_t on_symbol(void *ctx, const char *module, const char *cause,
			 const struct hearth_symbol_line *lines, uint32_t n_lines)
{
	(void)module;
	(void)cause;
	snprintf(ctx, PERF_MAP_MAX_NAME, "%s", n_lines ? lines->function : "-");
	return 0;
}

static const char *name_of(struct fixture *f, uint64_t address)
{
	static char name[PERF_MAP_MAX_NAME];
	struct hearth_naming out = { .size = sizeof(out), .ctx = name, .symbol = on_symbol };
	const char *cause;

	assert_int_equal(code_names_answer(f->cache, &host, 7, f->fd, &address, 1, &out, &cause), 0);
	return name;
}

static void code_that_was_made_since_is_found_a_second_later(void **state)
{
	struct fixture *f = *state;

	append(f, "1000 10 first\n");
	assert_string_equal(name_of(f, 0x1000), "first");
	append(f, "2000 10 second\n");
	assert_string_equal(name_of(f, 0x2000), "-");
	now_ns += SECOND;
	assert_string_equal(name_of(f, 0x2000), "second");
}

static void a_map_is_not_read_again_for_what_it_covers(void **state)
{
	struct fixture *f = *state;

	append(f, "1000 10 first\n");
	assert_string_equal(name_of(f, 0x1000), "first");
	append(f, "1000 10 again\n");
	now_ns += SECOND;
	assert_string_equal(name_of(f, 0x1000), "first");
	assert_string_equal(name_of(f, 0x3000), "-");
	assert_string_equal(name_of(f, 0x1000), "again");
}

static void a_map_that_was_begun_anew_is_read_at_once(void **state)
{
	struct fixture *f = *state;

	append(f, "1000 10 first\n");
	assert_string_equal(name_of(f, 0x1000), "first");
	assert_int_equal(ftruncate(f->fd, 0), 0);
	assert_int_equal(lseek(f->fd, 0, SEEK_SET), 0);
	append(f, "2000 10 new\n");
	assert_string_equal(name_of(f, 0x1000), "-");
	assert_string_equal(name_of(f, 0x2000), "new");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(code_that_was_made_since_is_found_a_second_later, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_map_is_not_read_again_for_what_it_covers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_map_that_was_begun_anew_is_read_at_once, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
