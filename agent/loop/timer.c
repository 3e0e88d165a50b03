/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines are compared with util/clock.h, not with the timerfd's own expiry: a test that moves
 * the clock makes timers due at once. A timer's place in the heap is reserved when it is made,
 * so arming cannot fail for want of memory.
 */
#include "loop/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>

#include "util/clock.h"
#include "util/sys.h"

#define NOT_ARMED SIZE_MAX

struct loop_timer {
	struct timers *timers;
	loop_timer_fn fn;
	void *ctx;
	uint64_t deadline_ns, every_ns;
	size_t index; /* in the heap */
};

int timers_init(struct timers *t)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	*t = (struct timers){ .fd = fd };
	return 0;
}

void timers_done(struct timers *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->heap);
}

static void heap_place(struct timers *t, size_t index, struct loop_timer *timer)
{
	t->heap[index] = timer;
	timer->index = index;
}

static void heap_rise(struct timers *t, struct loop_timer *timer)
{
	size_t i = timer->index;

	while (i > 0 && t->heap[(i - 1) / 2]->deadline_ns > timer->deadline_ns) {
		heap_place(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_place(t, i, timer);
}

static void heap_sink(struct timers *t, struct loop_timer *timer)
{
	size_t i = timer->index;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < t->n &&
		    t->heap[child + 1]->deadline_ns < t->heap[child]->deadline_ns)
			child++;
		if (child >= t->n || t->heap[child]->deadline_ns >= timer->deadline_ns)
			break;
		heap_place(t, i, t->heap[child]);
		i = child;
	}
	heap_place(t, i, timer);
}

static void heap_remove(struct loop_timer *timer)
{
	struct timers *t = timer->timers;
	struct loop_timer *last;

	if (timer->index == NOT_ARMED)
		return;
	last = t->heap[--t->n];
	if (last != timer) {
		heap_place(t, timer->index, last);
		heap_rise(t, last);
		heap_sink(t, last);
	}
	timer->index = NOT_ARMED;
}

static void heap_insert(struct loop_timer *timer, uint64_t deadline_ns)
{
	struct timers *t = timer->timers;

	timer->deadline_ns = deadline_ns;
	heap_place(t, t->n++, timer);
	heap_rise(t, timer);
}

static int timers_reserve(struct timers *t)
{
	size_t capacity = t->capacity ? t->capacity * 2 : 8;
	struct loop_timer **heap;

	if (t->n_timers < t->capacity)
		return 0;
	heap = sys_realloc(t->heap, capacity, sizeof(struct loop_timer *));
	if (!heap)
		return -ENOMEM;
	t->heap = heap;
	t->capacity = capacity;
	return 0;
}

int loop_timer_new(struct loop *l, loop_timer_fn fn, void *ctx, struct loop_timer **ret)
{
	struct timers *t = loop_timers(l);
	struct loop_timer *timer;
	int r;

	r = timers_reserve(t);
	if (r < 0)
		return r;
	timer = sys_alloc(1, sizeof(*timer));
	if (!timer)
		return -ENOMEM;
	*timer = (struct loop_timer){ .timers = t, .fn = fn, .ctx = ctx, .index = NOT_ARMED };
	t->n_timers++;
	*ret = timer;
	return 0;
}

int loop_timer_arm(struct loop_timer *timer, uint64_t first_ns, uint64_t every_ns)
{
	uint64_t deadline_ns;

	heap_remove(timer);
	if (first_ns == 0)
		return 0;
	if (__builtin_add_overflow(clock_monotonic_ns(), first_ns, &deadline_ns))
		deadline_ns = UINT64_MAX;
	timer->every_ns = every_ns;
	heap_insert(timer, deadline_ns);
	return 0;
}

struct loop_timer *loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return NULL;
	heap_remove(timer);
	timer->timers->n_timers--;
	free(timer);
	return NULL;
}

int timers_prepare(struct timers *t)
{
	uint64_t deadline_ns = t->n > 0 ? t->heap[0]->deadline_ns : 0, now_ns, delay_ns = 0;
	struct itimerspec spec = {};

	if (deadline_ns > 0) {
		now_ns = clock_monotonic_ns();
		if (deadline_ns <= now_ns)
			return 1;
		delay_ns = deadline_ns - now_ns;
	}
	if (deadline_ns == t->set_ns)
		return 0;
	spec.it_value.tv_sec = (time_t)(delay_ns / NS_PER_S);
	spec.it_value.tv_nsec = (long)(delay_ns % NS_PER_S);
	if (timerfd_settime(t->fd, 0, &spec, NULL) < 0)
		return -errno;
	t->set_ns = deadline_ns;
	return 0;
}

/* The next deadline in step with the last; beats that were missed are left out, not made up. */
static uint64_t next_beat(const struct loop_timer *timer, uint64_t now_ns)
{
	uint64_t late_ns = now_ns - timer->deadline_ns;

	return now_ns - late_ns % timer->every_ns + timer->every_ns;
}

void timers_dispatch(struct timers *t)
{
	uint64_t now_ns = clock_monotonic_ns();

	while (t->n > 0 && t->heap[0]->deadline_ns <= now_ns) {
		struct loop_timer *timer = t->heap[0];

		heap_remove(timer);
		if (timer->every_ns > 0)
			heap_insert(timer, next_beat(timer, now_ns));
		timer->fn(timer->ctx); /* may free the timer */
	}
}
