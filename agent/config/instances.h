/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of `plugins:`, as far as the host understands them. */
#pragma once

#include "config/config.h"

/*
 * Fills c->instances from c->tree; overlaid: names that the overlay mentions, or NULL. 0, -EINVAL
 * with messages, or -ENOMEM.
 */
int instances_read(struct config *c, char *const *overlaid, struct config_errors *errors);
void instance_config_done(struct instance_config *i);
