/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a file whose name comes from a stranger, or whose contents do. */
#pragma once

#include <stdbool.h>

/*
 * Opens a regular file for reading; neither a FIFO nor a device is touched on the way. Unless a
 * person chose it, it must be readable by everybody (a stranger's wish is no reason to use root's
 * rights) and be on a file system of this machine. -ENOTSUP: no regular file; -EACCES; -EREMOTE;
 * other errors of open(2).
 */
int plain_file_open(const char *path, bool is_chosen, int *ret_fd);
