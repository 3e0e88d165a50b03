/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command under test. Its launcher is the test program itself, called as `test launch -- CMD`,
 * as hearth would be.
 */
#pragma once

#include "unit/util/fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "loop/signal.h"
#include "run/command.h"
#include "util/file.h"
#include "util/str.h"

#define COMMAND(...) ((char *const[]){ __VA_ARGS__, NULL })
#define SHELL(script) COMMAND("sh", "-c", script)

struct fixture {
	char *folder;
	struct loop *loop;
	struct command *command;
	unsigned int n_exits;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(test_folder_setup(state), 0);
	f->folder = *state;
	assert_int_equal(chdir(f->folder), 0);
	*state = f;
	assert_int_equal(signal_block_all(), 0);
	signal(SIGPIPE, SIG_IGN);
	return loop_new(&f->loop);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	(void)fail_configure(NULL);
	command_free(f->command);
	loop_free(f->loop);
	signal(SIGPIPE, SIG_IGN); /* takes back one that came while it was blocked */
	signal_reset();
	assert_int_equal(chdir("/"), 0);
	*state = f->folder;
	free(f);
	return test_folder_teardown(state);
}

static inline void on_exit_of_command(void *ctx, struct command *c)
{
	struct fixture *f = ctx;

	assert_true(command_has_exited(c));
	f->n_exits++;
}

static inline int make(struct fixture *f, char *const *argv, command_exit_fn fn)
{
	struct command_options o = { .argv = argv, .fn = fn, .ctx = f };

	return command_new(f->loop, &o, &f->command);
}

static inline void begin(struct fixture *f, char *const *argv)
{
	f->command = command_free(f->command);
	f->n_exits = 0;
	assert_int_equal(make(f, argv, on_exit_of_command), 0);
}

/* The exit status. */
static inline int finish(struct fixture *f)
{
	while (f->n_exits == 0)
		assert_int_equal(loop_run_once(f->loop, -1), 0);
	assert_int_equal(f->n_exits, 1);
	return command_exit_status(f->command);
}

static inline int run(struct fixture *f, char *const *argv)
{
	begin(f, argv);
	assert_int_equal(command_release(f->command), 0);
	return finish(f);
}

static inline void assert_written(const char *name, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(file_read(name, 1 << 16, &text, NULL), 0);
	assert_string_equal(text, expected);
}

/* For the first lines of main(): true if this process was started as the launcher. */
static inline bool is_launcher(int argc, char **argv)
{
	return argc > 1 && str_equal(argv[1], "launch");
}

static inline int launcher_main(int argc, char **argv)
{
	struct cli_call call = { .name = "launch", .command = argc > 3 ? argv + 3 : NULL };

	return cli_launch.run(&call);
}

#define command_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
