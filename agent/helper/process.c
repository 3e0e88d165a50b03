/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that is killed while it waits for a file system may live on for as long as that takes;
 * it is set aside and reaped whenever it ends, and the replacement does not wait for it.
 */
#include "helper/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper/spawn.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

#define MIN_DELAY_NS NS_PER_S
#define MAX_DELAY_NS (60 * NS_PER_S)
#define HEALTHY_NS (60 * NS_PER_S)
#define MAX_DYING 8u
#define REAP_TIMEOUT_MS 1000

/* Killed, not yet gone. */
struct dying {
	pid_t pid;
	int pidfd; /* -1: free */
};

struct helper_process {
	struct loop *loop;
	char *name, *executable;
	char **argv;
	struct helper_process_options options;
	pid_t pid; /* 0: not running; written atomically, read by any thread */
	int pidfd, fd;
	uint64_t spawned_ns, delay_ns, retry_ns;
	struct dying dying[MAX_DYING];
	uint64_t ended_cpu_ns;
	struct message message;
};

int helper_process_new(struct loop *loop, const struct helper_process_options *options,
		       struct helper_process **ret)
{
	_cleanup_(helper_process_freep) struct helper_process *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->loop = loop;
	p->options = *options;
	p->pidfd = p->fd = -1;
	for (size_t i = 0; i < MAX_DYING; i++)
		p->dying[i].pidfd = -1;
	p->name = strdup(options->name);
	p->executable = strdup(options->executable);
	p->argv = strv_copy(options->argv);
	if (!p->name || !p->executable || !p->argv)
		return -ENOMEM;

	*ret = TAKE_PTR(p);
	return 0;
}

uint64_t helper_process_ended_cpu_ns(const struct helper_process *p)
{
	return p->ended_cpu_ns;
}

pid_t helper_process_pid(const struct helper_process *p)
{
	return __atomic_load_n(&p->pid, __ATOMIC_RELAXED);
}

/* ---- end ---- */

static uint64_t time_ns(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_usec * NS_PER_US;
}

/* False: it has not ended. glibc's waitid() keeps to itself what the kernel says of its CPU time. */
static bool reap(struct helper_process *p, int pidfd, siginfo_t *ret)
{
	struct rusage usage = {};

	*ret = (siginfo_t){};
	if (syscall(SYS_waitid, P_PIDFD, pidfd, ret, WEXITED | WNOHANG, &usage) < 0 ||
	    ret->si_pid == 0)
		return false;
	p->ended_cpu_ns += time_ns(&usage.ru_utime) + time_ns(&usage.ru_stime);
	return true;
}

static void on_dying_pidfd(void *ctx, int fd, uint32_t events)
{
	struct helper_process *p = ctx;
	siginfo_t info;

	(void)events;
	for (size_t i = 0; i < MAX_DYING; i++)
		if (p->dying[i].pidfd == fd) {
			(void)reap(p, fd, &info);
			(void)loop_watch(p->loop, fd, 0, NULL, NULL);
			(void)close(fd);
			p->dying[i].pidfd = -1;
		}
}

/* Without room it stays a zombie until the host ends: eight in state D mean a broken machine. */
static void set_aside(struct helper_process *p, pid_t pid, int pidfd)
{
	for (size_t i = 0; i < MAX_DYING; i++)
		if (p->dying[i].pidfd < 0) {
			p->dying[i] = (struct dying){ .pid = pid, .pidfd = pidfd };
			(void)loop_watch(p->loop, pidfd, EPOLLIN, on_dying_pidfd, p);
			return;
		}
	(void)close(pidfd);
}

static void back_off(struct helper_process *p)
{
	uint64_t now = clock_monotonic_ns();

	if (now - p->spawned_ns >= HEALTHY_NS)
		p->delay_ns = 0;
	p->retry_ns = now + p->delay_ns;
	p->delay_ns = p->delay_ns ? p->delay_ns * 2 : MIN_DELAY_NS;
	if (p->delay_ns > MAX_DELAY_NS)
		p->delay_ns = MAX_DELAY_NS;
}

static void disconnect(struct helper_process *p)
{
	if (p->fd < 0)
		return;
	(void)loop_watch(p->loop, p->fd, 0, NULL, NULL);
	(void)close(p->fd);
	p->fd = -1;
}

/* The process is ours no more: its pidfd was closed or set aside. */
static void dead(struct helper_process *p, const char *how, int signal)
{
	pid_t pid = p->pid;

	disconnect(p);
	p->pidfd = -1;
	__atomic_store_n(&p->pid, 0, __ATOMIC_RELAXED);
	back_off(p);
	log_warning("helper %s (pid %d) %s; it costs %s, and is replaced %s", p->name, pid, how,
		    p->options.cost, p->retry_ns > clock_monotonic_ns() ? "after a pause" : "at once");
	p->options.on_death(p->options.ctx, how, signal);
}

