/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process with threads may not run code of its own between fork and exec, and a command must
 * not run before it is watched. So the waiting is done by an exec'd copy of hearth itself.
 */
#include "run/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/str.h"
#include "util/sys.h"

struct command {
	struct loop *loop;
	pid_t pid;
	int pidfd, hold_fd, status_fd;
	command_again_fn again;
	command_exit_fn fn;
	void *ctx;
	bool has_begun, has_exited;
	bool has_report;      /* of a run as the launcher's child */
	int reported_status;
	siginfo_t end;
	int exec_error;
};

/* The launcher's ends, out of the way of the numbers that dup2() gives them in the child. */
struct launch_fds {
	int hold, status;
};

static void launch_fds_close(struct launch_fds *fds)
{
	closep(&fds->hold);
	closep(&fds->status);
}

static int fd_raise(int *fd)
{
	int raised = fcntl(*fd, F_DUPFD_CLOEXEC, LAUNCH_STATUS_FD + 1);

	if (raised < 0)
		return -errno;
	close(*fd);
	*fd = raised;
	return 0;
}

static int pipes_open(struct command *c, struct launch_fds *ret)
{
	int hold[2], status[2], r;

	r = sys_pipe(hold);
	if (r < 0)
		return r;
	ret->hold = hold[0];
	c->hold_fd = hold[1];
	r = sys_pipe(status);
	if (r < 0)
		return r;
	c->status_fd = status[0];
	ret->status = status[1];
	if (fcntl(c->status_fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	r = fd_raise(&ret->hold);
	return r < 0 ? r : fd_raise(&ret->status);
}

static int launch_argv(char *const *argv, char ***ret)
{
	_cleanup_(strv_freep) char **v = NULL;
	static const char *const head[] = { "hearth", "launch", "--" };

	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		if (strv_append(&v, head[i]) < 0)
			return -ENOMEM;
	for (; *argv; argv++)
		if (strv_append(&v, *argv) < 0)
			return -ENOMEM;
	*ret = TAKE_PTR(v);
	return 0;
}

/* All but SIGHUP, which stays ignored for a command under nohup(1). */
static void child_signals(posix_spawnattr_t *attributes)
{
	sigset_t set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attributes, &set);
	sigfillset(&set);
	sigdelset(&set, SIGHUP);
	posix_spawnattr_setsigdefault(attributes, &set);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int file_actions(posix_spawn_file_actions_t *actions, const struct launch_fds *fds,
			bool has_stderr_only)
{
	int e = posix_spawn_file_actions_adddup2(actions, fds->hold, LAUNCH_HOLD_FD);

	if (e == 0)
		e = posix_spawn_file_actions_adddup2(actions, fds->status, LAUNCH_STATUS_FD);
	if (e == 0 && has_stderr_only)
		e = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
	return e;
}

static int spawn(char *const *argv, const struct launch_fds *fds, bool has_stderr_only,
		 pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;
	int e;

	e = posix_spawn_file_actions_init(&actions);
	if (e != 0)
		return -e;
	e = posix_spawnattr_init(&attributes);
	if (e != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -e;
	}
	child_signals(&attributes);
	e = file_actions(&actions, fds, has_stderr_only);
	if (e == 0)
		e = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environ);
	if (e == 0)
		*ret_pid = pid;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -e;
}

static int command_spawn(struct command *c, const struct command_options *o)
{
	_cleanup_(launch_fds_close) struct launch_fds fds = { -1, -1 };
	_cleanup_(strv_freep) char **launch = NULL;
	int r;

	r = launch_argv(o->argv, &launch);
	if (r < 0)
		return r;
	r = pipes_open(c, &fds);
	if (r < 0)
		return r;
	return spawn(launch, &fds, o->has_stderr_only, &c->pid);
}

/* Nothing there means that exec went well, or that the launcher died before it. */
static void read_exec_error(struct command *c)
{
	int error;

	if (sys_read(c->status_fd, &error, sizeof(error)) == sizeof(error) && error > 0)
		c->exec_error = error;
}

static void command_ended(void *ctx, int fd, uint32_t events)
{
	struct command *c = ctx;

	(void)events;
	if (waitid(P_PIDFD, (id_t)fd, &c->end, WEXITED | WNOHANG) < 0)
		c->end = (siginfo_t){ .si_code = CLD_EXITED, .si_status = COMMAND_NOT_BEGUN };
	else if (c->end.si_pid == 0)
		return;
	c->has_exited = true;
	loop_watch(c->loop, fd, 0, NULL, NULL);
	if (!c->again)
		read_exec_error(c);
	c->fn(c->ctx, c);
}

static int status_of(int exec_error, int wait_status)
{
	if (exec_error)
		return exec_error == ENOENT ? COMMAND_NOT_FOUND : COMMAND_NOT_EXECUTABLE;
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* The launcher's child has ended: another round, or nothing more to wait for. */
static void command_reported(void *ctx, int fd, uint32_t events)
{
	const char order = LAUNCH_REPEAT;
	struct command *c = ctx;
	struct launch_report report;

	(void)events;
	if (sys_read(fd, &report, sizeof(report)) != sizeof(report)) {
		loop_watch(c->loop, fd, 0, NULL, NULL); /* the launcher is gone */
		return;
	}
	c->has_report = true;
	c->exec_error = report.exec_error;
	c->reported_status = status_of(report.exec_error, report.wait_status);
	if (!c->again(c->ctx, c, c->reported_status) ||
	    sys_write(c->hold_fd, &order, sizeof(order)) < 0)
		closep(&c->hold_fd);
}

static int command_watch(struct command *c)
{
	int r;

	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return -errno;
	r = loop_watch(c->loop, c->pidfd, EPOLLIN, command_ended, c);
	return r == 0 && c->again ? loop_watch(c->loop, c->status_fd, EPOLLIN, command_reported, c) : r;
}

int command_new(struct loop *l, const struct command_options *o, struct command **ret)
{
	_cleanup_(command_freep) struct command *c = NULL;
	int r;

	if (!o->argv || !o->argv[0])
		return -EINVAL;
	c = sys_alloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	*c = (struct command){ .loop = l, .pidfd = -1, .hold_fd = -1, .status_fd = -1,
			       .again = o->again, .fn = o->fn, .ctx = o->ctx };
	r = command_spawn(c, o);
	if (r < 0)
		return r;
	r = command_watch(c);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

/* CMD has not begun, so nobody misses the launcher; it may be stopped, and deaf to its pipe. */
static void command_kill_held(struct command *c)
{
	(void)kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

struct command *command_free(struct command *c)
{
	if (!c)
		return NULL;
	if (c->hold_fd >= 0 && c->pid > 0 && !c->has_begun && !c->has_exited)
		command_kill_held(c);
	if (c->again && c->status_fd >= 0)
		loop_watch(c->loop, c->status_fd, 0, NULL, NULL);
	if (c->pidfd >= 0) {
		loop_watch(c->loop, c->pidfd, 0, NULL, NULL);
		close(c->pidfd);
	}
	closep(&c->hold_fd);
	closep(&c->status_fd);
	free(c);
	return NULL;
}

pid_t command_pid(const struct command *c)
{
	return c->pid;
}

int command_release(struct command *c)
{
	const char order = c->again ? LAUNCH_REPEAT : LAUNCH_BECOME;
	ssize_t n;

	if (c->has_begun)
		return -EALREADY;
	c->has_begun = true;
	n = sys_write(c->hold_fd, &order, sizeof(order));
	if (!c->again)
		closep(&c->hold_fd);
	return n < 0 ? (int)n : 0;
}

int command_signal(struct command *c, int signal)
{
	if (c->has_exited)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, c->pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

void command_forward_signal(struct command *c, const struct signalfd_siginfo *info)
{
	if (info->ssi_code == SI_USER || info->ssi_code == SI_QUEUE || info->ssi_code == SI_TKILL)
		(void)command_signal(c, (int)info->ssi_signo);
}

bool command_has_exited(const struct command *c)
{
	return c->has_exited;
}

int command_exit_status(const struct command *c)
{
	if (!c->has_exited)
		return COMMAND_NOT_BEGUN;
	if (c->exec_error)
		return status_of(c->exec_error, 0);
	if (c->has_report && c->end.si_code == CLD_EXITED)
		return c->reported_status;
	return c->end.si_code == CLD_EXITED ? c->end.si_status : 128 + c->end.si_status;
}

int command_exec_error(const struct command *c)
{
	return c->exec_error;
}
