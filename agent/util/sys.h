/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System-call seams: the calls whose failure the host must survive, each behind a failpoint
 * "sys.<call>". They answer -errno instead of -1 and retry EINTR.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

int sys_open(const char *path, int flags, mode_t mode); /* adds O_CLOEXEC */
int sys_openat(int dir, const char *path, int flags, mode_t mode);
ssize_t sys_read(int fd, void *buf, size_t len);
ssize_t sys_write(int fd, const void *buf, size_t len);
int sys_fsync(int fd);
int sys_rename(const char *from, const char *to);
int sys_link(const char *from, const char *to);
int sys_unlink(const char *path);
int sys_mkdir(const char *path, mode_t mode);
int sys_fstat(int fd, struct stat *ret);
ssize_t sys_send(int fd, const struct msghdr *m, int flags); /* adds MSG_NOSIGNAL */
ssize_t sys_receive(int fd, struct msghdr *m, int flags);    /* adds MSG_CMSG_CLOEXEC */
int sys_socketpair(int type, int ret[2]); /* AF_UNIX, CLOEXEC */
int sys_eventfd(void);                    /* CLOEXEC, NONBLOCK */
int sys_pipe(int ret[2]);                 /* CLOEXEC */

/*
 * Memory behind the failpoint "sys.alloc", so that a test can fail the n-th allocation. NULL
 * without memory or if n * size overflows. sys_alloc() zeroes.
 */
void *sys_alloc(size_t n, size_t size);
void *sys_realloc(void *p, size_t n, size_t size);
char *sys_strndup(const char *s, size_t max);
