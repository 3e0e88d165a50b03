/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sampler follows children at fork, so a launcher that stays their parent is watched once, and
 * nothing needs to be changed between two runs of a few milliseconds. It has one thread, so it may
 * fork; what it gets of signals goes to CMD.
 */
#include "cli/launch_repeat.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/exit.h"
#include "run/command.h"
#include "util/log.h"
#include "util/sys.h"

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

static void wait_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(set, forwarded[i]);
}

/* The child: an error of exec goes to the parent by a pipe that exec closes. */
static void become(char *const *argv, int error_fd)
{
	int error;

	launch_reset_signals();
	execvp(argv[0], argv);
	error = errno;
	(void)sys_write(error_fd, &error, sizeof(error));
	_exit(launch_explain(argv[0], error));
}

/* The terminal's signals reach CMD by themselves; kill(2) on the launcher means CMD. */
static int await_end(pid_t pid)
{
	siginfo_t info;
	sigset_t set;
	int status;

	wait_set(&set);
	for (;;) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD && info.si_code <= 0)
			(void)kill(pid, info.si_signo);
		else if (info.si_signo == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
			return status;
	}
}

static int run_once(char *const *argv, struct launch_report *ret)
{
	int ends[2], error = 0, r = sys_pipe(ends);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		become(argv, ends[1]);
	r = pid < 0 ? -errno : 0;
	(void)close(ends[1]);
	if (r == 0)
		ret->wait_status = await_end(pid);
	if (sys_read(ends[0], &error, sizeof(error)) == sizeof(error))
		ret->exec_error = error;
	(void)close(ends[0]);
	return r;
}

int launch_repeat(char *const *argv)
{
	struct launch_report report;
	sigset_t set;
	char order;
	int r;

	wait_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)close_range(LAUNCH_HOLD_FD, ~0u, CLOSE_RANGE_CLOEXEC);
	do {
		report = (struct launch_report){};
		r = run_once(argv, &report);
		if (r < 0)
			break;
		(void)sys_write(LAUNCH_STATUS_FD, &report, sizeof(report));
		r = launch_wait(&order);
	} while (r == 0);
	if (r == -ECANCELED)
		return EXIT_OK;
	log_error("cannot run \"%s\" again: %s", argv[0], strerror(-r));
	return EXIT_HEARTH_FAILED;
}
