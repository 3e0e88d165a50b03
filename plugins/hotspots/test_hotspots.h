/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the report share: an instance that writes into a folder of its own. */
#pragma once

#include "common/test_profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "hotspots.h"

struct test_report {
	struct hearth_mock m;
	struct test_profile p;
	char folder[64];
	char *text, *json; /* after report_finish() */
};

/* settings: "title=x", NULL-ended; a name that was given before is set again. */
static inline void report_create(struct test_report *t, const char *const *settings)
{
	char directory[128];

	memset(t, 0, sizeof(*t));
	snprintf(t->folder, sizeof(t->folder), "/tmp/hearth-test-report-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(directory, sizeof(directory), "directory=%s", t->folder);
	test_profile_begin(&t->p);
	hearth_mock_init(&t->m, &hotspots_component);
	assert_int_equal(hearth_mock_set(&t->m, directory), 0);
	for (; settings && *settings; settings++)
		assert_int_equal(hearth_mock_set(&t->m, *settings), 0);
}

static inline void report_begin(struct test_report *t, const char *const *settings)
{
	report_create(t, settings);
	assert_int_equal(hearth_mock_create(&t->m), 0);
	assert_int_equal(hearth_mock_start(&t->m), 0);
}

static inline void report_feed(struct test_report *t)
{
	assert_int_equal(hearth_mock_feed(&t->m, test_profile_end(&t->p)), 0);
}

/* A file's content, to be freed; NULL: it is not there. The file is removed. */
static inline char *report_take(const struct test_report *t, const char *name)
{
	char path[512], *text = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", t->folder, name);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	n = getdelim(&text, &size, 0, f);
	fclose(f);
	assert_int_equal(remove(path), 0);
	assert_true(n > 0);
	return text;
}

static inline void report_finish(struct test_report *t)
{
	assert_int_equal(hearth_mock_finish(&t->m), 0);
	free(t->text);
	t->text = report_take(t, "report.txt");
	t->json = report_take(t, "report.json");
}

static inline void report_end(struct test_report *t)
{
	assert_int_equal(hearth_mock_done(&t->m), 0);
	test_profile_done(&t->p);
	free(t->text);
	free(t->json);
	assert_int_equal(rmdir(t->folder), 0);
}

static inline void report_lacks(const char *what, const char *where)
{
	print_error("no \"%s\" in:\n%s\n", what, where ? where : "(no file)");
	_fail(__FILE__, __LINE__);
}

/* What JSON says of the first row that has this pair, as "self/total" samples and periods. */
static inline void assert_row(const struct test_report *t, const char *pair, uint64_t self,
			      uint64_t total)
{
	const char *row = t->json ? strstr(t->json, pair) : NULL;
	const char *at = row ? strstr(row, "\"self\":{\"samples\":") : NULL;
	const char *then = at ? strstr(at, "\"total\":{\"samples\":") : NULL;

	if (!then)
		return report_lacks(pair, t->json);
	assert_int_equal(strtoull(at + strlen("\"self\":{\"samples\":"), NULL, 10), self);
	assert_int_equal(strtoull(then + strlen("\"total\":{\"samples\":"), NULL, 10), total);
}

static inline void assert_text(const struct test_report *t, const char *part)
{
	if (!t->text || !strstr(t->text, part))
		report_lacks(part, t->text);
}
