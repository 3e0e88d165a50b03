/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shares are of the whole event, as perf's default is. A function with the one caller or callee
 * stands below it without a step to the right: only where a stack divides, the graph does.
 */
#include "graph_text.h"

#include <errno.h>

#include "columns.h"
#include "common/cleanup.h"
#include "ranking.h"

enum { INDENT = 12, STEP = 2, MAX_STEPS = 200, MAX_LINES = 2000 };

struct drawing {
	const struct recording *rec;
	const struct event *event;
	const struct graph *graph;
	FILE *out;
	uint32_t n_lines;
};

static const struct graph_entry *shown(const struct drawing *d, uint32_t node, uint32_t k)
{
	const struct graph_entry *e = graph_entry(d->graph, node, k);

	return e && event_is_in_graph(d->rec, d->event, e->weight) ? e : NULL;
}

static void put_name(struct drawing *d, const struct graph_entry *e)
{
	columns_put_symbol(d->rec, table_at(&d->event->table, e->row).function, 0, d->out);
	fputc('\n', d->out);
	d->n_lines++;
}

/* Follows the one entry that has all of what its parent has; answers where the stack divides. */
static const struct graph_entry *put_run(struct drawing *d, const struct graph_entry *e,
					 uint32_t steps)
{
	const struct graph_entry *next;

	fprintf(d->out, "%*s%6.2f%%  ", (int)(INDENT + steps * STEP), "",
		100 * event_share(d->event, e->weight));
	put_name(d, e);
	while ((next = shown(d, e->node, 0)) && next->weight.period == e->weight.period &&
	       d->n_lines < MAX_LINES) {
		fprintf(d->out, "%*s%7s  ", (int)(INDENT + steps * STEP), "", "");
		put_name(d, next);
		e = next;
	}
	return e;
}

/* Nodes on the way to the one in hand are kept here: the depth of a stack is not ours to bound. */
static int put_below(struct drawing *d)
{
	struct {
		uint32_t node, k;
	} way[MAX_STEPS] = { { 0, 0 } };
	uint32_t steps = 0;

	while (d->n_lines < MAX_LINES) {
		const struct graph_entry *e = shown(d, way[steps].node, way[steps].k++);

		if (e) {
			e = put_run(d, e, steps);
			if (steps + 1 < MAX_STEPS) {
				way[++steps].node = e->node;
				way[steps].k = 0;
			}
		} else if (steps-- == 0) {
			return 0;
		}
	}
	fprintf(d->out, "%*s…\n", INDENT, "");
	return 0;
}

int graph_text_write(const struct recording *rec, const struct event *e, struct graph_source *source,
		     uint32_t row, enum graph_kind kind, FILE *out)
{
	_cleanup_(graph_done) struct graph g = { .n = 0 };
	struct drawing d = { .rec = rec, .event = e, .graph = &g, .out = out };
	int r = graph_make(source, row, kind, &g);

	if (r < 0)
		return r;
	fprintf(out, "%*s%s:\n", INDENT - 4, "", kind == GRAPH_CALLERS ? "called by" : "calls");
	if (!shown(&d, 0, 0))
		fprintf(out, "%*snothing that reaches the limit\n", INDENT, "");
	r = put_below(&d);
	fputc('\n', out);
	return r;
}
