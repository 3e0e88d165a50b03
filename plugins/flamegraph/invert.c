/* SPDX-License-Identifier: Apache-2.0 */
/* Only the SVG needs this: the page inverts its tree itself (page/trees.js). */
#include "invert.h"

#include <errno.h>
#include <stdlib.h>

static int copy_labels(const struct tree *from, struct tree *to, uint32_t *labels)
{
	for (uint32_t i = 0; i < tree_n_labels(from); i++) {
		const struct tree_label *l = tree_label(from, i);

		labels[i] = tree_intern_label(to, l->kind, tree_string(from, l->name),
					      tree_string(from, l->module));
	}
	return tree_error(to);
}

int tree_invert(const struct tree *t, struct tree **ret)
{
	_cleanup_(tree_freep) struct tree *to = NULL;
	_cleanup_free_ uint32_t *labels = calloc(tree_n_labels(t), sizeof(*labels));
	int r;

	if (!labels)
		return -ENOMEM;
	r = tree_new(INVERTED_MAX_BYTES, &to);
	if (r >= 0)
		r = copy_labels(t, to, labels);
	if (r < 0)
		return r;
	for (uint32_t i = 1; i < tree_n_nodes(t); i++) {
		uint32_t node = 0;

		if (!tree_node(t, i)->self)
			continue;
		for (uint32_t at = i; at; at = tree_node(t, at)->parent)
			if (node == 0 || !tree_is_full(to))
				node = tree_intern_child(to, node, labels[tree_node(t, at)->label]);
		tree_add(to, node, 0, tree_node(t, i)->self);
	}
	r = tree_error(to);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(to);
	return 0;
}
