/* SPDX-License-Identifier: Apache-2.0 */
/* Only kept where a call graph is asked for: tables need functions, not stacks. */
#include "call_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 2 };

void call_tree_done(struct call_tree *t)
{
	hearth_flat_done(&t->keys);
	free(t->weights);
	*t = (struct call_tree){ .capacity = 0 };
}

uint32_t call_tree_child(struct call_tree *t, uint32_t parent, uint32_t row)
{
	struct call_node key = { parent, row };
	uint32_t node = hearth_flat_intern(&t->keys, NODES, &key, sizeof(key));

	if (t->keys.error ||
	    vector_reserve((void **)&t->weights, &t->capacity, sizeof(*t->weights), node) < 0)
		return 0;
	return node;
}

int call_tree_add(struct call_tree *t, const uint32_t *rows, uint32_t n, struct weight weight)
{
	uint32_t node = 0;

	while (n-- > 0) {
		node = call_tree_child(t, node, rows[n]);
		if (node == 0)
			return -ENOMEM;
	}
	weight_add(&t->weights[node], weight);
	return 0;
}

struct call_node call_tree_at(const struct call_tree *t, uint32_t node)
{
	struct call_node key;

	memcpy(&key, t->keys.rows[NODES].bytes + (size_t)node * sizeof(key), sizeof(key));
	return key;
}

uint32_t call_tree_n(const struct call_tree *t)
{
	return (uint32_t)t->keys.rows[NODES].count;
}

size_t call_tree_bytes(const struct call_tree *t)
{
	return builder_bytes(&t->keys) + t->capacity * sizeof(*t->weights);
}
