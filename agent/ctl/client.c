/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking side: one connection, one line, one answer, one deadline. Errors become sentences
 * here, where it is still known which step failed.
 */
#include "ctl/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "ctl/endpoint.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/str.h"
#include "util/sys.h"

#define ANSWER_MAX_BYTES (16u << 20)

static int deadline_left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns(), left_ms;

	if (now_ns >= deadline_ns)
		return 0;
	left_ms = (deadline_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

static int wait_for(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int n = poll(&p, 1, deadline_left_ms(deadline_ns));

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* A full backlog answers EAGAIN, and poll() has no event for the end of that (unix(7)). */
static int client_connect(int fd, const struct sockaddr_un *a, uint64_t deadline_ns)
{
	const struct timespec pause = { .tv_nsec = 10 * NS_PER_MS };

	for (;;) {
		if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (deadline_left_ms(deadline_ns) == 0)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
}

static int client_send(int fd, const struct buf *text, uint64_t deadline_ns)
{
	for (size_t done = 0; done < text->len;) {
		struct iovec iov = { .iov_base = text->data + done, .iov_len = text->len - done };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n = sys_send(fd, &m, MSG_DONTWAIT);
		int r = 0;

		if (n == -EAGAIN)
			r = wait_for(fd, POLLOUT, deadline_ns);
		else if (n < 0)
			r = (int)n;
		else
			done += (size_t)n;
		if (r < 0)
			return r;
	}
	return 0;
}

static int client_receive(int fd, struct buf *answer, uint64_t deadline_ns)
{
	while (answer->len == 0 || answer->data[answer->len - 1] != '\n') {
		char portion[4096];
		struct iovec iov = { .iov_base = portion, .iov_len = sizeof(portion) };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;
		int r;

		r = wait_for(fd, POLLIN, deadline_ns);
		if (r < 0)
			return r;
		n = sys_receive(fd, &m, MSG_DONTWAIT);
		if (n == -EAGAIN)
			continue;
		if (n <= 0)
			return n == 0 ? -ECONNRESET : (int)n;
		if (answer->len + (size_t)n > ANSWER_MAX_BYTES)
			return -EBADMSG;
		r = buf_append(answer, portion, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int request_text(const json_t *request, struct buf *ret)
{
	_cleanup_free_ char *text = json_dumps(request, JSON_COMPACT);

	if (!text)
		return -EINVAL;
	buf_append_string(ret, text);
	return buf_append(ret, "\n", 1);
}

static int client_exchange(const char *path, const json_t *request, uint64_t deadline_ns,
			   struct buf *ret_answer)
{
	_cleanup_(buf_done) struct buf text = {};
	_cleanup_close_ int fd = -1;
	struct sockaddr_un a;
	int r;

	r = endpoint_address(path, &a);
	if (r < 0)
		return r;
	r = request_text(request, &text);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = client_connect(fd, &a, deadline_ns);
	if (r < 0)
		return r;
	r = client_send(fd, &text, deadline_ns);
	if (r < 0 && r != -EPIPE && r != -ECONNRESET) /* a refusal may be there to read */
		return r;
	return client_receive(fd, ret_answer, deadline_ns);
}

static char *failure_text(const char *path, int error, uint64_t timeout_ns)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return str_format("no agent answers at %s; is it running? Start it with "
				  "`systemctl start hearth` or `hearth agent`", path);
	case EACCES:
	case EPERM:
		return str_format("may not connect to %s; run as root, as the user that the agent "
				  "runs as, or as a member of the socket's group", path);
	case ETIMEDOUT:
		return str_format("the agent at %s gave no answer within %g s; it may be stuck, and "
				  "its log says where (`journalctl -u hearth`)", path,
				  (double)timeout_ns / NS_PER_S);
	case ECONNRESET:
	case EPIPE:
		return str_format("the agent at %s closed the connection without an answer; its log "
				  "says why (`journalctl -u hearth`)", path);
	case EBADMSG:
		return str_format("what answers at %s does not speak as an agent does", path);
	case ENAMETOOLONG:
		return str_format("%s is too long for a socket: its path has at most 107 bytes", path);
	default:
		return str_format("cannot ask the agent at %s: %s", path, strerror(error));
	}
}

/* Takes answer. */
static int answer_judge(json_t *answer, json_t **ret, char **ret_why)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *name = json_string_value(json_object_get(answer, "errno"));
	int e = name ? str_errno(name) : 0;

	if (!error) {
		*ret = answer;
		return 0;
	}
	*ret_why = sys_strndup(error, strlen(error));
	if (*ret_why)
		str_sanitize_lines(*ret_why);
	json_decref(answer);
	return e ? -e : -EIO; /* a newer agent may know errors that we do not */
}

int client_call(const char *path, const json_t *request, uint64_t timeout_ns, json_t **ret,
		char **ret_why)
{
	_cleanup_(buf_done) struct buf text = {};
	json_t *answer = NULL;
	int r;

	r = client_exchange(path, request, clock_monotonic_ns() + timeout_ns, &text);
	if (r == 0) {
		answer = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
		r = json_is_object(answer) ? 0 : -EBADMSG;
	}
	if (r == 0)
		return answer_judge(answer, ret, ret_why);
	json_decref(answer);
	*ret_why = failure_text(path, -r, timeout_ns);
	return r == -ECONNREFUSED || r == -ENOTDIR ? -ENOENT : r;
}
