/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /tmp/perf-PID.map of a process that makes its code itself, as that process sees it: in its own
 * root, under the pid that it has in its own pid namespace. /tmp is everybody's, so only a regular
 * file of the process's own user or of root counts, and no symlink.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* 0, or -errno with a static text in *ret_cause. start_time 0: do not check. */
int perf_map_open(pid_t pid, uint64_t start_time, int *ret_fd, const char **ret_cause);
