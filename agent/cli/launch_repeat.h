/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher as the parent of a command that runs again and again: see run/command.h. */
#pragma once

/* 0 with the next order; -ECANCELED: whoever gives them has died or given up; or -errno. */
int launch_wait(char *ret_order);

/* In the child, before exec: signals as the launcher found them. Async-signal-safe. */
void launch_reset_signals(void);

/* Says on stderr why CMD cannot be executed; its exit status. */
int launch_explain(const char *program, int error);

/* Runs CMD, reports, and again at each further order. Returns an exit status. */
int launch_repeat(char *const *argv);
