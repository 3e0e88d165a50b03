/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens a file that another process maps, without trusting anything about it. The process may
 * die and its pid be reused, it may have put a FIFO, a device, a symlink out of its root or
 * another file in the place of the mapped one, and the file system may be one that never
 * answers (FUSE, NFS): the opener is a process of its own because that can block for ever.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct target_file {
	pid_t pid;
	uint64_t start_time; /* 0: do not check */
	const char *path;    /* as the target sees it */
	uint32_t device_major, device_minor;
	uint64_t inode;      /* of the mapping */
	uint64_t map_start, map_end; /* 0: unknown */
};

/*
 * *ret_fd gets the very file that is mapped, read-only. 0, or -errno with a static text in
 * *ret_cause: -ESRCH the process is gone; -ENOENT the path is; -ESTALE another file is there now;
 * -EREMOTE on a file system that is never read; -ENOTSUP no regular file; -EACCES, -EPERM.
 */
int target_file_open(const struct target_file *t, int *ret_fd, const char **ret_cause);

/* File systems whose server may never answer, by statfs f_type. */
bool target_file_system_is_remote(uint64_t f_type);
