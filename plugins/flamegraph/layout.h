/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree in the order in which a flame graph shows it: parents before children, heavier
 * siblings first, equal ones by name. Also what each function weighs.
 */
#pragma once

#include <stdint.h>

#include "tree.h"

struct layout {
	uint32_t n;      /* nodes */
	uint32_t *order; /* node numbers; the root is first */
	uint32_t *depth; /* of order[i] */
	uint64_t *total; /* by node number: its own and its descendants' weight */
};

struct function_weight {
	uint32_t label;
	uint64_t self, total; /* total: stacks that have it, recursion counted once */
};

int layout_new(const struct tree *t, struct layout *ret);
void layout_done(struct layout *l);

/* Weights of all labels, index = label number; to be freed. */
int layout_weigh(const struct layout *l, const struct tree *t, struct function_weight **ret);
