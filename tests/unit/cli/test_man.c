/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <sys/wait.h>

#include "cli/man.h"
#include "unit/cli/verb.h"
#include "util/buf.h"
#include "util/file.h"

#define A_DAY 1763683200 /* 2025-11-21 */

static void man_page_looks_like_this(void **state)
{
	struct buf out = {};

	(void)state;
	assert_int_equal(man_verb(&bake_page, &kitchen_table, A_DAY, &out), 0);
	assert_non_null(strstr(buf_text(&out), ".TH HEARTH\\-BAKE 1 2025-11-21 \"hearth " HEARTH_VERSION
					       "\" \"Hearth\"\n"));
	assert_non_null(strstr(buf_text(&out),
			       "hearth\\-bake \\- bake a loaf \\e with \\(dqcrust\\(dq and .dots\n"));
	assert_non_null(strstr(buf_text(&out), "\\fBhearth bake\\fR [OPTION\\[u2026]] brown|white "
					       "[\\-\\- COMMAND\\[u2026]]\n"));
	assert_non_null(strstr(buf_text(&out), ".PP\n\\&'Quoted' and .dotted lines"));
	assert_non_null(strstr(buf_text(&out), ".TP\n\\fB\\-H\\fR, \\fB\\-\\-heat\\fR=\\fIN\\fR\n"
					       "how hot the oven is to be (integer, 50 to 250 degrees; "
					       "default 180)\n"));
	assert_null(strstr(buf_text(&out), "yeast"));
	assert_null(strstr(buf_text(&out), "hidden behind"));
	buf_done(&out);
}

/* 0: it had nothing to say; 127: it is not installed. */
static int run_quietly(const char *const *argv)
{
	int status, fds[2];
	pid_t pid;
	char said[256];
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		if (dup2(fds[1], 2) < 0 || !freopen("/dev/null", "w", stdout))
			_exit(126);
		close(fds[0]);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], said, sizeof(said) - 1);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) != 127 && n > 0) {
		said[n] = '\0';
		print_message("%s: %s", argv[0], said);
	}
	return WEXITSTATUS(status) == 127 ? 127 : WEXITSTATUS(status) || n > 0;
}

static void formatters_have_nothing_to_complain_about(void **state)
{
	struct page pages[] = {bake_page};
	const struct page_list list = {pages, 1};
	const char *path = test_path(state, "page.1");
	const char *const mandoc[] = {"mandoc", "-T", "lint", "-W", "warning", path, NULL};
	const char *const groff[] = {"groff", "-ww", "-man", "-T", "utf8", path, NULL};
	struct buf verb = {}, overview = {};

	assert_int_equal(man_verb(&bake_page, &kitchen_table, A_DAY, &verb), 0);
	assert_int_equal(man_overview(&list, A_DAY, &overview), 0);
	for (int i = 0; i < 2; i++) {
		const struct buf *page = i ? &overview : &verb;

		assert_int_equal(file_write_atomic(path, buf_text(page), page->len, 0644, true), 0);
		if (run_quietly(mandoc) == 127 && run_quietly(groff) == 127)
			test_skip("needs mandoc or groff");
		assert_int_not_equal(run_quietly(mandoc), 1);
		assert_int_not_equal(run_quietly(groff), 1);
	}
	buf_done(&verb);
	buf_done(&overview);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(man_page_looks_like_this),
		unit_test_with_folder(formatters_have_nothing_to_complain_about),
	};

	return cmocka_run_group_tests_name("man", tests, NULL, NULL);
}
