/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a running agent: `hearth status`, `hearth reload`. Blocks its caller. [any thread] */
#pragma once

#include <stdint.h>

#include <jansson.h>

/*
 * Sends one request to the control socket at path and waits for its answer. 0 and *ret (the
 * caller's), or -errno and *ret_why (allocated; NULL without memory), a sentence that says what
 * to do: -ENOENT if no agent is there, -EACCES, -ETIMEDOUT, -ECONNRESET, -EBADMSG, or the error
 * that the agent answered with.
 */
int client_call(const char *path, const json_t *request, uint64_t timeout_ns, json_t **ret,
		char **ret_why);
