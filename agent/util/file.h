/* SPDX-License-Identifier: Apache-2.0 */
/* Files as the host uses them: whole, bounded, CLOEXEC, never following a planted link. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads a regular file of at most max bytes; *ret is NUL-terminated and the caller's to free.
 * -EFBIG, -EISDIR, -EINVAL (not a regular file), or open's and read's errors.
 */
int file_read(const char *path, size_t max, char **ret, size_t *ret_len);
/* The same from an fd that stays open; also for /proc and pipes. */
int fd_read_all(int fd, size_t max, char **ret, size_t *ret_len);
/* Writes all of it: EINTR and short writes are not the caller's business. */
int fd_write_all(int fd, const void *data, size_t len);

/*
 * Replaces path as a whole: temporary file in the same folder, fsync, rename, fsync of the
 * folder. With overwrite false an existing path answers -EEXIST and stays.
 */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, bool overwrite);

/* mkdir -p. 0 also if it was there; -ENOTDIR if something else is. */
int dir_make(const char *path, mode_t mode);
