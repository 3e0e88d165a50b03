/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as YAML that reads back to the same tree, without what must not be seen. */
#pragma once

#include <stdbool.h>

#include "config/node.h"

struct buf;

struct dump_style {
	bool want_origin; /* "# hearth.yaml:12:5" behind each value */
	/*
	 * True if this option of an instance must not be shown (option is its node, key set).
	 * NULL, or no option table: dump_name_is_secret().
	 */
	bool (*is_secret)(void *ctx, const struct node *instance, const struct node *option);
	void *ctx;
};

int dump_yaml(const struct node *tree, const struct dump_style *style, struct buf *out);

/* True for names that secrets usually have, where no option table can tell. */
bool dump_name_is_secret(const char *name);
