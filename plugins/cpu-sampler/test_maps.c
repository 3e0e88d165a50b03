/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "maps.h"

static void lines_are_read_as_proc_writes_them(void **state)
{
	static const struct {
		const char *line, *path;
		uint64_t start, end, offset, inode;
		uint32_t major, minor;
		bool is_executable;
	} cases[] = {
		{ "55d0-55e0 r-xp 00002000 fe:01 1234                       /usr/bin/gzip",
		  "/usr/bin/gzip", 0x55d0, 0x55e0, 0x2000, 1234, 0xfe, 1, true },
		{ "55d0-55e0 r--p 00000000 08:10 9 /a b", "/a b", 0x55d0, 0x55e0, 0, 9, 8, 0x10, false },
		{ "1000-2000 rwxp 00000000 00:00 0 ", "", 0x1000, 0x2000, 0, 0, 0, 0, true },
		{ "1000-2000 rwxp 00000000 00:00 0", "", 0x1000, 0x2000, 0, 0, 0, 0, true },
		{ "7ffd0000-7ffd2000 r-xp 00000000 00:00 0                          [vdso]", "[vdso]",
		  0x7ffd0000, 0x7ffd2000, 0, 0, 0, 0, true },
		{ "1000-2000 r-xp 00000000 00:2a 77 /tmp/x (deleted)", "/tmp/x", 0x1000, 0x2000, 0, 77,
		  0, 0x2a, true },
		{ "1000-2000 r-xp 00000000 00:2a 77 /tmp/a\\012b", "/tmp/a\\012b", 0x1000, 0x2000, 0, 77,
		  0, 0x2a, true },
		{ "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
		  "[vsyscall]", 0xffffffffff600000, 0xffffffffff601000, 0, 0, 0, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct maps_line l;

		assert_int_equal(maps_line_parse(cases[i].line, strlen(cases[i].line), &l), 0);
		assert_int_equal(l.start, cases[i].start);
		assert_int_equal(l.end, cases[i].end);
		assert_int_equal(l.file_offset, cases[i].offset);
		assert_int_equal(l.inode, cases[i].inode);
		assert_int_equal(l.device_major, cases[i].major);
		assert_int_equal(l.device_minor, cases[i].minor);
		assert_int_equal(l.is_executable, cases[i].is_executable);
		assert_int_equal(l.path_len, strlen(cases[i].path));
		if (l.path_len)
			assert_memory_equal(l.path, cases[i].path, l.path_len);
	}
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const cases[] = {
		"", "-", "1000", "1000-", "1000-2000", "1000-2000 ", "1000-2000 r-xp",
		"1000-2000 r-xp 0 8:1", "1000-2000 r-xp 0 8 1 /x", "2000-1000 r-xp 0 8:1 1 /x",
		"1000-1000 r-xp 0 8:1 1 /x", "x000-2000 r-xp 0 8:1 1 /x",
		"1000-11112222333344445 r-xp 0 8:1 1 /x", "1000-2000 r-xp 0 111112222:1 1 /x",
		"1000-2000 r-xp 0 8:1 x /x", "1000-2000 r-xp 0 8:1 1x", "1000-2000 r-xpp 0 8:1 1 /x",
	};
	struct maps_line l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(maps_line_parse(cases[i], strlen(cases[i]), &l), -EBADMSG);
}

struct seen {
	unsigned int n, stop_after;
	uint64_t last_start;
};

static int see(void *ctx, const struct maps_line *l)
{
	struct seen *s = ctx;

	assert_true(l->is_executable);
	s->n++;
	s->last_start = l->start;
	return s->stop_after && s->n == s->stop_after ? -ECANCELED : 0;
}

static int file_with(const char *text, size_t times)
{
	int fd = memfd_create("maps", MFD_CLOEXEC);
	size_t len = strlen(text);

	assert_true(fd >= 0);
	for (size_t i = 0; i < times; i++)
		assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void only_executable_lines_are_delivered(void **state)
{
	_cleanup_close_ int fd = file_with("1000-2000 r--p 0 8:1 1 /x\n2000-3000 r-xp 0 8:1 1 /x\n"
					   "nonsense\n3000-4000 rw-p 0 8:1 1 /x\n", 1);
	struct seen seen = {};

	(void)state;
	assert_int_equal(maps_read(fd, see, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last_start, 0x2000);
}

static void lines_across_reads_are_whole(void **state)
{
	_cleanup_close_ int fd = file_with("2000-3000 r-xp 00000000 08:01 1 /some/path\n", 5000);
	struct seen seen = {};

	(void)state;
	assert_int_equal(maps_read(fd, see, &seen), 0);
	assert_int_equal(seen.n, 5000);
}

static void an_endless_map_ends(void **state)
{
	_cleanup_close_ int fd = file_with("2000-3000 r-xp 00000000 08:01 1 /some/path\n",
					   MAPS_MAX_BYTES / 40);
	struct seen seen = {};

	(void)state;
	assert_int_equal(maps_read(fd, see, &seen), -E2BIG);
	assert_true(seen.n > 100000);
}

static void an_endless_line_ends(void **state)
{
	_cleanup_close_ int fd = file_with("2000-3000 r-xp 00000000 08:01 1 /some/path", 5000);
	struct seen seen = {};

	(void)state;
	assert_int_equal(maps_read(fd, see, &seen), -E2BIG);
	assert_int_equal(seen.n, 0);
}

static void the_reader_can_stop(void **state)
{
	_cleanup_close_ int fd = file_with("2000-3000 r-xp 00000000 08:01 1 /some/path\n", 5);
	struct seen seen = { .stop_after = 2 };

	(void)state;
	assert_int_equal(maps_read(fd, see, &seen), -ECANCELED);
	assert_int_equal(seen.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_as_proc_writes_them),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(only_executable_lines_are_delivered),
		cmocka_unit_test(lines_across_reads_are_whole),
		cmocka_unit_test(an_endless_map_ends),
		cmocka_unit_test(an_endless_line_ends),
		cmocka_unit_test(the_reader_can_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
