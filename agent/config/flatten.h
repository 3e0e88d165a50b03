/* SPDX-License-Identifier: Apache-2.0 */
/* Maps inside maps as the host's option tables spell them: log: {level: x} → "log.level": x. */
#pragma once

#include "config/error.h"
#include "config/node.h"
#include "config/option.h"

/*
 * A copy of map in which every group of the table ("log" of "log.level") is replaced by its
 * members. subject as in option_set_new(). 0, -EINVAL with a message, or -ENOMEM.
 */
int node_flatten(const struct node *map, const struct option_table *t, const char *subject,
		 struct config_errors *errors, struct node **ret);

/* True if a name of the table begins with "key.". */
bool option_table_has_group(const struct option_table *t, const char *key);
