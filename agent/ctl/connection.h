/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client of the control socket: a line in, an answer out, in turn. A client that takes more
 * than 5 s to say a line or to take an answer is dropped; while an answer is being made, only
 * its leaving is noticed. For server.c. [thread of the loop]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"

#define CONNECTION_MAX_LINE 65536u

struct connection;

struct connection_events {
	/*
	 * A line without its newline, borrowed for the call; NULL: longer than allowed. Answer
	 * with connection_answer(), now or later, once.
	 */
	void (*on_line)(void *ctx, const char *line, size_t length);
	/* The client has left, or was dropped: free the connection. */
	void (*on_gone)(void *ctx);
};

/* Takes fd on success. `events` and its ctx are borrowed. */
int connection_new(struct loop *l, int fd, const struct connection_events *events, void *ctx,
		   struct connection **ret);
struct connection *connection_free(struct connection *c); /* NULL */
DEFINE_CLEANUP(struct connection *, connection_free)

/* Sends text and a newline; is_last closes afterwards. Never calls back. */
void connection_answer(struct connection *c, const char *text, bool is_last);
