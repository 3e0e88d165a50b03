/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the flame graph share: an instance that writes into a folder of its own. */
#pragma once

#include "common/test_profile.h"

#include <dirent.h>
#include <sys/stat.h>

#include "common/cleanup.h"

struct test_flame {
	struct hearth_mock m;
	struct test_profile p;
	char folder[64];
};

/* settings: "title=x\0…", NULL-ended list of "name=value". */
static inline void flame_create(struct test_flame *t, const char *const *settings)
{
	char directory[128];

	snprintf(t->folder, sizeof(t->folder), "/tmp/hearth-test-flame-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(directory, sizeof(directory), "directory=%s", t->folder);
	test_profile_begin(&t->p);
	hearth_mock_init(&t->m, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_set(&t->m, directory), 0);
	for (; settings && *settings; settings++)
		assert_int_equal(hearth_mock_set(&t->m, *settings), 0);
	assert_int_equal(hearth_mock_create(&t->m), 0);
}

static inline void flame_begin(struct test_flame *t, const char *const *settings)
{
	flame_create(t, settings);
	assert_int_equal(hearth_mock_start(&t->m), 0);
}

static inline void flame_feed(struct test_flame *t)
{
	assert_int_equal(hearth_mock_feed(&t->m, test_profile_end(&t->p)), 0);
}

/* Names of the folder's files with this end; answers how many, and the last one's name. */
static inline int flame_files(const struct test_flame *t, const char *end, char *ret_name, size_t size)
{
	DIR *d = opendir(t->folder);
	int n = 0;

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		size_t len = strlen(e->d_name), tail = strlen(end);

		if (e->d_type != DT_REG || len < tail || strcmp(e->d_name + len - tail, end) != 0)
			continue;
		n++;
		if (ret_name)
			snprintf(ret_name, size, "%s", e->d_name);
	}
	if (d)
		closedir(d);
	return n;
}

/* A file's content, to be freed. */
static inline char *flame_read(const struct test_flame *t, const char *name)
{
	char path[512];
	struct stat st;
	char *text;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", t->folder, name);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	return text;
}

static inline void flame_end(struct test_flame *t)
{
	char name[256], path[512];

	assert_int_equal(hearth_mock_done(&t->m), 0);
	test_profile_done(&t->p);
	while (flame_files(t, "", name, sizeof(name))) {
		snprintf(path, sizeof(path), "%s/%s", t->folder, name);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(t->folder), 0);
}
