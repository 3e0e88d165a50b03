/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol is one datagram of text per message; linking libsystemd for that would bring its
 * dependencies into a process that holds capabilities.
 */
#include "ctl/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/str.h"
#include "util/sys.h"

struct notify {
	int fd;
	struct sockaddr_un address;
	socklen_t address_length;
	uint64_t watchdog_ns;
};

/* unix(7): an abstract name begins with NUL and is as long as the address says. */
static int notify_address(const char *path, struct notify *n)
{
	size_t length = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || length < 2 ||
	    length >= sizeof(n->address.sun_path))
		return -EINVAL;
	n->address.sun_family = AF_UNIX;
	memcpy(n->address.sun_path, path, length);
	n->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (path[0] == '@')
		n->address.sun_path[0] = '\0';
	else
		n->address_length++;
	return 0;
}

static uint64_t parse_decimal(const char *s)
{
	char *end;
	unsigned long long n;

	if (!s || *s < '0' || *s > '9')
		return 0;
	errno = 0;
	n = strtoull(s, &end, 10);
	return errno == 0 && !*end ? n : 0;
}

/* The watchdog may be meant for another process of the service. */
static uint64_t watchdog_interval(const char *usec, const char *pid)
{
	uint64_t us = parse_decimal(usec), ns;

	if (pid && parse_decimal(pid) != (uint64_t)getpid())
		return 0;
	if (__builtin_mul_overflow(us, NS_PER_US, &ns))
		return 0;
	return ns / 2;
}

static int notify_open(const char *path, struct notify **ret)
{
	_cleanup_(notify_freep) struct notify *n = sys_alloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->fd = -1;
	r = notify_address(path, n);
	if (r < 0)
		return r;
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0)
		return -errno;
	n->watchdog_ns = watchdog_interval(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
	*ret = TAKE_PTR(n);
	return 0;
}

int notify_new(struct notify **ret)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct notify *n = NULL;
	int r = path ? notify_open(path, &n) : 0;

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (r == 0)
		*ret = n;
	return r;
}

struct notify *notify_free(struct notify *n)
{
	if (!n)
		return NULL;
	if (n->fd >= 0)
		close(n->fd);
	free(n);
	return NULL;
}

static void notify_send(struct notify *n, const char *message)
{
	struct iovec iov = { .iov_base = (char *)message, .iov_len = strlen(message) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (!n)
		return;
	m.msg_name = &n->address;
	m.msg_namelen = n->address_length;
	(void)sys_send(n->fd, &m, MSG_DONTWAIT);
}

void notify_ready(struct notify *n)
{
	notify_send(n, "READY=1\n");
}

/* The time lets the manager tell this reload from an earlier one (sd_notify(3)). */
void notify_reloading(struct notify *n)
{
	char message[64];

	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%llu\n",
		 clock_monotonic_ns() / NS_PER_US);
	notify_send(n, message);
}

void notify_stopping(struct notify *n)
{
	notify_send(n, "STOPPING=1\n");
}

void notify_status(struct notify *n, const char *format, ...)
{
	_cleanup_(buf_done) struct buf b = {};
	va_list args;

	if (!n)
		return;
	buf_append_string(&b, "STATUS=");
	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	if (b.error)
		return;
	str_sanitize(b.data); /* a newline would begin another assignment */
	notify_send(n, b.data);
}

uint64_t notify_watchdog_interval_ns(const struct notify *n)
{
	return n ? n->watchdog_ns : 0;
}

void notify_watchdog(struct notify *n)
{
	notify_send(n, "WATCHDOG=1\n");
}
