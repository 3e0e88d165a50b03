/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two configurations, instance by instance. The host's keys are not compared: wiring, queues and
 * log levels change around an instance that keeps its thread and its state.
 */
#include "config/diff.h"

#include <errno.h>

#include "util/str.h"
#include "util/sys.h"

static const struct instance_config *instance_find(const struct config *c, const char *name)
{
	for (size_t i = 0; c && i < c->n_instances; i++)
		if (c->instances[i].is_enabled && str_equal(c->instances[i].name, name))
			return &c->instances[i];
	return NULL;
}

static bool is_option(const struct node *n)
{
	for (const char *const *p = config_reserved_keys; *p; p++)
		if (str_equal(*p, n->key))
			return false;
	return true;
}

/* Every option of a is in b with the same value. */
static bool is_subset(const struct node *a, const struct node *b)
{
	for (size_t i = 0; i < a->n_children; i++) {
		const struct node *n = a->children[i], *other = node_get(b, n->key);

		if (is_option(n) && (!other || !node_equal(n, other)))
			return false;
	}
	return true;
}

static enum diff_action compare(const struct instance_config *old, const struct instance_config *new)
{
	if (!old)
		return DIFF_ADD;
	if (!str_equal(old->plugin, new->plugin))
		return DIFF_CHANGE;
	return is_subset(old->node, new->node) && is_subset(new->node, old->node) ? DIFF_KEEP
										  : DIFF_UPDATE;
}

int diff_instances(const struct config *old, const struct config *new, struct diff *ret)
{
	struct diff d = {};

	d.entries = sys_alloc((old ? old->n_instances : 0) + new->n_instances + 1, sizeof(*d.entries));
	if (!d.entries)
		return -ENOMEM;
	for (size_t i = 0; i < new->n_instances; i++) {
		const struct instance_config *n = &new->instances[i], *o = instance_find(old, n->name);

		if (n->is_enabled)
			d.entries[d.n++] = (struct diff_entry){compare(o, n), n->name, o, n};
	}
	for (size_t i = 0; old && i < old->n_instances; i++) {
		const struct instance_config *o = &old->instances[i];

		if (o->is_enabled && !instance_find(new, o->name))
			d.entries[d.n++] = (struct diff_entry){DIFF_REMOVE, o->name, o, NULL};
	}
	*ret = d;
	return 0;
}

void diff_done(struct diff *d)
{
	free(d->entries);
	*d = (struct diff){};
}
