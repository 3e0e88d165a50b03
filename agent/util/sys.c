/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seams between the host and the kernel. A call that can fail in the field fails here at
 * will (util/fail.h), so that every error path has a test.
 */
#include "util/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/fail.h"

/* An injected EINTR is retried like a real one. */
#define SYS_CALL(name, call) \
	({ \
		__typeof__(call) result_; \
		do { \
			result_ = fail_point(name); \
			if (result_ == 0) { \
				result_ = (call); \
				if (result_ < 0) \
					result_ = -errno; \
			} \
		} while (result_ == -EINTR); \
		result_; \
	})

int sys_open(const char *path, int flags, mode_t mode)
{
	return SYS_CALL("sys.open", open(path, flags | O_CLOEXEC, mode));
}

int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	return SYS_CALL("sys.openat", openat(dir, path, flags | O_CLOEXEC, mode));
}

ssize_t sys_read(int fd, void *buf, size_t len)
{
	return SYS_CALL("sys.read", read(fd, buf, len));
}

ssize_t sys_write(int fd, const void *buf, size_t len)
{
	return SYS_CALL("sys.write", write(fd, buf, len));
}

int sys_fsync(int fd)
{
	return SYS_CALL("sys.fsync", fsync(fd));
}

int sys_rename(const char *from, const char *to)
{
	return SYS_CALL("sys.rename", rename(from, to));
}

int sys_link(const char *from, const char *to)
{
	return SYS_CALL("sys.link", link(from, to));
}

int sys_unlink(const char *path)
{
	return SYS_CALL("sys.unlink", unlink(path));
}

int sys_mkdir(const char *path, mode_t mode)
{
	return SYS_CALL("sys.mkdir", mkdir(path, mode));
}

int sys_fstat(int fd, struct stat *ret)
{
	struct stat st;
	int r = SYS_CALL("sys.fstat", fstat(fd, &st));

	if (r == 0)
		*ret = st;
	return r;
}

ssize_t sys_send(int fd, const struct msghdr *m, int flags)
{
	return SYS_CALL("sys.send", sendmsg(fd, m, flags | MSG_NOSIGNAL));
}

ssize_t sys_receive(int fd, struct msghdr *m, int flags)
{
	return SYS_CALL("sys.receive", recvmsg(fd, m, flags | MSG_CMSG_CLOEXEC));
}

int sys_socketpair(int type, int ret[2])
{
	return SYS_CALL("sys.socketpair", socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret));
}

int sys_eventfd(void)
{
	return SYS_CALL("sys.eventfd", eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int sys_pipe(int ret[2])
{
	return SYS_CALL("sys.pipe", pipe2(ret, O_CLOEXEC));
}

void *sys_alloc(size_t n, size_t size)
{
	size_t total;

	if (fail_point("sys.alloc") < 0 || __builtin_mul_overflow(n, size, &total))
		return NULL;
	return calloc(1, total ? total : 1);
}

void *sys_realloc(void *p, size_t n, size_t size)
{
	size_t total;

	if (fail_point("sys.alloc") < 0 || __builtin_mul_overflow(n, size, &total))
		return NULL;
	return realloc(p, total ? total : 1);
}

char *sys_strndup(const char *s, size_t max)
{
	return fail_point("sys.alloc") < 0 ? NULL : strndup(s, max);
}
