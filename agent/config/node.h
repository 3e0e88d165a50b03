/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as a tree of nodes, each of which knows the place it came from: file, line
 * and column, an environment variable, or the command line. Trees are merged, not edited.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

enum node_kind {
	NODE_NULL = 1,
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
};

/* Where a value was written. file: "hearth.yaml" as opened, "HEARTH_SERVICE", "--set", … */
struct origin {
	const char *file; /* interned for the life of the process */
	uint32_t line, column; /* from 1; 0: not a file */
};

struct node {
	enum node_kind kind;
	struct origin origin; /* of the value */
	char *key;            /* in a map; NULL else */
	struct origin key_origin;
	char *text;           /* scalar; null: as written, "" for a key without a value */
	bool is_quoted;       /* scalar: "true" in quotes is a string */
	struct node **children; /* list or map */
	size_t n_children;
};

struct node *node_new(enum node_kind kind, struct origin origin); /* NULL without memory */
struct node *node_copy(const struct node *n);
struct node *node_free(struct node *n); /* NULL */
DEFINE_CLEANUP(struct node *, node_free)

/* The child of a map, or NULL; n may be NULL or another kind. */
struct node *node_get(const struct node *n, const char *key);
/* A path of keys, "plugins.cpu-sampler.frequency"; keys that hold dots are found too. */
struct node *node_find(const struct node *n, const char *path);
/* Adds or replaces a child of a map. Takes child. */
int node_put(struct node *map, const char *key, struct node *child);
/* The same at the end of a path of keys; dots always separate, maps on the way are made. -E2BIG:
   more than 16 keys. */
int node_put_path(struct node *map, const char *path, struct node *child);
int node_append(struct node *list, struct node *child); /* takes child */
/* Same kinds, keys and texts, wherever they were written. */
bool node_equal(const struct node *a, const struct node *b);
/* A scalar with a copy of text; NULL without memory. */
struct node *node_scalar(const char *text, struct origin origin);

/*
 * Lays `over` on `base`: maps merge deeply, lists and scalars replace, null removes. Takes
 * both (base may be NULL), returns the result in *ret. 0 or -ENOMEM.
 */
int node_merge(struct node *base, struct node *over, struct node **ret);

/* Interns the name of an origin; NULL without memory. [any thread] */
const char *origin_file(const char *name);
