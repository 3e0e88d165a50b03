/* SPDX-License-Identifier: Apache-2.0 */
/* Our own executable as a helper process, with a socket to it. */
#pragma once

#include <sys/types.h>

/*
 * posix_spawn: the host has threads, so it must not fork and go on. The helper has the other end
 * as HELPER_SOCKET, no other standard stream than stderr, no environment but failpoints, default
 * signals. 0 or -errno.
 */
int helper_spawn(const char *executable, char *const *argv, pid_t *ret_pid, int *ret_socket);

/* "exited with status 1", "was killed by signal 9 (Killed)". */
void helper_describe_end(int code, int status, char *ret, size_t size);
