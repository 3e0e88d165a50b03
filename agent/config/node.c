/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that every source of configuration becomes. Children live in an array whose capacity
 * is the power of two at or above their number, so that it needs no field and merging stays
 * cheap.
 */
#include "config/node.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "util/str.h"
#include "util/sys.h"

#define MAX_PATH_KEYS 16

/*
 * Names of files, for the life of the process: origins are copied freely and outlive the trees
 * they came with (a reload compares two configurations). The set is as large as the number of
 * files that were ever read, which a reload does not change.
 */
static struct {
	pthread_mutex_t lock;
	char **names;
} interned = {.lock = PTHREAD_MUTEX_INITIALIZER};

const char *origin_file(const char *name)
{
	const char *found = NULL;
	size_t n = 0;

	pthread_mutex_lock(&interned.lock);
	for (char **p = interned.names; p && *p && !found; p++, n++)
		if (str_equal(*p, name))
			found = *p;
	if (!found && strv_append(&interned.names, name) == 0)
		found = interned.names[n];
	pthread_mutex_unlock(&interned.lock);
	return found;
}

struct node *node_new(enum node_kind kind, struct origin origin)
{
	struct node *n = sys_alloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->origin = origin;
	return n;
}

struct node *node_free(struct node *n)
{
	if (!n)
		return NULL;
	for (size_t i = 0; i < n->n_children; i++)
		node_free(n->children[i]);
	free(n->children);
	free(n->key);
	free(n->text);
	free(n);
	return NULL;
}

struct node *node_scalar(const char *text, struct origin origin)
{
	_cleanup_(node_freep) struct node *n = node_new(NODE_SCALAR, origin);

	if (!n)
		return NULL;
	n->text = sys_strndup(text, strlen(text));
	return n->text ? TAKE_PTR(n) : NULL;
}

/* Takes child, whose key is set already. */
static int children_append(struct node *n, struct node *child)
{
	_cleanup_(node_freep) struct node *owned = child;
	size_t have = n->n_children;

	if (!child)
		return -ENOMEM;
	if ((have & (have - 1)) == 0) {
		struct node **more = sys_realloc(n->children, have ? have * 2 : 1, sizeof(*more));

		if (!more)
			return -ENOMEM;
		n->children = more;
	}
	n->children[n->n_children++] = TAKE_PTR(owned);
	return 0;
}

int node_append(struct node *list, struct node *child)
{
	return children_append(list, child);
}

static int key_set(struct node *child, const char *key)
{
	char *copy;

	if (child->key && str_equal(child->key, key))
		return 0;
	copy = sys_strndup(key, strlen(key));
	if (!copy)
		return -ENOMEM;
	free(child->key);
	child->key = copy;
	return 0;
}

static struct node **child_find(const struct node *n, const char *key)
{
	if (!n || n->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < n->n_children; i++)
		if (str_equal(n->children[i]->key, key))
			return &n->children[i];
	return NULL;
}

struct node *node_get(const struct node *n, const char *key)
{
	struct node **p = child_find(n, key);

	return p ? *p : NULL;
}

struct node *node_find(const struct node *n, const char *path)
{
	if (!n || n->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < n->n_children; i++) {
		struct node *child = n->children[i];
		size_t len = strlen(child->key);

		if (strncmp(path, child->key, len) != 0)
			continue;
		if (!path[len])
			return child;
		child = path[len] == '.' ? node_find(child, path + len + 1) : NULL;
		if (child)
			return child;
	}
	return NULL;
}

int node_put(struct node *map, const char *key, struct node *child)
{
	_cleanup_(node_freep) struct node *owned = child;
	struct node **old;
	int r;

	if (!child)
		return -ENOMEM;
	r = key_set(child, key);
	if (r < 0)
		return r;
	if (!child->key_origin.file)
		child->key_origin = child->origin;
	old = child_find(map, key);
	if (!old)
		return children_append(map, TAKE_PTR(owned));
	node_free(*old);
	*old = TAKE_PTR(owned);
	return 0;
}

