/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll_wait() answers with a batch, and a callback may undo what the rest of the batch is about:
 * close an fd, or open another that gets the same number. So a watch carries a generation, which
 * comes back with each event; an event of an earlier generation is nobody's.
 */
#include "loop/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "loop/timer.h"
#include "util/sys.h"

#define LOOP_BATCH 32

/* Of the fd with the watch's place in loop.watches. */
struct watch {
	loop_fd_fn fn; /* NULL: not watched */
	void *ctx;
	uint32_t events, generation;
};

struct loop_last {
	struct loop_last *next;
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop {
	int epoll_fd, wake_fd;
	struct timers timers;
	struct watch *watches;
	size_t n_watches;
	uint32_t generation;
	loop_wake_fn wake_fn;
	void *wake_ctx;
	struct loop_last *last; /* calls for loop_free() */
	atomic_bool want_quit;
};

static void wake_ready(void *ctx, int fd, uint32_t events)
{
	struct loop *l = ctx;
	uint64_t n;

	(void)events;
	(void)sys_read(fd, &n, sizeof(n)); /* before fn, which must see what came before a wake */
	if (l->wake_fn)
		l->wake_fn(l->wake_ctx);
}

static void timer_ready(void *ctx, int fd, uint32_t events)
{
	struct loop *l = ctx;
	uint64_t n;

	(void)events;
	(void)sys_read(fd, &n, sizeof(n));
	l->timers.set_ns = 0;
}

int loop_new(struct loop **ret)
{
	_cleanup_(loop_freep) struct loop *l = sys_alloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->epoll_fd = l->wake_fd = l->timers.fd = -1;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return -errno;
	l->wake_fd = sys_eventfd();
	if (l->wake_fd < 0)
		return l->wake_fd;
	r = timers_init(&l->timers);
	if (r < 0)
		return r;
	r = loop_watch(l, l->wake_fd, EPOLLIN, wake_ready, l);
	if (r < 0)
		return r;
	r = loop_watch(l, l->timers.fd, EPOLLIN, timer_ready, l);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	while (l->last) {
		struct loop_last *last = l->last;

		l->last = last->next;
		last->fn(last->ctx);
		free(last);
	}
	timers_done(&l->timers);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	free(l->watches);
	free(l);
	return NULL;
}

int loop_on_free(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct loop_last *last = sys_alloc(1, sizeof(*last));

	if (!last)
		return -ENOMEM;
	*last = (struct loop_last){ .next = l->last, .fn = fn, .ctx = ctx };
	l->last = last;
	return 0;
}

struct timers *loop_timers(struct loop *l)
{
	return &l->timers;
}

static int watches_reserve(struct loop *l, size_t fd)
{
	size_t n = l->n_watches ? l->n_watches : 16;
	struct watch *watches;

	if (fd < l->n_watches)
		return 0;
	while (n <= fd)
		n *= 2;
	watches = sys_realloc(l->watches, n, sizeof(*watches));
	if (!watches)
		return -ENOMEM;
	for (size_t i = l->n_watches; i < n; i++)
		watches[i] = (struct watch){};
	l->watches = watches;
	l->n_watches = n;
	return 0;
}

/* An fd that was closed while it was watched has left the epoll set by itself. */
static int unwatch(struct loop *l, int fd)
{
	if ((size_t)fd >= l->n_watches || !l->watches[fd].fn)
		return 0;
	l->watches[fd] = (struct watch){};
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL) < 0 && errno != EBADF && errno != ENOENT)
		return -errno;
	return 0;
}

static int epoll_put(int epoll_fd, int fd, struct epoll_event *e, bool is_known)
{
	if (is_known && epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, e) == 0)
		return 0;
	if (is_known && errno != ENOENT)
		return -errno;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, e) < 0 ? -errno : 0;
}

int loop_watch(struct loop *l, int fd, uint32_t events, loop_fd_fn fn, void *ctx)
{
	struct watch w = { .fn = fn, .ctx = ctx, .events = events };
	struct epoll_event e = { .events = events };
	bool is_known;
	int r;

	if (fd < 0)
		return -EBADF;
	if (events == 0)
		return unwatch(l, fd);
	r = watches_reserve(l, (size_t)fd);
	if (r < 0)
		return r;
	is_known = l->watches[fd].fn;
	w.generation = is_known ? l->watches[fd].generation : ++l->generation;
	e.data.u64 = (uint64_t)w.generation << 32 | (uint32_t)fd;
	r = epoll_put(l->epoll_fd, fd, &e, is_known);
	if (r < 0)
		return r;
	l->watches[fd] = w;
	return 0;
}

void loop_on_wake(struct loop *l, loop_wake_fn fn, void *ctx)
{
	l->wake_fn = fn;
	l->wake_ctx = ctx;
}

int loop_wake(struct loop *l)
{
	const uint64_t one = 1;
	ssize_t n = sys_write(l->wake_fd, &one, sizeof(one));

	return n < 0 && n != -EAGAIN ? (int)n : 0; /* EAGAIN: it is awake more than enough */
}

void loop_quit(struct loop *l)
{
	atomic_store(&l->want_quit, true);
	(void)loop_wake(l);
}

/* Events that are no longer asked for are left out: the watch may have changed in this batch. */
static void loop_deliver(struct loop *l, const struct epoll_event *e)
{
	int fd = (int)(uint32_t)e->data.u64;
	struct watch w = l->watches[fd];
	uint32_t events = e->events & (w.events | EPOLLERR | EPOLLHUP);

	if (w.fn && w.generation == e->data.u64 >> 32 && events)
		w.fn(w.ctx, fd, events);
}

int loop_run_once(struct loop *l, int timeout_ms)
{
	struct epoll_event events[LOOP_BATCH];
	int n, r;

	r = timers_prepare(&l->timers);
	if (r < 0)
		return r;
	n = epoll_wait(l->epoll_fd, events, LOOP_BATCH, r > 0 ? 0 : timeout_ms);
	if (n < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n; i++)
		loop_deliver(l, &events[i]);
	timers_dispatch(&l->timers);
	return 0;
}

int loop_run(struct loop *l)
{
	while (!atomic_exchange(&l->want_quit, false)) {
		int r = loop_run_once(l, -1);

		if (r < 0)
			return r;
	}
	return 0;
}
