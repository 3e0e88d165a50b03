/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/writable.h"

struct said {
	struct hearth_diagnosis d; /* first */
	char text[2048];
};

static void hear(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		 const char *finding, const char *mend)
{
	struct said *s = (struct said *)(uintptr_t)d;

	snprintf(s->text, sizeof(s->text), "%d %s: %s%s%s", severity, subject, finding,
		 mend ? " -> " : "", mend ? mend : "");
}

/* A folder with a file in it is the working folder of each test. */
static int enter_folder(void **state)
{
	char folder[] = "/tmp/hearth-writable-XXXXXX";
	FILE *f;

	if (!mkdtemp(folder) || chdir(folder) < 0 || !(f = fopen("file", "we")) || fclose(f))
		return -1;
	*state = strdup(folder);
	return mkdir("folder", 0755);
}

static int leave_folder(void **state)
{
	(void)unlink("file");
	(void)rmdir("folder");
	(void)!chdir("/");
	(void)rmdir(*state);
	free(*state);
	return 0;
}

static void it_is_said_whether_the_place_can_be_written_and_nothing_is(void **state)
{
	static const struct {
		void (*diagnose)(const struct hearth_diagnosis *d, const char *path);
		const char *path, *said;
	} rows[] = {
		{ writable_diagnose_folder, "folder", "0 output: folder can be written into" },
		{ writable_diagnose_folder, "folder/", "0 output: folder/ can be written into" },
		{ writable_diagnose_folder, ".", "0 output: . can be written into" },
		{ writable_diagnose_folder, "", "0 output:  can be written into" },
		{ writable_diagnose_folder, "new", "0 output: new can be made" },
		{ writable_diagnose_folder, "folder/new/below", "0 output: folder/new/below can be made" },
		{ writable_diagnose_folder, "file/below", "2 output: file/below cannot be" },
		{ writable_diagnose_folder, "file", "2 output: file cannot be" },
		{ writable_diagnose_file, "file", "0 output: file can be written" },
		{ writable_diagnose_file, "new", "0 output: new can be made" },
		{ writable_diagnose_file, "folder/new", "0 output: folder/new can be made" },
		{ writable_diagnose_file, "no/new", "2 output: no/new cannot be made: No such file or directory -> sudo install -d -o " },
		{ writable_diagnose_file, "folder", "2 output: folder cannot be written: Is a directory" },
		{ writable_diagnose_file, "file/new", "2 output: file/new cannot be" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said said = { .d = { .size = sizeof(said.d), .line = hear } };

		rows[i].diagnose(&said.d, rows[i].path);
		if (strncmp(said.text, rows[i].said, strlen(rows[i].said)) != 0)
			fail_msg("row %zu: \"%s\"", i, said.text);
		assert_int_equal(said.text[0] == '2', strstr(said.text, " -> ") != NULL);
	}
	assert_int_equal(access("new", F_OK), -1);
	assert_int_equal(access("folder/new", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			it_is_said_whether_the_place_can_be_written_and_nothing_is, enter_folder,
			leave_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
