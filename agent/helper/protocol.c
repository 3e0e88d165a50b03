/* SPDX-License-Identifier: Apache-2.0 */
/* One sendmsg or recvmsg per message: seqpacket keeps the borders, so there is no framing. */
#include "helper/protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "util/sys.h"

union fd_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(HELPER_MAX_FDS * sizeof(int))];
};

int message_send(int fd, const struct message_header *header, const void *payload, size_t len,
		 const int *fds, size_t n_fds, int flags)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)header, .iov_len = sizeof(*header) },
		{ .iov_base = (void *)payload, .iov_len = len },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };
	union fd_control control = {};
	ssize_t sent;

	if (len > HELPER_MAX_PAYLOAD || n_fds > HELPER_MAX_FDS)
		return -EMSGSIZE;
	if (n_fds > 0) {
		struct cmsghdr *c = &control.align;

		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}

	sent = sys_send(fd, &m, flags);
	return sent < 0 ? (int)sent : 0;
}

int message_send_failure(int fd, const struct message_header *request, int status,
			 const char *cause)
{
	struct message_header header = {
		.type = request->type,
		.flags = MESSAGE_LAST,
		.id = request->id,
		.status = status,
	};

	return message_send(fd, &header, cause, strnlen(cause, HELPER_MAX_CAUSE - 1), NULL, 0, 0);
}

/* Everything that came is adopted first, so that a message refused later leaks nothing. */
static void fds_adopt(struct message *ret, struct msghdr *m)
{
	size_t have = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (have < HELPER_MAX_FDS)
				ret->fds[have++] = fd;
			else
				(void)close(fd);
		}
	}
}

int message_receive(int fd, struct message *ret, int flags)
{
	struct iovec iov[2] = {
		{ .iov_base = &ret->header, .iov_len = sizeof(ret->header) },
		{ .iov_base = ret->payload, .iov_len = sizeof(ret->payload) },
	};
	union fd_control control = {};
	struct msghdr m = {
		.msg_iov = iov,
		.msg_iovlen = ARRAY_SIZE(iov),
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	for (size_t i = 0; i < HELPER_MAX_FDS; i++)
		ret->fds[i] = -1;
	n = sys_receive(fd, &m, flags);
	if (n < 0)
		return (int)n;
	fds_adopt(ret, &m);
	if (n == 0)
		return -ECONNRESET;
	if (m.msg_flags & MSG_CTRUNC)
		message_close_fds(ret); /* no room for all of them: as if none had come */
	if ((m.msg_flags & MSG_TRUNC) || (size_t)n < sizeof(ret->header)) {
		message_close_fds(ret);
		return -EBADMSG;
	}

	ret->len = (size_t)n - sizeof(ret->header);
	return 0;
}

void message_close_fds(struct message *m)
{
	for (size_t i = 0; i < HELPER_MAX_FDS; i++) {
		closep(&m->fds[i]);
		m->fds[i] = -1;
	}
}
