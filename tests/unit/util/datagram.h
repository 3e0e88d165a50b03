/* SPDX-License-Identifier: Apache-2.0 */
/* A datagram socket that a test listens at in place of journald or systemd. */
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "unit/util/fixture.h"

/* length: that of the name; an abstract one begins with NUL. */
static inline int datagram_listen(const char *name, size_t length)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(a.sun_path, name, length);
	assert_int_equal(bind(fd, (struct sockaddr *)&a,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0);
	return fd;
}

/* The next datagram, NUL-terminated, and its length; -1 if there is none. */
static inline ssize_t datagram_receive(int fd, char *ret, size_t size)
{
	ssize_t n = recv(fd, ret, size - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
	return n;
}

/* Fills the queue of whoever listens at path. */
static inline void datagram_fill(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(a.sun_path, path, strlen(path));
	while (sendto(fd, "", 0, 0, (struct sockaddr *)&a, sizeof(a)) == 0)
		;
	assert_int_equal(errno, EAGAIN);
	close(fd);
}
