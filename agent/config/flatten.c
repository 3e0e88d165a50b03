/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tables are flat, so that one table can be a command line, a page of docs and a schema; the
 * host's own keys are grouped in YAML. This is the step between the two.
 */
#include "config/flatten.h"

#include <errno.h>

#include "util/str.h"

bool option_table_has_group(const struct option_table *t, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row;

		option_row(t, i, &row);
		if (strncmp(row.name, key, len) == 0 && row.name[len] == '.')
			return true;
	}
	return false;
}

/* Takes nothing: copies child under another name. */
static int child_put(struct node *flat, const char *name, const struct node *child)
{
	return node_put(flat, name, node_copy(child));
}

static int group_put(struct node *flat, const struct node *group)
{
	for (size_t i = 0; i < group->n_children; i++) {
		const struct node *child = group->children[i];
		_cleanup_free_ char *name = str_format("%s.%s", group->key, child->key);
		int r = name ? child_put(flat, name, child) : -ENOMEM;

		if (r < 0)
			return r;
	}
	return 0;
}

int node_flatten(const struct node *map, const struct option_table *t, const char *subject,
		 struct config_errors *errors, struct node **ret)
{
	_cleanup_(node_freep) struct node *flat = node_new(NODE_MAP, map->origin);
	int worst = 0;

	if (!flat)
		return -ENOMEM;
	for (size_t i = 0; i < map->n_children; i++) {
		const struct node *child = map->children[i];
		bool is_group = option_table_has_group(t, child->key);
		int r;

		if (is_group && child->kind != NODE_MAP)
			r = config_error(errors, child->origin, "%s%s\"%s\" must be a map",
					 subject ? subject : "", subject ? ": " : "", child->key);
		else
			r = is_group ? group_put(flat, child) : child_put(flat, child->key, child);
		if (r == -ENOMEM)
			return r;
		worst = r ? r : worst;
	}
	if (worst < 0)
		return worst;
	*ret = TAKE_PTR(flat);
	return 0;
}
