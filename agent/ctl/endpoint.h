/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket as a place in the file system: who owns it, and its address. */
#pragma once

#include <sys/un.h>

/* -ENAMETOOLONG: a Unix socket's path has at most 107 bytes. */
int endpoint_address(const char *path, struct sockaddr_un *ret);

/*
 * A listening socket at path with mode 0660, and the lock file beside it ("<path>.lock") that is
 * held for as long as *ret_lock is open. Errors as server_new().
 */
int endpoint_listen(const char *path, int *ret_fd, int *ret_lock);
