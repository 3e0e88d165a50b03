/* SPDX-License-Identifier: Apache-2.0 */
/* By period, as `perf report` ranks; equal rows by name, so that two reports of a file are equal. */
#include "ranking.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct order {
	const struct names *names;
	bool has_children;
};

double event_share(const struct event *e, struct weight w)
{
	return e->all.period ? (double)w.period / (double)e->all.period : 0;
}

bool event_is_in_graph(const struct recording *rec, const struct event *e, struct weight w)
{
	return event_share(e, w) * 1e6 >= (double)rec->settings->graph_limit;
}

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int order_names(const struct names *n, const struct row *a, const struct row *b)
{
	struct function f = names_function_at(n, a->function), g = names_function_at(n, b->function);
	struct context c = names_context_at(n, a->context), d = names_context_at(n, b->context);
	int r = strcmp(names_text(n, f.symbol), names_text(n, g.symbol));

	if (r == 0)
		r = strcmp(names_text(n, f.dso), names_text(n, g.dso));
	if (r == 0)
		r = strcmp(names_text(n, c.comm), names_text(n, d.comm));
	if (r == 0)
		r = c.pid != d.pid ? descending(d.pid, c.pid) : descending(d.tid, c.tid);
	return r ? r : descending(d.cpu, c.cpu);
}

static int order_rows(const void *a, const void *b, void *ctx)
{
	const struct ranked *x = a, *y = b;
	const struct order *o = ctx;
	int self = descending(x->weight.self.period, y->weight.self.period);
	int total = descending(x->weight.total.period, y->weight.total.period);
	int first = o->has_children ? total : self, second = o->has_children ? self : total;

	return first ? first : second ? second : order_names(o->names, &x->key, &y->key);
}

static bool is_wanted(const struct recording *rec, const struct ranked *row)
{
	const struct settings *s = rec->settings;
	struct function f;

	if (!s->has_children && row->weight.self.samples == 0)
		return false;
	if (s->n_symbols == 0)
		return true;
	f = names_function_at(&rec->names, row->key.function);
	return settings_wants(s->symbols, s->n_symbols, names_text(&rec->names, f.symbol));
}

static bool is_heavy(const struct recording *rec, const struct event *e, const struct ranked *row)
{
	struct weight w = rec->settings->has_children ? row->weight.total : row->weight.self;

	return event_share(e, w) * 1e6 >= (double)rec->settings->percent_limit;
}

int ranking_make(const struct recording *rec, const struct event *e, struct ranking *ret)
{
	struct order order = { &rec->names, rec->settings->has_children };
	uint64_t limit = rec->settings->limit;
	struct ranking k = { .n = 0 };

	k.rows = calloc((size_t)table_n(&e->table) + 1, sizeof(*k.rows));
	if (!k.rows)
		return -ENOMEM;
	for (uint32_t i = 1; i < table_n(&e->table); i++) {
		struct ranked row = { i, table_at(&e->table, i), e->table.weights[i] };

		if (!is_wanted(rec, &row))
			continue;
		if (is_heavy(rec, e, &row))
			k.rows[k.n++] = row;
		else
			k.n_left_out++;
	}
	qsort_r(k.rows, k.n, sizeof(*k.rows), order_rows, &order);
	if (limit && k.n > limit) {
		k.n_left_out += k.n - (uint32_t)limit;
		k.n = (uint32_t)limit;
	}
	*ret = k;
	return 0;
}

void ranking_done(struct ranking *r)
{
	free(r->rows);
	*r = (struct ranking){ .n = 0 };
}
