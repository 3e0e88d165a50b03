/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who reads whom: from the components' schemas and the `inputs` of the config to edges. Pure.
 *
 * Without `inputs`, per payload kind: processors of a kind chain if there is exactly one; a sink
 * reads the end of that chain, or else every emitter of the kinds that it accepts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/error.h"
#include "plugin/descriptor.h"

struct wiring_node {
	const char *name;
	const struct component *component;
	char *const *inputs; /* NULL-ended; NULL: inferred */
	struct origin origin, inputs_origin;
};

struct wiring_edge {
	size_t from, to;  /* indices of nodes */
	char *schemas;    /* that the one emits and the other accepts, blank-separated */
	bool is_lossless;
};

struct wiring {
	struct wiring_edge *edges; /* ordered by `to`, then `from` */
	size_t n_edges;
	size_t *order;             /* node indices, consumers before those they read */
	size_t n_nodes;
};

/* -EINVAL with messages: unknown or unfit input, loop, ambiguous processors. A node that reads
   nothing or that nobody reads is a warning. */
int wiring_make(const struct wiring_node *nodes, size_t n, struct config_errors *errors,
		struct wiring *ret);
void wiring_done(struct wiring *w);

struct buf;
/* `hearth config graph`: one line per edge, aligned. */
int wiring_print(const struct wiring *w, const struct wiring_node *nodes, struct buf *out);
