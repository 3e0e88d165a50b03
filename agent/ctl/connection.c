/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every step is taken from the loop, none from connection_answer(): so an answer given inside
 * on_line() neither recurses into the next line nor frees the connection under the caller.
 */
#include "ctl/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/sys.h"

#define CONNECTION_PATIENCE_NS (5 * NS_PER_S)

enum connection_state {
	CONNECTION_READING = 1,
	CONNECTION_BUSY, /* a line is out for an answer */
	CONNECTION_WRITING,
};

struct connection {
	struct loop *loop;
	struct loop_timer *patience;
	int fd;
	enum connection_state state;
	bool is_eof, is_last;
	struct buf in, out;
	size_t n_written;
	const struct connection_events *events;
	void *ctx;
};

static void connection_ready(void *ctx, int fd, uint32_t events);

/* A fixed time for the whole line or answer, so that a trickle does not hold a place. */
static int connection_enter(struct connection *c, enum connection_state state)
{
	static const uint32_t watched[] = {
		[CONNECTION_READING] = EPOLLIN,
		[CONNECTION_BUSY] = EPOLLHUP,
		[CONNECTION_WRITING] = EPOLLOUT,
	};

	c->state = state;
	loop_timer_arm(c->patience, state == CONNECTION_BUSY ? 0 : CONNECTION_PATIENCE_NS, 0);
	return loop_watch(c->loop, c->fd, watched[state], connection_ready, c);
}

static void connection_drop(struct connection *c)
{
	c->events->on_gone(c->ctx);
}

static void connection_too_slow(void *ctx)
{
	connection_drop(ctx);
}

int connection_new(struct loop *l, int fd, const struct connection_events *events, void *ctx,
		   struct connection **ret)
{
	_cleanup_(connection_freep) struct connection *c = sys_alloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	*c = (struct connection){ .loop = l, .fd = -1, .events = events, .ctx = ctx };
	r = loop_timer_new(l, connection_too_slow, c, &c->patience);
	if (r < 0)
		return r;
	c->fd = fd;
	r = connection_enter(c, CONNECTION_READING);
	if (r < 0) {
		c->fd = -1;
		return r;
	}
	*ret = TAKE_PTR(c);
	return 0;
}

struct connection *connection_free(struct connection *c)
{
	if (!c)
		return NULL;
	if (c->fd >= 0) {
		loop_watch(c->loop, c->fd, 0, NULL, NULL);
		close(c->fd);
	}
	loop_timer_free(c->patience);
	buf_done(&c->in);
	buf_done(&c->out);
	free(c);
	return NULL;
}

/* What cannot be said for want of memory ends the connection instead. */
void connection_answer(struct connection *c, const char *text, bool is_last)
{
	buf_append_string(&c->out, text);
	buf_append(&c->out, "\n", 1);
	c->is_last = is_last;
	if (c->out.error) {
		buf_done(&c->out);
		c->is_last = true;
	}
	(void)connection_enter(c, CONNECTION_WRITING);
}

static int connection_read(struct connection *c)
{
	char portion[4096];
	struct iovec iov = { .iov_base = portion, .iov_len = sizeof(portion) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = sys_receive(c->fd, &m, MSG_DONTWAIT);

	if (n == -EAGAIN)
		return 0;
	if (n < 0)
		return (int)n;
	c->is_eof = n == 0;
	return buf_append(&c->in, portion, (size_t)n);
}

static int connection_write(struct connection *c)
{
	struct iovec iov = {
		.iov_base = c->out.data + c->n_written,
		.iov_len = c->out.len - c->n_written,
	};
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (iov.iov_len == 0)
		return 0;
	n = sys_send(c->fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return n == -EAGAIN ? 0 : (int)n;
	c->n_written += (size_t)n;
	return 0;
}

static void in_consume(struct buf *in, size_t n)
{
	memmove(in->data, in->data + n, in->len - n + 1);
	in->len -= n;
}

/* Hands over one line if there is one. The last line of all may lack its newline. */
static int connection_next_line(struct connection *c)
{
	const char *newline = c->in.len ? memchr(c->in.data, '\n', c->in.len) : NULL;
	size_t length = newline ? (size_t)(newline - c->in.data) : c->in.len;
	bool is_too_long = length > CONNECTION_MAX_LINE;
	int r;

	if (!newline && !is_too_long && (!c->is_eof || length == 0))
		return c->is_eof ? -ECONNRESET : 0;
	r = connection_enter(c, CONNECTION_BUSY);
	if (r < 0)
		return r;
	c->events->on_line(c->ctx, is_too_long ? NULL : c->in.data, length);
	in_consume(&c->in, newline ? length + 1 : length);
	return 0;
}

/* Negative: nothing more is to be had from this client. */
static int connection_step(struct connection *c, uint32_t events)
{
	int r;

	if (c->state == CONNECTION_BUSY)
		return events & (EPOLLHUP | EPOLLERR) ? -ECONNRESET : 0;
	if (c->state == CONNECTION_WRITING) {
		r = connection_write(c);
		if (r < 0 || c->n_written < c->out.len)
			return r;
		if (c->is_last)
			return -ECONNRESET;
		buf_done(&c->out);
		c->n_written = 0;
		r = connection_enter(c, CONNECTION_READING);
	} else {
		r = connection_read(c);
	}
	return r < 0 ? r : connection_next_line(c);
}

static void connection_ready(void *ctx, int fd, uint32_t events)
{
	struct connection *c = ctx;

	(void)fd;
	if (connection_step(c, events) < 0)
		connection_drop(c);
}
