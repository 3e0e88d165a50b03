/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of several folders share: cmocka, temporary folders, failpoints. */
#pragma once

#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/fail.h"

#ifndef HEARTH_FAILPOINTS
static inline int fail_configure(const char *spec)
{
	(void)spec;
	return -ENOSYS;
}

static inline unsigned long fail_count(const char *name)
{
	(void)name;
	return 0;
}
#endif

/* Skips the test with a reason that the runner can find in its output. */
#define test_skip(reason) \
	do { \
		print_message("skipped: %s: %s\n", __func__, reason); \
		skip(); \
	} while (0)

/* Arms failpoints, or skips the test where there are none. */
#define test_fail(spec) \
	do { \
		if (fail_configure(spec) == -ENOSYS) \
			test_skip("needs a build with -Dfailpoints=true"); \
		assert_int_equal(fail_configure(spec), 0); \
	} while (0)

static inline int test_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* A cmocka fixture: *state is the path of an empty folder of the test's own. */
static inline int test_folder_setup(void **state)
{
	char *path = strdup("/tmp/hearth-test-XXXXXX");

	*state = path;
	return path && mkdtemp(path) ? 0 : -1;
}

static inline int test_folder_teardown(void **state)
{
	int r = nftw(*state, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	(void)fail_configure(NULL);
	free(*state);
	return r;
}

#define unit_test_with_folder(f) \
	cmocka_unit_test_setup_teardown(f, test_folder_setup, test_folder_teardown)

/* The rest of the file runs without supplementary groups; users and groups change to and fro. */
static inline void test_become_nobody(void)
{
	assert_int_equal(setgroups(0, NULL), 0);
	assert_int_equal(setegid(65534), 0);
	assert_int_equal(seteuid(65534), 0);
}

static inline void test_become_root(void)
{
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
}

/* "folder/name", valid until the fourth call after it. */
static inline const char *test_path(void **state, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", (const char *)*state, name);
	return path;
}
