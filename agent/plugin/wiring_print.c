/* SPDX-License-Identifier: Apache-2.0 */
/* The wiring as people read it: one line per edge, aligned. */
#include <string.h>

#include "plugin/wiring.h"
#include "util/buf.h"

int wiring_print(const struct wiring *w, const struct wiring_node *nodes, struct buf *out)
{
	int from_width = 0, to_width = 0;

	for (size_t i = 0; i < w->n_edges; i++) {
		int from = (int)strlen(nodes[w->edges[i].from].name);
		int to = (int)strlen(nodes[w->edges[i].to].name);

		from_width = from > from_width ? from : from_width;
		to_width = to > to_width ? to : to_width;
	}
	for (size_t i = 0; i < w->n_edges; i++) {
		const struct wiring_edge *e = &w->edges[i];

		buf_printf(out, "%-*s  →  %-*s  %-8s  %s\n", from_width, nodes[e->from].name, to_width,
			   nodes[e->to].name, e->is_lossless ? "lossless" : "live", e->schemas);
	}
	return out->error;
}
