/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who called a function, or what it called. A function that is on a stack more than once counts
 * by its outermost call, so that a graph adds up to the function's total. [instance thread]
 */
#pragma once

#include <stdint.h>

#include "call_tree.h"

enum graph_kind { GRAPH_CALLERS, GRAPH_CALLEES };

/* The tree of an event, made ready to be asked for one row after the other. */
struct graph_source {
	const struct call_tree *tree;
	struct weight *total;                    /* by node, with those below */
	uint32_t *first_child, *next_sibling;    /* by node */
	uint32_t *first_of_row, *next_of_row;    /* by row; by node */
	uint32_t *image;                         /* by node: in the graph in hand */
};

/* 0 or -ENOMEM. */
int graph_source_make(const struct call_tree *tree, uint32_t n_rows, struct graph_source *ret);
void graph_source_done(struct graph_source *s);

struct graph_entry {
	uint32_t node, parent, row;
	struct weight weight;
};

struct graph {
	struct graph_entry *entries; /* of one parent together, heaviest first; 0: next to the row */
	uint32_t *first;             /* by node: its first entry; UINT32_MAX: none */
	uint32_t n;
};

/* 0 or -ENOMEM. */
int graph_make(struct graph_source *s, uint32_t row, enum graph_kind kind, struct graph *ret);
void graph_done(struct graph *g);

/* Entry k of a node's, NULL behind the last. */
const struct graph_entry *graph_entry(const struct graph *g, uint32_t node, uint32_t k);
