/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as another process sees them, opened without waking anything: nothing here blocks on a
 * FIFO, starts a device or leaves the root of the process. All answer an fd, or -errno.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * /proc/PID, which stands for this one process: once it has exited, every look-up through it
 * fails, even if its pid lives again. -ESRCH: it is gone, or not of this start time (0: any).
 */
int target_process_open(pid_t pid, uint64_t start_time);

int target_root_open(int process);

/* O_PATH, with symlinks taken inside `root`; flags: O_NOFOLLOW or 0. */
int target_path_open(int root, const char *path, int flags);

/* An O_PATH fd anew for reading: that file and no other, whatever its path is by now. */
int target_reopen(int fd);
