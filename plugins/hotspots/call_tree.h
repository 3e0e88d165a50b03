/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks of rows, merged by their common beginnings: what call graphs are drawn from. Nodes are
 * numbered from 1, a parent before its children; parent 0: the outermost. One owner thread.
 */
#pragma once

#include <stdint.h>

#include <hearth/flat_builder.h>

#include "table.h"

struct call_node {
	uint32_t parent, row;
};

/* Zero it before use. */
struct call_tree {
	struct hearth_flat_builder keys;
	struct weight *weights; /* by node: of the stacks that end there */
	uint64_t capacity;
};

void call_tree_done(struct call_tree *t);
/* The child of `parent` of this row, made if need be; 0: out of memory. */
uint32_t call_tree_child(struct call_tree *t, uint32_t parent, uint32_t row);
/* Adds a stack, given leaf first. 0 or -ENOMEM. */
int call_tree_add(struct call_tree *t, const uint32_t *rows, uint32_t n, struct weight weight);
struct call_node call_tree_at(const struct call_tree *t, uint32_t node);
uint32_t call_tree_n(const struct call_tree *t); /* nodes are 1 to this - 1 */
size_t call_tree_bytes(const struct call_tree *t);
