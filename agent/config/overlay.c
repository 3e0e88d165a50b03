/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that was taken over must not be able to load other code, move data elsewhere by new
 * routes, or change the host itself. What it may set is bounded further by the policy.
 */
#include "config/overlay.h"

#include <errno.h>

#include "config/config.h"
#include "util/str.h"

static bool is_forbidden(const char *key)
{
	for (const char *const *p = config_reserved_keys; *p; p++)
		if (str_equal(*p, key))
			return !str_equal(key, "enabled");
	return false;
}

static int instance_check(const struct node *n, const struct node *below,
			  struct config_errors *errors)
{
	int worst = 0;

	if (!node_get(node_get(below, "plugins"), n->key))
		return config_error(errors, n->key_origin,
				    "plugin \"%s\" is not configured; a controller cannot add one", n->key);
	if (n->kind != NODE_MAP)
		return config_error(errors, n->origin,
				    "plugin \"%s\" must be a map; a controller disables it by {enabled: false}",
				    n->key);
	for (size_t i = 0; i < n->n_children; i++)
		if (is_forbidden(n->children[i]->key))
			worst = config_error(errors, n->children[i]->key_origin,
					     "plugin \"%s\": \"%s\" cannot be set by a controller", n->key,
					     n->children[i]->key);
	return worst;
}

int overlay_check(const struct node *overlay, const struct node *below,
		  struct config_errors *errors)
{
	int worst = 0, r;

	for (size_t i = 0; i < overlay->n_children; i++) {
		const struct node *top = overlay->children[i];

		if (!str_equal(top->key, "plugins") || top->kind != NODE_MAP)
			worst = config_error(errors, top->key_origin,
					     "\"%s\" cannot be set by a controller; it may set options of plugins",
					     top->key);
		for (size_t k = 0; str_equal(top->key, "plugins") && k < top->n_children; k++) {
			r = top->kind == NODE_MAP ? instance_check(top->children[k], below, errors) : 0;
			worst = r ? r : worst;
		}
	}
	return worst;
}
