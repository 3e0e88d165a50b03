/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own keys: everything in hearth.yaml but `plugins`. */
#pragma once

#include "config/config.h"

/* Fills the host's fields of c from c->tree. 0, -EINVAL with messages, or -errno. */
int host_read(struct config *c, char *const *variables, struct config_errors *errors);
