/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each row's graph is a call tree of its own, made of the parts of the event's that touch the row.
 * Nothing here recurses: how deep a stack is, its source says.
 */
#include "graph.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/cleanup.h"

void graph_source_done(struct graph_source *s)
{
	free(s->total);
	free(s->first_child);
	free(s->next_sibling);
	free(s->first_of_row);
	free(s->next_of_row);
	free(s->image);
	*s = (struct graph_source){ .tree = NULL };
}

/* Parents have lower numbers than their children. */
static void link_nodes(struct graph_source *s, uint32_t n)
{
	for (uint32_t i = n; i-- > 1;) {
		struct call_node node = call_tree_at(s->tree, i);

		weight_add(&s->total[i], s->tree->weights[i]);
		if (node.parent)
			weight_add(&s->total[node.parent], s->total[i]);
		s->next_sibling[i] = s->first_child[node.parent];
		s->first_child[node.parent] = i;
		s->next_of_row[i] = s->first_of_row[node.row];
		s->first_of_row[node.row] = i;
	}
}

int graph_source_make(const struct call_tree *tree, uint32_t n_rows, struct graph_source *ret)
{
	uint32_t n = call_tree_n(tree);
	struct graph_source s = {
		.tree = tree,
		.total = calloc((size_t)n + 1, sizeof(*s.total)),
		.first_child = calloc((size_t)n + 1, sizeof(uint32_t)),
		.next_sibling = calloc((size_t)n + 1, sizeof(uint32_t)),
		.first_of_row = calloc((size_t)n_rows + 1, sizeof(uint32_t)),
		.next_of_row = calloc((size_t)n + 1, sizeof(uint32_t)),
		.image = calloc((size_t)n + 1, sizeof(uint32_t)),
	};

	if (!s.total || !s.first_child || !s.next_sibling || !s.first_of_row || !s.next_of_row ||
	    !s.image) {
		graph_source_done(&s);
		return -ENOMEM;
	}
	link_nodes(&s, n);
	*ret = s;
	return 0;
}

/* ---- one row ---- */

static bool is_outermost(const struct call_tree *t, uint32_t node)
{
	struct call_node at = call_tree_at(t, node);
	uint32_t row = at.row;

	while (at.parent) {
		at = call_tree_at(t, at.parent);
		if (at.row == row)
			return false;
	}
	return true;
}

static int add(struct call_tree *out, uint32_t parent, uint32_t row, struct weight w, uint32_t *ret)
{
	*ret = call_tree_child(out, parent, row);
	if (*ret == 0)
		return -ENOMEM;
	weight_add(&out->weights[*ret], w);
	return 0;
}

static int add_callers(struct graph_source *s, uint32_t node, struct call_tree *out)
{
	struct call_node at = call_tree_at(s->tree, node);
	uint32_t image = 0;
	int r = 0;

	for (uint32_t i = at.parent; i && r == 0; i = at.parent) {
		at = call_tree_at(s->tree, i);
		r = add(out, image, at.row, s->total[node], &image);
	}
	return r;
}

/* The next node below `root` behind `node`, depth first; 0: there is none. */
static uint32_t next_below(const struct graph_source *s, uint32_t root, uint32_t node)
{
	if (s->first_child[node])
		return s->first_child[node];
	while (node != root && !s->next_sibling[node])
		node = call_tree_at(s->tree, node).parent;
	return node == root ? 0 : s->next_sibling[node];
}

static int add_callees(struct graph_source *s, uint32_t root, struct call_tree *out)
{
	int r = 0;

	s->image[root] = 0;
	for (uint32_t i = next_below(s, root, root); i && r == 0; i = next_below(s, root, i)) {
		struct call_node at = call_tree_at(s->tree, i);

		r = add(out, s->image[at.parent], at.row, s->total[i], &s->image[i]);
	}
	return r;
}

static int order_entries(const void *a, const void *b)
{
	const struct graph_entry *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->weight.period != y->weight.period)
		return x->weight.period > y->weight.period ? -1 : 1;
	return x->node < y->node ? -1 : 1;
}

static int lay_out(const struct call_tree *t, struct graph *ret)
{
	uint32_t n = call_tree_n(t);
	struct graph g = {
		.entries = calloc((size_t)n + 1, sizeof(*g.entries)),
		.first = malloc(((size_t)n + 1) * sizeof(*g.first)),
	};

	if (!g.entries || !g.first) {
		graph_done(&g);
		return -ENOMEM;
	}
	for (uint32_t i = 1; i < n; i++) {
		struct call_node at = call_tree_at(t, i);

		g.entries[g.n++] = (struct graph_entry){ i, at.parent, at.row, t->weights[i] };
	}
	qsort(g.entries, g.n, sizeof(*g.entries), order_entries);
	for (uint32_t i = 0; i <= n; i++)
		g.first[i] = UINT32_MAX;
	for (uint32_t i = g.n; i-- > 0;)
		g.first[g.entries[i].parent] = i;
	*ret = g;
	return 0;
}

int graph_make(struct graph_source *s, uint32_t row, enum graph_kind kind, struct graph *ret)
{
	_cleanup_(call_tree_done) struct call_tree out = { .capacity = 0 };
	int r = 0;

	for (uint32_t i = s->first_of_row[row]; i && r == 0; i = s->next_of_row[i])
		if (is_outermost(s->tree, i))
			r = kind == GRAPH_CALLERS ? add_callers(s, i, &out) : add_callees(s, i, &out);
	return r == 0 ? lay_out(&out, ret) : r;
}

void graph_done(struct graph *g)
{
	free(g->entries);
	free(g->first);
	*g = (struct graph){ .n = 0 };
}

const struct graph_entry *graph_entry(const struct graph *g, uint32_t node, uint32_t k)
{
	uint64_t i = (uint64_t)g->first[node] + k;

	return i < g->n && g->entries[i].parent == node ? &g->entries[i] : NULL;
}
