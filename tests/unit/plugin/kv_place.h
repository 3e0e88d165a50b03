/* SPDX-License-Identifier: Apache-2.0 */
/* A place for saved state in the folder of the test, and words for what it holds. */
#pragma once

#include "unit/plugin/fixture.h"

#include <dirent.h>

#include "plugin/kv.h"
#include "util/file.h"
#include "util/log.h"
#include "util/str.h"

static inline struct kv_place place_of(void **state)
{
	return (struct kv_place){ .state_dir = *state, .instance = "sink", .run = "" };
}

static inline void put(const struct kv_place *p, const char *key, const char *value)
{
	assert_int_equal(kv_put(p, key, value, strlen(value)), 0);
}

static inline void assert_value(const struct kv_place *p, const char *key, const char *expected)
{
	char buf[256] = "";

	assert_int_equal(kv_get(p, key, buf, sizeof(buf) - 1), strlen(expected));
	assert_string_equal(buf, expected);
}

static inline void assert_absent(const struct kv_place *p, const char *key)
{
	char buf[256] = "untouched";

	assert_int_equal(kv_get(p, key, buf, sizeof(buf)), -ENOENT);
	assert_string_equal(buf, "untouched");
}

static inline size_t count_entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		n += !str_equal(e->d_name, ".") && !str_equal(e->d_name, "..");
	if (d)
		closedir(d);
	return n;
}

static inline int quiet_setup(void **state)
{
	log_set_level(HEARTH_LOG_ERROR);
	return test_folder_setup(state);
}

#define kv_test(f) cmocka_unit_test_setup_teardown(f, quiet_setup, test_folder_teardown)
