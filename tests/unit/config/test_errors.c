/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every folder of cases/ is a configuration and the exact messages that it must give (`expected`).
 * A file `case` holds what is not a file: one directive a line, see run_directive().
 * tests/lint/config_errors.py looks at which calls of config_error() they reach.
 *
 * With HEARTH_UPDATE_CASES set, what comes out is written to `expected` for a person to judge.
 *
 * A case runs in a child, in a copy of its folder, so that paths read as a user would see them and
 * permissions, user and environment are its own.
 */
#include "unit/util/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "config/config.h"
#include "unit/config/table.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/str.h"

#define NOBODY 65534

struct run {
	struct config_sources sources;
	char **environ, **set, **sinks;
	char *path, *environment, *overlay;
	bool is_nobody;
};

static const char *argument(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) != 0 || (line[len] && line[len] != ' '))
		return NULL;
	return line[len] ? line + len + 1 : "";
}

static char *text_of(const char *path)
{
	char *text = NULL;
	size_t len;

	assert_int_equal(file_read(path, 1 << 20, &text, &len), 0);
	return text;
}

static void chmod_as_written(const char *text)
{
	char mode[8], path[256];

	assert_int_equal(sscanf(text, "%7s %255s", mode, path), 2);
	assert_int_equal(chmod(path, (mode_t)strtoul(mode, NULL, 8)), 0);
}

/* A list with more items than the reader takes. */
static void write_values(const char *path)
{
	_cleanup_(buf_done) struct buf text = {};

	for (int i = 0; i <= 100000; i++)
		assert_int_equal(buf_append_string(&text, i ? ",1" : "labels: [1"), 0);
	assert_int_equal(buf_append_string(&text, "]\n"), 0);
	assert_int_equal(file_write_atomic(path, buf_text(&text), text.len, 0644, true), 0);
}

static void run_directive(struct run *run, const char *line)
{
	struct config_sources *s = &run->sources;
	const char *a;

	if ((a = argument(line, "set")))
		assert_int_equal(strv_append(&run->set, a), 0);
	else if ((a = argument(line, "sink")))
		assert_int_equal(strv_append(&run->sinks, a), 0);
	else if ((a = argument(line, "variable")))
		assert_int_equal(strv_append(&run->environ, a), 0);
	else if ((a = argument(line, "config")))
		s->path = run->path = *a ? strdup(a) : NULL;
	else if ((a = argument(line, "environment")))
		s->environment = run->environment = strdup(a);
	else if ((a = argument(line, "overlay")) || (a = argument(line, "run")))
		s->overlay = run->overlay = text_of(a);
	else if ((a = argument(line, "chmod")))
		chmod_as_written(a);
	else if ((a = argument(line, "mkfifo")))
		assert_int_equal(mkfifo(a, 0600), 0);
	else if ((a = argument(line, "large")))
		assert_int_equal(truncate(a, 2 << 20), 0);
	else if ((a = argument(line, "values")))
		write_values(a);
	else if ((a = argument(line, "nobody")))
		run->is_nobody = true;
	else if ((a = argument(line, "verb")))
		s->has_no_files = true;
	else
		fail_msg("cases: unknown directive \"%s\"", line);
	s->is_run_overlay |= str_starts(line, "run ");
}

static void read_directives(struct run *run)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(strv_freep) char **lines = NULL;
	size_t len;

	if (file_read("case", 1 << 16, &text, &len) == -ENOENT)
		return;
	assert_int_equal(strv_split(text, "\n", &lines), 0);
	for (char **p = lines; *p; p++)
		run_directive(run, *p);
}

static const struct option_table *table_of(const char *plugin)
{
	if (str_equal(plugin, "required"))
		return &required_table;
	return str_equal(plugin, "faulty") ? &faulty_table : &every_table;
}

/* The part of `hearth check` that a plugin's table has in it. */
static int check_options(const struct config *c, struct config_errors *errors)
{
	int worst = 0;

	for (size_t i = 0; i < c->n_instances; i++) {
		_cleanup_free_ char *subject = str_format("plugin \"%s\"", c->instances[i].name);
		_cleanup_(option_set_freep) struct option_set *set = NULL;
		int r = option_set_new(table_of(c->instances[i].plugin), c->instances[i].node, subject,
				       config_reserved_keys, geteuid() != 0, errors, &set);

		worst = r ? r : worst;
	}
	return worst;
}