/* The map under a key, made if there is none (or something else). */
static int map_enter(struct node *map, const char *key, struct origin origin, struct node **ret)
{
	struct node *next = node_get(map, key);
	int r;

	if (!next || next->kind != NODE_MAP) {
		next = node_new(NODE_MAP, origin);
		r = node_put(map, key, next);
		if (r < 0)
			return r;
	}
	*ret = next;
	return 0;
}

int node_put_path(struct node *map, const char *path, struct node *child)
{
	_cleanup_(node_freep) struct node *owned = child;
	const char *dot;

	if (!child)
		return -ENOMEM;
	for (unsigned int depth = 0; (dot = strchr(path, '.')); path = dot + 1) {
		_cleanup_free_ char *key = sys_strndup(path, (size_t)(dot - path));
		int r;

		if (!key)
			return -ENOMEM;
		if (++depth == MAX_PATH_KEYS)
			return -E2BIG;
		r = map_enter(map, key, child->origin, &map);
		if (r < 0)
			return r;
	}
	return node_put(map, path, TAKE_PTR(owned));
}

struct node *node_copy(const struct node *n)
{
	_cleanup_(node_freep) struct node *copy = node_new(n->kind, n->origin);

	if (!copy)
		return NULL;
	copy->key_origin = n->key_origin;
	copy->is_quoted = n->is_quoted;
	if (n->key && key_set(copy, n->key) < 0)
		return NULL;
	if (n->text && !(copy->text = sys_strndup(n->text, strlen(n->text))))
		return NULL;
	for (size_t i = 0; i < n->n_children; i++)
		if (children_append(copy, node_copy(n->children[i])) < 0)
			return NULL;
	return TAKE_PTR(copy);
}

static bool children_equal(const struct node *a, const struct node *b)
{
	for (size_t i = 0; i < a->n_children; i++) {
		const struct node *other =
			a->kind == NODE_MAP ? node_get(b, a->children[i]->key) : b->children[i];

		if (!other || !node_equal(a->children[i], other))
			return false;
	}
	return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->n_children != b->n_children)
		return false;
	if (a->kind == NODE_SCALAR)
		return str_equal(a->text, b->text);
	return children_equal(a, b);
}

static void children_compact(struct node *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n_children; i++)
		if (n->children[i])
			n->children[kept++] = n->children[i];
	n->n_children = kept;
}

/* What nothing lies under cannot be removed: nulls of a new subtree just go. */
static void nulls_strip(struct node *n)
{
	if (n->kind != NODE_MAP)
		return;
	for (size_t i = 0; i < n->n_children; i++) {
		if (n->children[i]->kind == NODE_NULL)
			n->children[i] = node_free(n->children[i]);
		else
			nulls_strip(n->children[i]);
	}
	children_compact(n);
}

static int maps_merge(struct node *base, struct node *over);

/* Takes child. *old is its place in the map, NULL if the map has no such key. */
static int child_merge(struct node *base, struct node **old, struct node *child)
{
	_cleanup_(node_freep) struct node *owned = child;

	if (!old) {
		nulls_strip(child);
		return child->kind == NODE_NULL ? 0 : children_append(base, TAKE_PTR(owned));
	}
	if ((*old)->kind == NODE_MAP && child->kind == NODE_MAP)
		return maps_merge(*old, child);
	*old = node_free(*old);
	if (child->kind == NODE_NULL) {
		children_compact(base);
		return 0;
	}
	nulls_strip(child);
	*old = TAKE_PTR(owned);
	return 0;
}

/* Moves the children of `over` into `base`. */
static int maps_merge(struct node *base, struct node *over)
{
	for (size_t i = 0; i < over->n_children; i++) {
		struct node *child = TAKE_PTR(over->children[i]);
		int r = child_merge(base, child_find(base, child->key), child);

		if (r < 0) {
			children_compact(over);
			return r;
		}
	}
	over->n_children = 0;
	return 0;
}

int node_merge(struct node *base, struct node *over, struct node **ret)
{
	_cleanup_(node_freep) struct node *below = base, *above = over;
	int r;

	if (!below || below->kind != NODE_MAP || above->kind != NODE_MAP) {
		nulls_strip(above);
		*ret = TAKE_PTR(above);
		return 0;
	}
	r = maps_merge(below, above);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(below);
	return 0;
}
