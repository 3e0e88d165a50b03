/* SPDX-License-Identifier: Apache-2.0 */
/* The environment variables that Hearth itself reads: HEARTH_*. */
#pragma once

#include "config/error.h"
#include "config/node.h"

/* The value of a variable in a list of "NAME=value"; NULL if it is absent or empty. */
const char *environ_value(char *const *variables, const char *name);

/*
 * HEARTH_SERVICE and, if has_heartbeats, HEARTH_SERVER as a tree to lay on `below`. Variables that
 * look like ours and are not read get a warning that says what to use. 0 or -ENOMEM.
 */
int environ_read(char *const *variables, const struct node *below, bool has_heartbeats,
		 struct config_errors *errors, struct node **ret);
