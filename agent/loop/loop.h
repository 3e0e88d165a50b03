/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One epoll set, its timers and its wake-up: the heart of the main thread and of every worker.
 * A loop belongs to the thread that runs it; only loop_wake() and loop_quit() may be called from
 * elsewhere. Callbacks may add, change and remove fds and timers, their own included.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

struct loop;
struct loop_timer;

typedef void (*loop_fd_fn)(void *ctx, int fd, uint32_t events);
typedef void (*loop_timer_fn)(void *ctx);
typedef void (*loop_wake_fn)(void *ctx);

int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *l); /* NULL */
DEFINE_CLEANUP(struct loop *, loop_free)

/*
 * Watches fd for EPOLL* events, or changes what is watched; events 0 forgets it, and comes before
 * close(fd). EPOLLHUP and EPOLLERR are always delivered.
 */
int loop_watch(struct loop *l, int fd, uint32_t events, loop_fd_fn fn, void *ctx);

/* fn runs on the loop's thread after loop_wake(), once for many wakes. One per loop. */
void loop_on_wake(struct loop *l, loop_wake_fn fn, void *ctx);
int loop_wake(struct loop *l); /* [any thread] */

/*
 * Timers by CLOCK_MONOTONIC; one timerfd for all. first_ns from now; every_ns 0: once. Beats that
 * the thread was too busy for are left out. Timers are freed before their loop.
 */
int loop_timer_new(struct loop *l, loop_timer_fn fn, void *ctx, struct loop_timer **ret);
int loop_timer_arm(struct loop_timer *t, uint64_t first_ns, uint64_t every_ns); /* first_ns 0 disarms */
struct loop_timer *loop_timer_free(struct loop_timer *t); /* NULL */
DEFINE_CLEANUP(struct loop_timer *, loop_timer_free)

/* loop_free() calls fn(ctx), the last registered first: for what lives as long as the loop. */
int loop_on_free(struct loop *l, void (*fn)(void *ctx), void *ctx);

/* Runs until loop_quit(). loop_run_once waits at most timeout_ms (-1: for ever). 0 or -errno. */
int loop_run(struct loop *l);
int loop_run_once(struct loop *l, int timeout_ms);
void loop_quit(struct loop *l); /* [any thread] */
