/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hidden verb behind `hearth record -- CMD` (run/command.h): waits until the samplers are
 * attached, then becomes CMD. It does as little as it can, since its time is CMD's first time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/launch_repeat.h"
#include "loop/signal.h"
#include "run/command.h"
#include "util/log.h"
#include "util/sys.h"

int launch_wait(char *ret_order)
{
	ssize_t n = sys_read(LAUNCH_HOLD_FD, ret_order, 1);

	if (n == 0)
		return -ECANCELED;
	return n < 0 ? (int)n : 0;
}

/* nohup(1) ignores SIGHUP for what it starts, and that reaches through us. */
void launch_reset_signals(void)
{
	struct sigaction hangup;
	bool is_ignored = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN;

	signal_reset();
	if (is_ignored)
		(void)signal(SIGHUP, SIG_IGN);
}

/* CMD gets the standard streams. The status pipe closes itself when exec succeeds. */
static void close_the_rest(void)
{
	(void)close(LAUNCH_HOLD_FD);
	(void)fcntl(LAUNCH_STATUS_FD, F_SETFD, FD_CLOEXEC);
	(void)close_range(LAUNCH_STATUS_FD + 1, ~0u, 0);
}

int launch_explain(const char *program, int error)
{
	if (error != ENOENT) {
		log_error("cannot execute \"%s\": %s", program, strerror(error));
		return EXIT_NOT_EXECUTABLE;
	}
	if (strchr(program, '/'))
		log_error("cannot execute \"%s\": it, or the interpreter that it names, does not "
			  "exist", program);
	else
		log_error("cannot execute \"%s\": no such program in PATH", program);
	return EXIT_NOT_FOUND;
}

static int launch_run(struct cli_call *call)
{
	char order;
	int r, error;

	if (!call->command || !call->command[0] || fcntl(LAUNCH_STATUS_FD, F_GETFD) < 0) {
		log_error("`hearth launch` is for hearth itself; use `hearth record -- CMD`");
		return EXIT_USAGE;
	}
	r = launch_wait(&order);
	if (r < 0) {
		if (r != -ECANCELED)
			log_error("cannot start \"%s\": %s", call->command[0], strerror(-r));
		return EXIT_HEARTH_FAILED;
	}
	if (order == LAUNCH_REPEAT)
		return launch_repeat(call->command);
	launch_reset_signals();
	close_the_rest();
	execvp(call->command[0], call->command);
	error = errno;
	(void)sys_write(LAUNCH_STATUS_FD, &error, sizeof(error));
	return launch_explain(call->command[0], error);
}

const struct cli_verb cli_launch = {
	.name = "launch",
	.summary = "become a command once it is watched",
	.arguments = "-- CMD…",
	.is_hidden = true,
	.run = launch_run,
};
