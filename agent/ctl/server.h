/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: a Unix stream socket that takes one JSON object per line,
 * {"request":"status"}, and answers each with one JSON object per line. A refusal is
 * {"error":"text for people","errno":"EPERM"}. [thread of the loop]
 *
 * Whoever may open the socket (mode 0660) may read; requests that change something are for root
 * and for the user that the agent runs as. Nothing a client does can block the loop: at most 16
 * of them, 64 KiB per request, and 5 s to say one and to take the answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "loop/loop.h"

struct server;
/* The right, and the duty, to answer one request: exactly one of server_reply_*() is called,
   now or later on the loop's thread. That the client or the server is gone does no harm. */
struct server_reply;

typedef void (*server_fn)(void *ctx, const json_t *request, struct server_reply *reply);

struct server_handler {
	const char *name; /* value of "request" */
	bool is_change;   /* for root and the agent's own user */
	server_fn fn;
};

/*
 * Listens at path, whose folder exists. The handlers (n rows) are borrowed for the server's life.
 * A socket that a dead agent left is replaced. -EADDRINUSE: a live one owns it; -ENOTSOCK:
 * something else is there; -ENAMETOOLONG; or -errno.
 */
int server_new(struct loop *l, const char *path, const struct server_handler *handlers, size_t n,
	       void *ctx, struct server **ret);
struct server *server_free(struct server *s); /* NULL; removes the socket */
DEFINE_CLEANUP(struct server *, server_free)

void server_reply(struct server_reply *reply, json_t *answer); /* takes answer; NULL: no memory */
/* error: a positive errno; the message says what to do. */
void server_reply_error(struct server_reply *reply, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
