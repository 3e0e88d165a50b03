/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text → struct node with file:line:column. A subset on purpose: one document, scalars,
 * lists, maps; no anchors, aliases, tags or merge keys; duplicate keys are errors. Bounds: 1 MiB
 * of text, 64 levels, 100,000 nodes.
 */
#pragma once

#include "config/error.h"
#include "config/node.h"

/* An empty document is an empty map. -EINVAL with messages in `errors`, or -errno. */
int yaml_parse(const char *name, const char *text, size_t len, struct config_errors *errors,
	       struct node **ret);
/* -ENOENT (silent) if there is no such file; other failures to read are config errors. */
int yaml_load(const char *path, struct config_errors *errors, struct node **ret);
