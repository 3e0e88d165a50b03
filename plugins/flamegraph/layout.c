/* SPDX-License-Identifier: Apache-2.0 */
/* Heaviest first puts what matters where the eye begins to read, and makes output repeatable. */
#include "layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct siblings {
	const struct tree *tree;
	const struct layout *layout;
	uint32_t *first; /* children of node i are children[first[i]] to children[first[i + 1]] */
	uint32_t *children;
};

static void siblings_done(struct siblings *s)
{
	free(s->first);
	free(s->children);
}

static int order_siblings(const void *a, const void *b, void *ctx)
{
	const struct siblings *s = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct tree_label *p = tree_label(s->tree, tree_node(s->tree, x)->label);
	const struct tree_label *q = tree_label(s->tree, tree_node(s->tree, y)->label);
	int r;

	if (s->layout->total[x] != s->layout->total[y])
		return s->layout->total[x] < s->layout->total[y] ? 1 : -1;
	r = strcmp(tree_string(s->tree, p->name), tree_string(s->tree, q->name));
	if (r == 0)
		r = strcmp(tree_string(s->tree, p->module), tree_string(s->tree, q->module));
	return r ? r : (int)p->kind - (int)q->kind;
}

/* Counting sort by parent, then each family by weight. */
static int siblings_init(struct siblings *s)
{
	uint32_t n = s->layout->n;

	s->first = calloc(n + (size_t)2, sizeof(*s->first));
	s->children = calloc(n, sizeof(*s->children));
	if (!s->first || !s->children)
		return -ENOMEM;
	for (uint32_t i = 1; i < n; i++)
		s->first[tree_node(s->tree, i)->parent + 2]++;
	for (uint32_t i = 2; i <= n; i++)
		s->first[i] += s->first[i - 1];
	for (uint32_t i = 1; i < n; i++)
		s->children[s->first[tree_node(s->tree, i)->parent + 1]++] = i;
	for (uint32_t i = 0; i < n; i++)
		qsort_r(s->children + s->first[i], s->first[i + 1] - s->first[i],
			sizeof(*s->children), order_siblings, s);
	return 0;
}

static void put_in_order(struct layout *l, const struct siblings *s, uint32_t *pending)
{
	uint32_t n_pending = 1, n = 0;
	uint32_t *depth_of = l->depth; /* by node number until the end */
	uint32_t *sorted = l->order;

	pending[0] = 0;
	while (n_pending) {
		uint32_t node = pending[--n_pending];

		sorted[n++] = node;
		for (uint32_t i = s->first[node + 1]; i-- > s->first[node];) {
			depth_of[s->children[i]] = depth_of[node] + 1;
			pending[n_pending++] = s->children[i];
		}
	}
	memcpy(pending, depth_of, n * sizeof(*pending));
	for (uint32_t i = 0; i < n; i++)
		l->depth[i] = pending[sorted[i]];
}

int layout_new(const struct tree *t, struct layout *ret)
{
	_cleanup_(layout_done) struct layout l = { .n = tree_n_nodes(t) };
	_cleanup_(siblings_done) struct siblings s = { .tree = t, .layout = &l };
	_cleanup_free_ uint32_t *pending = calloc(l.n, sizeof(*pending));
	int r;

	l.order = calloc(l.n, sizeof(*l.order));
	l.depth = calloc(l.n, sizeof(*l.depth));
	l.total = calloc(l.n, sizeof(*l.total));
	if (!pending || !l.order || !l.depth || !l.total)
		return -ENOMEM;
	for (uint32_t i = l.n; i-- > 0;) {
		l.total[i] += tree_node(t, i)->self;
		if (i)
			l.total[tree_node(t, i)->parent] += l.total[i];
	}
	r = siblings_init(&s);
	if (r < 0)
		return r;
	put_in_order(&l, &s, pending);
	*ret = l;
	l = (struct layout){ .n = 0 };
	return 0;
}

void layout_done(struct layout *l)
{
	free(l->order);
	free(l->depth);
	free(l->total);
	*l = (struct layout){ .n = 0 };
}

int layout_weigh(const struct layout *l, const struct tree *t, struct function_weight **ret)
{
	_cleanup_free_ struct function_weight *w = calloc(tree_n_labels(t), sizeof(*w));
	_cleanup_free_ uint32_t *on_path = calloc(tree_n_labels(t), sizeof(*on_path));
	_cleanup_free_ uint32_t *path = calloc(l->n, sizeof(*path)); /* labels, by depth */
	uint32_t height = 0;

	if (!w || !on_path || !path)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree_n_labels(t); i++)
		w[i].label = i;
	for (uint32_t i = 0; i < l->n; i++) {
		const struct tree_node *node = tree_node(t, l->order[i]);

		while (height > l->depth[i])
			on_path[path[--height]]--;
		w[node->label].self += node->self;
		if (on_path[node->label]++ == 0)
			w[node->label].total += l->total[l->order[i]];
		path[height++] = node->label;
	}
	*ret = TAKE_PTR(w);
	return 0;
}
