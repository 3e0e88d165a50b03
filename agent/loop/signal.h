/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals as events of the main loop. signal_block_all() comes before the first thread, so that
 * every thread inherits the mask and only the signalfd sees a signal.
 */
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include "loop/loop.h"

typedef void (*signal_fn)(void *ctx, const struct signalfd_siginfo *info);

/*
 * Blocks every signal but the synchronous faults (SEGV, BUS, FPE, ILL, ABRT, TRAP, SYS) and the
 * stops of a terminal (TSTP, TTIN, TTOU), and stops ignoring SIGCHLD, so that children stay until
 * waited for by pidfd.
 */
int signal_block_all(void);
/*
 * Has fn called on the loop's thread for the signals of a 0-ended list, for as long as the loop
 * lives; ignores SIGPIPE.
 */
int signal_watch(struct loop *l, const int *signals, signal_fn fn, void *ctx);
/* In a child before exec: default handlers, empty mask. Async-signal-safe. */
void signal_reset(void);
