/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speaking to the journal takes a socket and a few lines of text; a library for it would be the
 * host's third dependency. The socket stays unconnected, so that a restarted journald is found
 * again without our doing.
 */
#include "util/journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/sys.h"

/* Large entries are memfds anyway; this lets ordinary bursts through. systemd uses 8 MiB. */
#define JOURNAL_SEND_BUFFER (1 << 20)

static int journal_address(const char *path, struct sockaddr_un *ret)
{
	const char *name = path ? path : JOURNAL_SOCKET;
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(name) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, name, strlen(name));
	*ret = a;
	return 0;
}

/* Connecting is the only question a datagram socket answers; AF_UNSPEC takes it back. */
static int socket_probe(int fd, const struct sockaddr_un *a)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0 ||
	    connect(fd, &nobody, sizeof(nobody)) < 0)
		return -errno;
	return 0;
}

int journal_open(const char *path, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	const int size = JOURNAL_SEND_BUFFER;
	struct sockaddr_un a;
	int r;

	r = journal_address(path, &a);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = socket_probe(fd, &a);
	if (r < 0)
		return r;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* "NAME=text\n", or for text of several lines "NAME\n", its length in 64 bits, text, "\n". */
static void append_field(struct buf *b, const char *name, const char *text)
{
	uint64_t length = htole64(strlen(text));

	if (!strchr(text, '\n')) {
		buf_printf(b, "%s=%s\n", name, text);
		return;
	}
	buf_printf(b, "%s\n", name);
	buf_append(b, &length, sizeof(length));
	buf_printf(b, "%s\n", text);
}

static int send_as_memfd(int fd, struct msghdr *m, const struct buf *b)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	_cleanup_close_ int memfd = memfd_create("hearth-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct cmsghdr *c;
	int r;

	if (memfd < 0)
		return -errno;
	r = fd_write_all(memfd, b->data, b->len);
	if (r < 0)
		return r;
	/* Unsealed, journald would have to copy it before it looks. */
	if (fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	m->msg_iov = NULL;
	m->msg_iovlen = 0;
	m->msg_control = &control;
	m->msg_controllen = sizeof(control);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &memfd, sizeof(int));
	r = (int)sys_send(fd, m, MSG_DONTWAIT);
	return r < 0 ? r : 0;
}

int journal_send(int fd, const char *path, int level, const char *instance, const char *message)
{
	_cleanup_(buf_done) struct buf b = {};
	struct sockaddr_un a;
	struct iovec iov;
	struct msghdr m = { .msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &iov,
			    .msg_iovlen = 1 };
	ssize_t n;
	int r;

	r = journal_address(path, &a);
	if (r < 0)
		return r;
	buf_printf(&b, "PRIORITY=%d\nSYSLOG_IDENTIFIER=hearth\n", level);
	if (instance)
		append_field(&b, "HEARTH_INSTANCE", instance);
	append_field(&b, "MESSAGE", message);
	if (b.error)
		return b.error;
	iov = (struct iovec){ .iov_base = b.data, .iov_len = b.len };
	n = sys_send(fd, &m, MSG_DONTWAIT);
	if (n == -EMSGSIZE || n == -ENOBUFS)
		return send_as_memfd(fd, &m, &b);
	return n < 0 ? (int)n : 0;
}

bool journal_is_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	char extra;

	if (!stream || sscanf(stream, "%llu:%llu%c", &device, &inode, &extra) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}