static void on_pidfd(void *ctx, int fd, uint32_t events)
{
	struct helper_process *p = ctx;
	siginfo_t info;
	char how[96];

	(void)events;
	if (!reap(p, fd, &info))
		return;
	helper_describe_end(info.si_code, info.si_status, how, sizeof(how));
	(void)loop_watch(p->loop, fd, 0, NULL, NULL);
	(void)close(fd);
	dead(p, how, info.si_code == CLD_EXITED ? 0 : info.si_status);
}

static void kill_and_set_aside(struct helper_process *p)
{
	(void)syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
	(void)loop_watch(p->loop, p->pidfd, 0, NULL, NULL);
	set_aside(p, p->pid, p->pidfd);
}

void helper_process_retire(struct helper_process *p)
{
	if (p->pid == 0)
		return;
	kill_and_set_aside(p);
	disconnect(p);
	p->pidfd = -1;
	__atomic_store_n(&p->pid, 0, __ATOMIC_RELAXED);
}

void helper_process_kill(struct helper_process *p, const char *how)
{
	if (p->pid == 0)
		return;
	kill_and_set_aside(p);
	dead(p, how, 0);
}

/* ---- start ---- */

/* A closed socket is the end of the process, and the pidfd tells how it ended. */
static void on_socket(void *ctx, int fd, uint32_t events)
{
	struct helper_process *p = ctx;

	(void)events;
	while (p->fd == fd) {
		int r = message_receive(fd, &p->message, MSG_DONTWAIT);

		if (r == -EAGAIN)
			return;
		if (r < 0) {
			disconnect(p);
			(void)syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
			return;
		}
		p->options.on_message(p->options.ctx, &p->message);
		message_close_fds(&p->message);
	}
}

static int start(struct helper_process *p)
{
	_cleanup_close_ int ours = -1;
	pid_t pid;
	int r;

	p->spawned_ns = clock_monotonic_ns(); /* of the attempt: a failed one has not lived long */
	r = helper_spawn(p->executable, p->argv, &pid, &ours);
	if (r < 0)
		return r;
	p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p->pidfd < 0) {
		r = -errno;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	__atomic_store_n(&p->pid, pid, __ATOMIC_RELAXED);
	p->fd = TAKE_FD(ours);

	r = loop_watch(p->loop, p->fd, EPOLLIN, on_socket, p);
	if (r == 0)
		r = loop_watch(p->loop, p->pidfd, EPOLLIN, on_pidfd, p);
	return r;
}

int helper_process_ensure(struct helper_process *p, uint64_t *ret_retry_ns)
{
	int r;

	if (p->pid != 0 && p->fd >= 0)
		return 0;
	if (p->pid != 0)
		helper_process_kill(p, "closed its socket");
	if (clock_monotonic_ns() < p->retry_ns) {
		*ret_retry_ns = p->retry_ns;
		return -EAGAIN;
	}
	r = start(p);
	if (r == 0)
		return 0;
	if (p->pid != 0) {
		helper_process_kill(p, "could not be watched");
	} else {
		back_off(p);
		(void)log_error_errno(r, "cannot start helper %s from %s: %m; frames stay unnamed",
				      p->name, p->executable);
	}
	*ret_retry_ns = p->retry_ns;
	return -EAGAIN;
}

int helper_process_send(struct helper_process *p, const struct message_header *header,
			const void *payload, size_t len, const int *fds, size_t n_fds)
{
	if (p->fd < 0)
		return -ENOTCONN;
	return message_send(p->fd, header, payload, len, fds, n_fds, MSG_DONTWAIT);
}

void helper_process_wait(struct helper_process *p, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = p->fd, .events = POLLIN },
		{ .fd = p->pidfd, .events = POLLIN },
	};

	if (p->pid == 0 || poll(fds, ARRAY_SIZE(fds), timeout_ms) <= 0)
		return;
	if (fds[0].revents)
		on_socket(p, fds[0].fd, EPOLLIN);
	if (fds[1].revents && p->pidfd == fds[1].fd)
		on_pidfd(p, fds[1].fd, EPOLLIN);
}

static void wait_for_end(struct dying *d)
{
	struct pollfd poll_fd = { .fd = d->pidfd, .events = POLLIN };
	siginfo_t info;

	if (poll(&poll_fd, 1, REAP_TIMEOUT_MS) == 1)
		(void)waitid(P_PIDFD, (id_t)d->pidfd, &info, WEXITED | WNOHANG);
	(void)close(d->pidfd);
	d->pidfd = -1;
}

struct helper_process *helper_process_free(struct helper_process *p)
{
	if (!p)
		return NULL;
	disconnect(p);
	if (p->pid != 0)
		kill_and_set_aside(p);
	for (size_t i = 0; i < MAX_DYING; i++)
		if (p->dying[i].pidfd >= 0) {
			(void)loop_watch(p->loop, p->dying[i].pidfd, 0, NULL, NULL);
			wait_for_end(&p->dying[i]);
		}
	free(p->name);
	free(p->executable);
	strv_free(p->argv);
	free(p);
	return NULL;
}
