/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that hold for every layer, whatever it is read from. */
#include "config/reading.h"

#include <errno.h>

/* Of -ENOMEM and -EINVAL, the one that ends everything is kept. */
void reading_remember(struct reading *r, int error)
{
	if (error < 0 && r->worst != -ENOMEM)
		r->worst = error;
}

static int empties_check(const struct node *n, struct config_errors *errors)
{
	int worst = 0;

	for (size_t i = 0; n->kind == NODE_MAP && i < n->n_children; i++) {
		const struct node *child = n->children[i];
		int r;

		if (child->kind == NODE_NULL && child->text && !*child->text)
			r = config_error(errors, child->key_origin,
					 "\"%s\" has no value; give it one, {} for an empty map, or null to remove it",
					 child->key);
		else
			r = empties_check(child, errors);
		worst = r ? r : worst;
	}
	return worst;
}

int layer_check(const struct node *n, struct config_errors *errors)
{
	if (n->kind == NODE_MAP)
		return empties_check(n, errors);
	return config_error(errors, n->origin, "must be a map of keys, such as \"service: checkout\"");
}

int layer_refuse_environment(const struct node *n, struct config_errors *errors)
{
	const struct node *environment = node_get(n, "environment");

	if (!environment)
		return 0;
	return config_error(errors, environment->key_origin,
			    "\"environment\" decides which files are read and cannot be set here; set it in "
			    "hearth.yaml, by HEARTH_ENVIRONMENT or by --environment");
}

int reading_add(struct reading *r, struct node *over)
{
	struct node *base = TAKE_PTR(r->layers->tree);

	return node_merge(base, over, &r->layers->tree);
}
