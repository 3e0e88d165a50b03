/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask what, and who answers: the control socket without its bytes (connection.c). */
#include "ctl/server.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "ctl/connection.h"
#include "ctl/endpoint.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/fail.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

#define SERVER_MAX_CLIENTS 16
#define ACCEPT_PAUSE_NS NS_PER_S

static const char no_memory[] = "{\"error\":\"the agent is out of memory\",\"errno\":\"ENOMEM\"}";

struct client {
	struct server *server;
	struct connection *connection;
	struct server_reply *reply; /* what the handler holds */
	uid_t uid;
};

struct server {
	struct loop *loop;
	char *path;
	int fd, lock;
	struct loop_timer *accept_again;
	struct log_limit crowded; /* one line a minute, however long it lasts */
	const struct server_handler *handlers;
	size_t n_handlers;
	void *ctx;
	struct client *clients[SERVER_MAX_CLIENTS];
};

struct server_reply {
	struct client *client; /* NULL: it has left */
	bool is_last;
};

static struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	if (c->reply)
		c->reply->client = NULL;
	connection_free(c->connection);
	free(c);
	return NULL;
}
DEFINE_CLEANUP(struct client *, client_free)

/* Takes text and reply. */
static void reply_send(struct server_reply *reply, char *text)
{
	struct client *c = reply->client;

	if (c) {
		c->reply = NULL;
		connection_answer(c->connection, text ? text : no_memory, reply->is_last || !text);
	}
	free(text);
	free(reply);
}

void server_reply(struct server_reply *reply, json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	json_decref(answer);
	reply_send(reply, text);
}

static char *error_text(int error, const char *message)
{
	const char *name = strerrorname_np(error);
	struct buf b = {};

	buf_append_string(&b, "{\"error\":");
	buf_append_json(&b, message);
	buf_printf(&b, ",\"errno\":\"%s\"}", name ? name : "EIO");
	return buf_take(&b);
}

void server_reply_error(struct server_reply *reply, int error, const char *format, ...)
{
	_cleanup_(buf_done) struct buf b = {};
	va_list args;

	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	reply_send(reply, b.error ? NULL : error_text(error, buf_text(&b)));
}

static const struct server_handler *server_handler_find(const struct server *s, const char *name)
{
	for (size_t i = 0; i < s->n_handlers; i++)
		if (str_equal(s->handlers[i].name, name))
			return &s->handlers[i];
	return NULL;
}

static void reply_unknown(const struct server *s, const char *name, struct server_reply *reply)
{
	_cleanup_(buf_done) struct buf known = {};

	for (size_t i = 0; i < s->n_handlers; i++)
		buf_printf(&known, "%s%s", i > 0 ? ", " : "", s->handlers[i].name);
	server_reply_error(reply, EOPNOTSUPP, "unknown request \"%s\"; this agent knows: %s", name,
			   buf_text(&known));
}

static void server_dispatch(struct server *s, uid_t uid, const json_t *request,
			    struct server_reply *reply)
{
	const char *name = json_string_value(json_object_get(request, "request"));
	const struct server_handler *h = name ? server_handler_find(s, name) : NULL;

	if (!name)
		server_reply_error(reply, EINVAL, "a request is an object like "
				   "{\"request\":\"status\"}");
	else if (!h)
		reply_unknown(s, name, reply);
	else if (h->is_change && uid != 0 && uid != geteuid())
		server_reply_error(reply, EPERM, "\"%s\" is for root and the user that the agent "
				   "runs as (uid %u), not for uid %u", name, geteuid(), uid);
	else
		h->fn(s->ctx, request, reply);
}

static void client_said(void *ctx, const char *line, size_t length)
{
	struct client *c = ctx;
	struct server_reply *reply = sys_alloc(1, sizeof(*reply));
	json_error_t error;
	json_t *request;

	if (!reply) {
		connection_answer(c->connection, no_memory, true);
		return;
	}
	*reply = (struct server_reply){ .client = c };
	c->reply = reply;
	if (!line) {
		reply->is_last = true;
		server_reply_error(reply, EMSGSIZE, "a request has at most %u bytes",
				   CONNECTION_MAX_LINE);
		return;
	}
	request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	if (!request) {
		reply->is_last = true;
		server_reply_error(reply, EINVAL, "the request is not JSON: %s", error.text);
		return;
	}
	server_dispatch(c->server, c->uid, request, reply);
	json_decref(request);
}

