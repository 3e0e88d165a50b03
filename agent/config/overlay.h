/* SPDX-License-Identifier: Apache-2.0 */
/* What a controller may change: it enables, disables and sets options; it never rewires. */
#pragma once

#include "config/error.h"
#include "config/node.h"

/*
 * Checks a controller's tree against the configuration that it would be laid on. 0 or -EINVAL with
 * messages.
 */
int overlay_check(const struct node *overlay, const struct node *below,
		  struct config_errors *errors);
