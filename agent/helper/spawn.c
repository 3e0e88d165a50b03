/* SPDX-License-Identifier: Apache-2.0 */
/* Both kinds of helpers begin like this: those that stay and those for one question. */
#include "helper/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/protocol.h"
#include "util/str.h"
#include "util/sys.h"

void helper_describe_end(int code, int status, char *ret, size_t size)
{
	if (code == CLD_EXITED)
		snprintf(ret, size, "exited with status %d", status);
	else
		snprintf(ret, size, "was killed by signal %d (%s)", status, strsignal(status));
}

/* Failpoints must strike in helpers too; nothing else of the environment is passed on. */
static void environment_make(char *ret[2])
{
	ret[0] = ret[1] = NULL;
#ifdef HEARTH_FAILPOINTS
	for (char **e = environ; *e; e++)
		if (str_starts(*e, "HEARTH_FAILPOINT="))
			ret[0] = *e;
#endif
}

static int spawn(const char *executable, char *const *argv, int socket, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *environment[2];
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	environment_make(environment);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	r = posix_spawn_file_actions_adddup2(&actions, socket, HELPER_SOCKET);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawn(ret, executable, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int helper_spawn(const char *executable, char *const *argv, pid_t *ret_pid, int *ret_socket)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	int pair[2], r;

	r = sys_socketpair(SOCK_SEQPACKET, pair);
	if (r < 0)
		return r;
	ours = pair[0];
	theirs = pair[1];
	r = spawn(executable, argv, theirs, ret_pid);
	if (r < 0)
		return r;
	*ret_socket = TAKE_FD(ours);
	return 0;
}
