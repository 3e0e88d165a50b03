/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seal of the inspector: from here on the process can compute, read the fds that it is
 * handed, answer on its socket and end. Any other system call kills it.
 */
#pragma once

/* No way back. 0 or -errno. A build with a sanitizer is not sealed: its runtime opens files. */
int sandbox_seal(void);

/* Grants `seconds` of CPU time from now; more than that is SIGXCPU. Works in the seal. */
int sandbox_rearm_cpu(unsigned int seconds);
