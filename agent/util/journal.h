/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's native protocol (systemd, docs/JOURNAL_NATIVE_PROTOCOL.md): one datagram of
 * fields per entry, or a sealed memfd where the entry is too large for a datagram. [any thread]
 */
#pragma once

#include <stdbool.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * A socket for sending to path (NULL: JOURNAL_SOCKET); -errno if nobody listens there or the
 * path is too long.
 */
int journal_open(const char *path, int *ret_fd);

/*
 * Sends one entry; instance may be NULL. Never waits: -EAGAIN if the journal does not keep up,
 * and then nothing was sent.
 */
int journal_send(int fd, const char *path, int level, const char *instance, const char *message);

/* True if fd 2 is the stream that JOURNAL_STREAM names ("device:inode"). */
bool journal_is_stderr(void);
