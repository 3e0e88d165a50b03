/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "retention.h"

struct folder {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	static struct folder f;

	snprintf(f.path, sizeof(f.path), "/tmp/hearth-retention-XXXXXX");
	if (!mkdtemp(f.path))
		return -1;
	f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &f;
	return f.fd < 0 ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct folder *f = *state;

	closep(&f->fd);
	return nftw(f->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void plant(const struct folder *f, const char *name, size_t bytes)
{
	_cleanup_close_ int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
}

static bool has(const struct folder *f, const char *name)
{
	return faccessat(f->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#define AT(time) "shop-web1-20261121T" time "Z"

static void plant_four(const struct folder *f)
{
	plant(f, AT("100000") ".perf.data", 100);
	plant(f, AT("110000") ".perf.data.zst", 100);
	plant(f, AT("110000-2") ".perf.data", 100); /* no time of ours */
	plant(f, AT("110001") ".perf.data", 100);
	plant(f, AT("110001") "-2.perf.data", 100);
}

static void so_many_of_the_newest_stay(void **state)
{
	plant_four(*state);
	assert_int_equal(retention_apply(((struct folder *)*state)->fd, "shop-web1-", 2, 0), 2);
	assert_false(has(*state, AT("100000") ".perf.data"));
	assert_false(has(*state, AT("110000") ".perf.data.zst"));
	assert_true(has(*state, AT("110001") ".perf.data"));
	assert_true(has(*state, AT("110001") "-2.perf.data"));
}

static void so_many_bytes_stay(void **state)
{
	plant_four(*state);
	assert_int_equal(retention_apply(((struct folder *)*state)->fd, "shop-web1-", 0, 350), 1);
	assert_false(has(*state, AT("100000") ".perf.data"));
}

static void the_newest_stays_however_large(void **state)
{
	plant_four(*state);
	assert_int_equal(retention_apply(((struct folder *)*state)->fd, "shop-web1-", 0, 1), 3);
	assert_true(has(*state, AT("110001") "-2.perf.data"));
}

static void without_limits_all_stay(void **state)
{
	plant_four(*state);
	assert_int_equal(retention_apply(((struct folder *)*state)->fd, "shop-web1-", 0, 0), 0);
}

static void what_others_put_there_stays(void **state)
{
	static const char *const names[] = {
		"perf.data", AT("100000") ".perf.data.old", AT("10000x") ".perf.data",
		"shop-web10-20261121T100000Z.perf.data", "." AT("100000") ".perf.data.part",
		AT("100000") "-2.perf.data.gz",
	};
	struct folder *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		plant(f, names[i], 1);
	assert_int_equal(symlinkat("/etc/passwd", f->fd, AT("090000") ".perf.data"), 0);
	assert_int_equal(mkdirat(f->fd, AT("080000") ".perf.data", 0700), 0);
	plant(f, AT("120000") ".perf.data", 1);
	assert_int_equal(retention_apply(f->fd, "shop-web1-", 1, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(has(f, names[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(so_many_of_the_newest_stay),
		TEST(so_many_bytes_stay),
		TEST(the_newest_stays_however_large),
		TEST(without_limits_all_stay),
		TEST(what_others_put_there_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
