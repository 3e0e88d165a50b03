/* SPDX-License-Identifier: Apache-2.0 */
/* The script is run by a real bash, as a Tab would run it. */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "cli/completion.h"
#include "unit/cli/verb.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/str.h"

static const struct page pages[] = {
	{.verb = "bake", .summary = "", .arguments = "brown|white",
	 .options = {bake_rows, sizeof(bake_rows) / sizeof(bake_rows[0]), sizeof(bake_rows[0])}},
	{.verb = "eat", .summary = ""},
	{.verb = "barter", .summary = ""},
};

/* What bash says of one line, sorted; words are given apart as readline would. */
static char *offered(void **state, const char *words)
{
	_cleanup_free_ char *line = NULL;
	const char *path = test_path(state, "completion");
	char *text = NULL;
	int fds[2], status;
	size_t len;
	pid_t pid;

	line = str_format("source %s && COMP_WORDS=(%s) && COMP_CWORD=$((${#COMP_WORDS[@]}-1)) && _hearth; "
			  "printf '%%s\\n' \"${COMPREPLY[@]}\" | LC_ALL=C sort | tr '\\n' ' '",
			  path, words);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (dup2(fds[1], 1) < 0 || dup2(fds[1], 2) < 0 || chdir(*state) < 0)
			_exit(126);
		execlp("bash", "bash", "--norc", "--noprofile", "-u", "-c", line, NULL);
		_exit(127);
	}
	close(fds[1]);
	assert_int_equal(fd_read_all(fds[0], 1 << 16, &text, &len), 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return text;
}

static void tab_offers_what_fits(void **state)
{
	static const char *const lines[][2] = {
		{"hearth ''", "--help --version bake barter eat "},
		{"hearth ba", "bake barter "},
		{"hearth bake --h", "--heat --help "},
		{"hearth bake --baking", "--baking-time "},
		{"hearth bake --debug", " "},
		{"hearth bake ''", "brown white "},
		{"hearth bake wh", "white "},
		{"hearth bake --shape ''", "round square "},
		{"hearth bake --shape s", "square "},
		{"hearth bake -s r", "round "},
		{"hearth bake --shape = s", "square "},
		{"hearth bake --shape =", "round square "},
		{"hearth bake --shape=s", "--shape=square "},
		{"hearth bake --heat 1", " "},
		{"hearth bake --recipe-file-of-the-grandmother co", "completion "},
		{"hearth eat --", "--help --quick "},
		{"hearth unknown --", " "},
		{"hearth bake -- bas", "bash bashbug "},
		{"hearth bake -- ls --he", " "},
	};
	const struct page_list list = {(struct page *)pages, ARRAY_SIZE(pages)};
	struct buf script = {};

	assert_int_equal(completion_bash(&list, &kitchen_table, &script), 0);
	assert_int_equal(file_write_atomic(test_path(state, "completion"), buf_text(&script), script.len, 0644,
					   true), 0);
	buf_done(&script);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *text = offered(state, lines[i][0]);
		bool is_command = strstr(lines[i][0], "-- bas");

		if (is_command ? !strstr(text, "bash") : !str_equal(text, lines[i][1]))
			fail_msg("\"%s\" offers \"%s\"", lines[i][0], text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(tab_offers_what_fits),
	};

	return cmocka_run_group_tests_name("completion", tests, NULL, NULL);
}