static void client_gone(void *ctx)
{
	struct client *c = ctx;
	struct server *s = c->server;

	for (size_t i = 0; i < SERVER_MAX_CLIENTS; i++)
		if (s->clients[i] == c)
			s->clients[i] = NULL;
	client_free(c);
}

static const struct connection_events client_events = {
	.on_line = client_said,
	.on_gone = client_gone,
};

/* Takes fd on success. */
static int client_new(struct server *s, int fd, struct client **ret)
{
	_cleanup_(client_freep) struct client *c = sys_alloc(1, sizeof(*c));
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int r;

	if (!c)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return -errno;
	*c = (struct client){ .server = s, .uid = peer.uid };
	r = connection_new(s->loop, fd, &client_events, c, &c->connection);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

static void refuse_crowd(int fd)
{
	static const char text[] =
		"{\"error\":\"the agent is talking to too many clients; try again\","
		"\"errno\":\"EBUSY\"}\n";

	(void)send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void server_admit(struct server *s, int fd)
{
	_cleanup_close_ int owned = fd;
	int r;

	for (size_t i = 0; i < SERVER_MAX_CLIENTS; i++) {
		if (s->clients[i])
			continue;
		r = client_new(s, fd, &s->clients[i]);
		if (r == 0)
			TAKE_FD(owned);
		else
			log_warning("control socket: cannot serve a client: %s", strerror(-r));
		return;
	}
	refuse_crowd(fd);
}

static int server_accept_one(struct server *s)
{
	int r = fail_point("ctl.accept"), fd;

	if (r < 0)
		return r;
	fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void server_ready(void *ctx, int fd, uint32_t events)
{
	struct server *s = ctx;
	int client = server_accept_one(s);
	uint32_t n_quiet;

	(void)events;
	if (client >= 0) {
		server_admit(s, client);
		return;
	}
	if (client != -EMFILE && client != -ENFILE && client != -ENOMEM && client != -ENOBUFS)
		return; /* the client gave up, or nobody is there */
	/* Whoever waits keeps waiting, and epoll would say so without end. */
	if (log_limit_allows(&s->crowded, &n_quiet))
		log_warning("control socket: cannot accept a client for now: %s", strerror(-client));
	loop_watch(s->loop, fd, 0, NULL, NULL);
	loop_timer_arm(s->accept_again, ACCEPT_PAUSE_NS, 0);
}

static void server_accept_again(void *ctx)
{
	struct server *s = ctx;

	if (loop_watch(s->loop, s->fd, EPOLLIN, server_ready, s) < 0)
		loop_timer_arm(s->accept_again, ACCEPT_PAUSE_NS, 0);
}

int server_new(struct loop *l, const char *path, const struct server_handler *handlers, size_t n,
	       void *ctx, struct server **ret)
{
	_cleanup_(server_freep) struct server *s = sys_alloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct server){ .loop = l, .fd = -1, .lock = -1, .handlers = handlers,
			      .n_handlers = n, .ctx = ctx,
			      .crowded = { .interval_ns = 60 * NS_PER_S, .burst = 1 } };
	s->path = sys_strndup(path, strlen(path));
	if (!s->path)
		return -ENOMEM;
	r = loop_timer_new(l, server_accept_again, s, &s->accept_again);
	if (r < 0)
		return r;
	r = endpoint_listen(path, &s->fd, &s->lock);
	if (r < 0)
		return r;
	r = loop_watch(l, s->fd, EPOLLIN, server_ready, s);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

struct server *server_free(struct server *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < SERVER_MAX_CLIENTS; i++)
		client_free(s->clients[i]);
	if (s->fd >= 0) {
		(void)unlink(s->path); /* before the lock goes: it is still ours */
		loop_watch(s->loop, s->fd, 0, NULL, NULL);
		close(s->fd);
	}
	if (s->lock >= 0)
		close(s->lock);
	loop_timer_free(s->accept_again);
	free(s->path);
	free(s);
	return NULL;
}
