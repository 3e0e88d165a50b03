/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last words of a process whose plugin crashed: which instance, which callback, which
 * signal, where. Written to stderr and to the log file, then the process ends with status 70.
 *
 * What a sanitizer finds in a callback ends the same way, behind the sanitizer's report.
 */
#pragma once

#define CRASH_STATUS 70 /* EX_SOFTWARE of sysexits(3); EXIT_CRASH in cli/exit.h */

/* Installs the handlers for the process, with crash_thread_init() for the calling thread. */
int crash_init(void);

/* A log file that gets the report too; -1: none. The fd stays the caller's. [any thread] */
void crash_set_log_fd(int fd);

/* A signal stack of its own for the calling thread, so that a stack overflow is reported too. */
int crash_thread_init(void);
void crash_thread_done(void);

/*
 * The calling thread is about to run a callback of an instance. Calls nest. Both strings must
 * live until crash_leave(), on an abandoned thread for ever.
 */
void crash_enter(const char *instance, const char *callback);
void crash_leave(void);
