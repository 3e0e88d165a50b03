/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command of `hearth record -- CMD`: held between fork and exec until the samplers are
 * attached, then watched until it ends. [thread of the loop]
 *
 * What runs at first is `hearth launch` (cli/launch.c), as the effective user, with the standard
 * streams, default signals and no other fd; it becomes CMD when command_release() says so. Its
 * pid is CMD's, or that of CMD's parent when CMD may run several times. Nobody else may wait for it: children are reaped by pidfd, one by one.
 */
#pragma once

#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include "loop/loop.h"

/* Of the launcher: where it waits for its byte, and where it says why exec failed. */
enum {
	LAUNCH_HOLD_FD = 3,
	LAUNCH_STATUS_FD = 4,
};

/* What the launcher is told through its hold: to become CMD, or to run it as a child and wait. */
enum {
	LAUNCH_BECOME = '!',
	LAUNCH_REPEAT = '+',
};

/* What it answers after each run as a child. */
struct launch_report {
	int exec_error;  /* errno, or 0 */
	int wait_status; /* as of waitpid(2) */
};

/* Exit statuses that are the launcher's, not CMD's (cli/exit.h has the whole table). */
enum {
	COMMAND_NOT_BEGUN = 125,
	COMMAND_NOT_EXECUTABLE = 126,
	COMMAND_NOT_FOUND = 127,
};

struct command;

/* Called once, when the command has ended and its status is known. May free the command. */
typedef void (*command_exit_fn)(void *ctx, struct command *c);

/* After a run of CMD: true to have it run again. */
typedef bool (*command_again_fn)(void *ctx, struct command *c, int exit_status);

struct command_options {
	char *const *argv;     /* CMD and its arguments, NULL-ended, borrowed for command_new() */
	bool has_stderr_only;  /* what CMD writes to stdout goes to stderr */
	command_again_fn again; /* NULL: CMD runs once; else as a child of the launcher */
	command_exit_fn fn;
	void *ctx;
};

/* 0 or -errno. */
int command_new(struct loop *l, const struct command_options *o, struct command **ret);
/*
 * NULL. A command that was never released ends with its launcher; a released one that still runs
 * is left alone, and becomes init's child when hearth ends.
 */
struct command *command_free(struct command *c);
DEFINE_CLEANUP(struct command *, command_free)

pid_t command_pid(const struct command *c);
/* Lets CMD begin. -EPIPE: the launcher is gone; on_exit says how. */
int command_release(struct command *c);

/* -ESRCH once it has ended. */
int command_signal(struct command *c, int signal);
/*
 * Passes on a signal that hearth got from kill(2) or sigqueue(3); one that the terminal sent has
 * reached the command already, as a member of the same process group.
 */
void command_forward_signal(struct command *c, const struct signalfd_siginfo *info);

bool command_has_exited(const struct command *c);
/*
 * What `hearth record` exits with: CMD's own status, 128 + signal if it was killed, 127 if there
 * is no such program, 126 if it cannot be executed, 125 if it was never begun. Valid after
 * on_exit.
 */
int command_exit_status(const struct command *c);
/* The errno of a failed exec, which tells a 127 of ours from one of CMD's; else 0. */
int command_exec_error(const struct command *c);
