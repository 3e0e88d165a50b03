/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbpf tells why a program was refused through one function per process. Here what it says
 * during a call is collected for the instance that made the call.
 */
#pragma once

#include <hearth/plugin.h>

/* Begins to collect what libbpf says on this thread; ends with libbpf_log_end(). */
void libbpf_log_begin(const struct hearth_host *h);

/* Logs what was said at debug level, line by line, and stops collecting. */
void libbpf_log_end(const struct hearth_host *h);

/* The last line that the verifier wrote, "" if it said nothing; valid until libbpf_log_end(). */
const char *libbpf_log_last(void);
