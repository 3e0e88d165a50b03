/* SPDX-License-Identifier: Apache-2.0 */
/* The failpoints of a release build, whatever build this is: their source, compiled once more. */
#undef HEARTH_FAILPOINTS
#define fail_warn_if_ignored fail_warn_if_ignored_in_a_release
#include "util/fail.c"

#include "unit/util/fixture.h"

#include <fcntl.h>

#include "util/cleanup.h"
#include "util/file.h"

/* The caller's. */
static char *stderr_of_two_calls(void)
{
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *text;

	dup2(file, STDERR_FILENO);
	fail_warn_if_ignored();
	fail_warn_if_ignored();
	dup2(saved, STDERR_FILENO);
	lseek(file, 0, SEEK_SET);
	assert_int_equal(fd_read_all(file, 4096, &text, NULL), 0);
	close(saved);
	close(file);
	return text;
}

static void release_is_silent_where_no_failpoint_is_asked_for(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	unsetenv("HEARTH_FAILPOINT");
	text = stderr_of_two_calls();
	assert_string_equal(text, "");
}

static void release_warns_once_that_it_ignores_failpoints(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	setenv("HEARTH_FAILPOINT", "sys.open=EIO", 1);
	text = stderr_of_two_calls();
	unsetenv("HEARTH_FAILPOINT");
	assert_string_equal(text, "hearth: warning: HEARTH_FAILPOINT is set, but this build has no "
			    "failpoints; build with -Dfailpoints=true to use it\n");
}

static void release_has_no_failpoints(void **state)
{
	(void)state;
	assert_int_equal(fail_point("sys.open"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(release_is_silent_where_no_failpoint_is_asked_for),
		cmocka_unit_test(release_warns_once_that_it_ignores_failpoints),
		cmocka_unit_test(release_has_no_failpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
