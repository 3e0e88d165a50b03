/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests share: an instance that writes into a folder of its own. */
#pragma once

#include "common/test_profile.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/cleanup.h"

struct test_script {
	struct hearth_mock m;
	struct test_profile p;
	char folder[64], file[128];
};

static inline void script_begin(struct test_script *t, const char *setting)
{
	char directory[128];

	snprintf(t->folder, sizeof(t->folder), "/tmp/hearth-test-script-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(directory, sizeof(directory), "directory=%s", t->folder);
	snprintf(t->file, sizeof(t->file), "%s/perf-script.txt", t->folder);
	test_profile_begin(&t->p);
	hearth_mock_init(&t->m, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_set(&t->m, directory), 0);
	if (setting)
		assert_int_equal(hearth_mock_set(&t->m, setting), 0);
	assert_int_equal(hearth_mock_create(&t->m), 0);
	assert_int_equal(hearth_mock_start(&t->m), 0);
}

static inline void script_feed(struct test_script *t)
{
	assert_int_equal(hearth_mock_feed(&t->m, test_profile_end(&t->p)), 0);
}

/* The file's content, to be freed. */
static inline char *script_finish(struct test_script *t)
{
	struct stat st;
	char *text;
	FILE *f;

	assert_int_equal(hearth_mock_finish(&t->m), 0);
	f = fopen(t->file, "re");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	return text;
}

static inline void script_end(struct test_script *t)
{
	assert_int_equal(hearth_mock_done(&t->m), 0);
	test_profile_done(&t->p);
	assert_int_equal(remove(t->file), 0);
	assert_int_equal(rmdir(t->folder), 0);
}
