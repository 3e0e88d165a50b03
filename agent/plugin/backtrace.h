/* SPDX-License-Identifier: Apache-2.0 */
/* A raw backtrace that a signal handler may take: no locks, no memory, no trust in the stack. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKTRACE_MODULE_LEN 48

struct backtrace_frame {
	bool is_guess;                     /* what lay on top of the stack, if it is code */
	bool is_code;
	uint64_t address;                  /* as it ran */
	uint64_t offset;                   /* in the module, as addr2line wants it; 0: no module */
	char module[BACKTRACE_MODULE_LEN]; /* file name without folders; "" if none covers it */
};

/*
 * Fills at most max frames, innermost first, from the ucontext_t of a signal handler; returns
 * how many. Follows frame pointers, so it ends early in code that was built without them. A
 * function that makes no frame (strlen) hides its caller, which is then guessed.
 * Async-signal-safe.
 */
size_t backtrace_take(const void *ucontext, struct backtrace_frame *frames, size_t max);