static void write_messages(const struct config_errors *errors, int r, int fd)
{
	_cleanup_(buf_done) struct buf out = {};

	for (size_t i = 0; i < errors->n_warnings; i++)
		(void)buf_printf(&out, "warning: %s\n", errors->warnings[i]);
	for (size_t i = 0; i < errors->n; i++)
		(void)buf_printf(&out, "%s\n", errors->messages[i]);
	if (errors->n_more)
		(void)buf_printf(&out, "and %zu more\n", errors->n_more);
	if (r != (errors->n ? -EINVAL : 0))
		(void)buf_printf(&out, "and yet the answer is %d\n", r);
	(void)fd_write_all(fd, buf_text(&out), out.len);
}

static void run_done(struct run *run)
{
	strv_free(run->environ);
	strv_free(run->set);
	strv_free(run->sinks);
	free(run->path);
	free(run->environment);
	free(run->overlay);
}

/* In the child. */
static void run_case(int fd)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_(run_done) struct run run = {.sources = {.path = "hearth.yaml"}};
	int r;

	run.environ = strv_copy(NULL);

	read_directives(&run);
	if (run.is_nobody && geteuid() == 0) {
		assert_int_equal(setgroups(0, NULL), 0);
		assert_int_equal(setresgid(NOBODY, NOBODY, NOBODY), 0);
		assert_int_equal(setresuid(NOBODY, NOBODY, NOBODY), 0);
	}
	run.sources.environ = run.environ;
	run.sources.set = run.set;
	run.sources.sinks = run.sinks;
	r = config_load(&run.sources, &errors, &c);
	if (r == 0)
		r = check_options(c, &errors);
	write_messages(&errors, r, fd);
}

static void copy_folder(const char *from, const char *to)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("cp", "cp", "-R", from, to, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static char *messages_of(const char *folder)
{
	char *text = NULL;
	int fds[2], status;
	size_t len;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		assert_int_equal(chdir(folder), 0);
		run_case(fds[1]);
		exit(0); /* and not _exit(): LeakSanitizer is to look at what errors leave behind */
	}
	close(fds[1]);
	assert_int_equal(fd_read_all(fds[0], 1 << 20, &text, &len), 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return text;
}

static char *cases_folder(void)
{
	const char *source = getenv("HEARTH_SOURCE_DIR");

	assert_non_null(source);
	return str_format("%s/tests/unit/config/cases", source);
}

/* What a failing assertion leaves behind is the teardown's: children look for leaks, too. */
struct test_case {
	const char *name, *folder;
	char *cases, *from, *to, *path, *expected, *messages;
};

static void update(const struct test_case *c)
{
	char *path = str_format("%s/expected", c->from);

	assert_int_equal(file_write_atomic(path, c->messages, strlen(c->messages), 0644, true), 0);
	free(path);
}

static void broken_configuration_gives_its_exact_messages(void **state)
{
	struct test_case *c = *state;

	c->cases = cases_folder();
	c->from = str_format("%s/%s", c->cases, c->name);
	c->to = str_format("%s/%s", c->folder, c->name);
	c->path = str_format("%s/expected", c->to);
	copy_folder(c->from, c->to);
	c->expected = text_of(c->path);
	c->messages = messages_of(c->to);
	if (getenv("HEARTH_UPDATE_CASES"))
		update(c);
	else
		assert_string_equal(c->messages, c->expected);
}

static int case_teardown(void **state)
{
	struct test_case *c = *state;

	free(c->cases);
	free(c->from);
	free(c->to);
	free(c->path);
	free(c->expected);
	free(c->messages);
	return 0;
}

static int is_case(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(void)
{
	_cleanup_free_ char *cases = cases_folder();
	char folder[] = "/tmp/hearth-cases-XXXXXX";
	struct dirent **entries;
	int n = scandir(cases, &entries, is_case, alphasort), r;
	struct CMUnitTest *tests = calloc((size_t)n + 1, sizeof(*tests));
	struct test_case *states = calloc((size_t)n + 1, sizeof(*states));

	if (n <= 0 || !tests || !states || !mkdtemp(folder) || chmod(folder, 0755) < 0)
		return 1;
	for (int i = 0; i < n; i++) {
		states[i] = (struct test_case){.name = entries[i]->d_name, .folder = folder};
		tests[i] = (struct CMUnitTest){.name = entries[i]->d_name,
					       .test_func = broken_configuration_gives_its_exact_messages,
					       .teardown_func = case_teardown,
					       .initial_state = &states[i]};
	}
	r = _cmocka_run_group_tests("errors", tests, (size_t)n, NULL, NULL);
	(void)nftw(folder, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	free(tests);
	free(states);
	return r;
}
