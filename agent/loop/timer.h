/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers of a loop: a heap by deadline behind one timerfd. For loop.c; everybody else uses
 * loop_timer_*() of loop.h. [thread of the loop]
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct timers {
	int fd;                   /* CLOCK_MONOTONIC timerfd */
	struct loop_timer **heap; /* armed ones, the earliest first */
	size_t n, capacity;
	size_t n_timers;          /* armed or not: what the heap must have room for */
	uint64_t set_ns;          /* deadline that the timerfd is set to; 0: none */
};

int timers_init(struct timers *t);
void timers_done(struct timers *t);

/* Sets the timerfd to the earliest deadline. 1 if that is past already, 0, or -errno. */
int timers_prepare(struct timers *t);
/* Calls what is due. */
void timers_dispatch(struct timers *t);

/* Of loop.c. */
struct timers *loop_timers(struct loop *l);
