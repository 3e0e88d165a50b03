/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks of names, merged by their common beginnings, and what they weigh. Node 0 is the root;
 * a node's parent has a lower number. Memory is bounded: tree_is_full() says when no stack should
 * be added any more that may need new nodes. One owner thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum label_kind {
	LABEL_PROCESS = 0,
	LABEL_KERNEL,
	LABEL_NATIVE,
	LABEL_INLINED,
	LABEL_JIT,
	LABEL_INTERPRETED,
	LABEL_UNKNOWN,
	LABEL_TRUNCATED, /* says why the rest of the stack is missing */
	N_LABEL_KINDS,
};

struct tree_label {
	uint32_t kind;
	uint32_t name, module; /* tree_string() */
	uint32_t reserved;
};

struct tree_node {
	uint32_t parent, label;
	uint64_t self; /* of stacks that end here */
};

struct tree;

int tree_new(size_t limit_bytes, struct tree **ret);
struct tree *tree_free(struct tree *t); /* NULL */
DEFINE_CLEANUP(struct tree *, tree_free)

bool tree_is_full(const struct tree *t);
int tree_error(const struct tree *t); /* 0, or -ENOMEM: what is in it is not to be trusted */

/* Control characters of names become '?'. module may be NULL. */
uint32_t tree_intern_label(struct tree *t, enum label_kind kind, const char *name,
			   const char *module);
/* The child of `parent` with this label, made if need be. */
uint32_t tree_intern_child(struct tree *t, uint32_t parent, uint32_t label);
void tree_add(struct tree *t, uint32_t node, uint64_t value);

uint32_t tree_n_nodes(const struct tree *t);
uint32_t tree_n_labels(const struct tree *t);
const struct tree_node *tree_node(const struct tree *t, uint32_t i);
const struct tree_label *tree_label(const struct tree *t, uint32_t i);
const char *tree_string(const struct tree *t, uint32_t i); /* "" for 0 */
const char *label_kind_name(enum label_kind kind); /* "kernel" */
