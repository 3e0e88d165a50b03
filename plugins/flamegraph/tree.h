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

/* Whose samples they are; texts are tree_string(). Owner 0: not known. */
struct tree_owner {
	uint64_t start_time; /* of the process, clock ticks since boot; 0: unknown */
	uint32_t pid, tid;
	uint32_t comm, thread_comm, container;
	uint32_t reserved;
};

/* What one owner has of a node's own weight. */
struct tree_part {
	uint32_t node, owner;
	uint64_t value;
};

struct tree;

int tree_new(size_t limit_bytes, struct tree **ret);
struct tree *tree_free(struct tree *t); /* NULL */
DEFINE_CLEANUP(struct tree *, tree_free)

bool tree_is_full(const struct tree *t);
/* Half of the memory is used: owners are to be 0 from now on, so that stacks have the rest. */
bool tree_is_half_full(const struct tree *t);
int tree_error(const struct tree *t); /* 0, or -ENOMEM: what is in it is not to be trusted */

/* Control characters of names become '?'. module may be NULL. */
uint32_t tree_intern_label(struct tree *t, enum label_kind kind, const char *name,
			   const char *module);
/* The child of `parent` with this label, made if need be. */
uint32_t tree_intern_child(struct tree *t, uint32_t parent, uint32_t label);
/* `who` has pid, tid and start_time; its texts are given apart. */
uint32_t tree_intern_owner(struct tree *t, const struct tree_owner *who, const char *comm,
			   const char *thread_comm, const char *container);
void tree_add(struct tree *t, uint32_t node, uint32_t owner, uint64_t value);

uint32_t tree_n_nodes(const struct tree *t);
uint32_t tree_n_labels(const struct tree *t);
uint32_t tree_n_owners(const struct tree *t); /* owner 0 included */
uint32_t tree_n_parts(const struct tree *t);
uint32_t tree_n_strings(const struct tree *t);
const struct tree_node *tree_node(const struct tree *t, uint32_t i);
const struct tree_label *tree_label(const struct tree *t, uint32_t i);
const struct tree_owner *tree_owner(const struct tree *t, uint32_t i);
const struct tree_part *tree_part(const struct tree *t, uint32_t i);
const char *tree_string(const struct tree *t, uint32_t i); /* "" for 0 */
const char *label_kind_name(enum label_kind kind); /* "kernel" */
