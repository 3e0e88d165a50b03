/* SPDX-License-Identifier: Apache-2.0 */
/* The agent that runs on this machine, as verbs reach it. */
#pragma once

#include <stdint.h>

#include <jansson.h>

struct cli_call;

/*
 * Asks the agent whose runtime_dir the configuration names; if that cannot be read, at the
 * default place. 0 and *ret, or -errno and an allocated sentence.
 */
int running_agent_ask(struct cli_call *call, const json_t *request, uint64_t timeout_ns, json_t **ret,
		      char **ret_why);
