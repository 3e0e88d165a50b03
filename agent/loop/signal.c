/* SPDX-License-Identifier: Apache-2.0 */
/* Signals arrive as data, on one thread, in step with everything else that happens there. */
#include "loop/signal.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "util/sys.h"

struct signal_watch {
	struct loop *loop;
	int fd;
	signal_fn fn;
	void *ctx;
};

/*
 * Blocked faults would kill without a word, unseen by the crash handler; blocked stops would
 * take Ctrl-Z away from the shell.
 */
static const int unblocked[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
				 SIGTSTP, SIGTTIN, SIGTTOU };

int signal_block_all(void)
{
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(unblocked); i++)
		sigdelset(&set, unblocked[i]);
	/* Inherited as ignored, it makes the kernel reap children before we see their status. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return -errno;
	return -pthread_sigmask(SIG_SETMASK, &set, NULL);
}

static void signal_ready(void *ctx, int fd, uint32_t events)
{
	struct signal_watch w = *(struct signal_watch *)ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (sys_read(fd, &info, sizeof(info)) == sizeof(info))
		w.fn(w.ctx, &info);
}

static void signal_watch_free(void *ctx)
{
	struct signal_watch *w = ctx;

	loop_watch(w->loop, w->fd, 0, NULL, NULL);
	close(w->fd);
	free(w);
}

static int signals_open(const int *signals, int *ret_fd)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (; *signals; signals++)
		sigaddset(&set, *signals);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int signal_watch(struct loop *l, const int *signals, signal_fn fn, void *ctx)
{
	_cleanup_free_ struct signal_watch *w = sys_alloc(1, sizeof(*w));
	_cleanup_close_ int fd = -1;
	int r;

	if (!w)
		return -ENOMEM;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	r = signals_open(signals, &fd);
	if (r < 0)
		return r;
	*w = (struct signal_watch){ .loop = l, .fd = fd, .fn = fn, .ctx = ctx };
	r = loop_watch(l, fd, EPOLLIN, signal_ready, w);
	if (r < 0)
		return r;
	r = loop_on_free(l, signal_watch_free, w);
	if (r < 0) {
		loop_watch(l, fd, 0, NULL, NULL);
		return r;
	}
	TAKE_PTR(w);
	TAKE_FD(fd);
	return 0;
}

void signal_reset(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL); /* KILL, STOP and libc's own refuse */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
