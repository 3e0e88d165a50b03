/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is no row begins with '#', as scripts around `perf report` expect; what perf does not say and
 * one has to know to trust the numbers stands in one line above each table.
 */
#include "text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "columns.h"
#include "graph_text.h"
#include "printed.h"
#include "ranking.h"

static void put_causes(FILE *out, const struct causes *c, const char *what)
{
	fputs(", ", out);
	printed_put_number(out, causes_sum(c));
	fprintf(out, " %s", what);
	for (uint32_t i = 0; i < c->n; i++) {
		fputs(i ? ", " : " (", out);
		printed_put(out, c->text[i], 0);
	}
	fputs(c->n ? ")" : "", out);
}

static void put_time(FILE *out, const struct event *e)
{
	time_t start = (time_t)(e->start_ns / 1000000000);
	char text[40] = "";
	struct tm utc;

	if (e->end_ns == 0)
		return;
	if (gmtime_r(&start, &utc))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc);
	fprintf(out, "%s, %.1f s: ", text, (double)(e->end_ns - e->start_ns) / 1e9);
}

/* Of samples that a clock takes, how often it does. */
static void put_rate(FILE *out, const struct event *e)
{
	if (e->period && strcmp(e->period_unit, "nanoseconds") == 0)
		fprintf(out, " at %.0f Hz", 1e9 / (double)e->period);
	else if (e->period > 1)
		fprintf(out, ", one in %" PRIu64, e->period);
}

/* "# build7, 2026-11-21 21:30:02 UTC, 10.0 s: 3,980 samples of cpu-clock at 199 Hz, none lost" */
static void put_facts(FILE *out, const struct recording *rec, const struct event *e)
{
	fputs("# ", out);
	if (rec->settings->title) {
		printed_put(out, rec->settings->title, 0);
		fputs(e->end_ns ? ", " : ": ", out);
	}
	put_time(out, e);
	printed_put_number(out, e->all.samples);
	fputs(e->all.samples == 1 ? " sample" : " samples", out);
	if (strcmp(e->name, "samples") != 0) { /* as folded stacks are said to be */
		fputs(" of ", out);
		printed_put(out, e->name, 0);
	}
	put_rate(out, e);
	if (causes_sum(&e->lost))
		put_causes(out, &e->lost, "lost");
	else
		fputs(", none lost", out);
	if (e->truncated) {
		fputs(", ", out);
		printed_put_number(out, e->truncated);
		fputs(" with a cut stack", out);
	}
	fputc('\n', out);
}

/* As perf says it: "4K" for 4,321. */
static void put_count(FILE *out, uint64_t n)
{
	static const char units[] = " KMGT";
	unsigned int unit = 0;

	for (; n >= 1000 && unit < sizeof(units) - 2; unit++)
		n /= 1000;
	fprintf(out, "%" PRIu64, n);
	if (unit)
		fputc(units[unit], out);
}

static void put_head(FILE *out, const struct recording *rec, const struct event *e)
{
	put_facts(out, rec, e);
	if (e->overflowed) {
		fputs("# max_memory was reached: ", out);
		printed_put_number(out, e->overflowed);
		fputs(" samples are in no row of their own\n", out);
	}
	fputs("#\n# Samples: ", out);
	put_count(out, e->all.samples);
	fputs(" of event '", out);
	printed_put(out, e->name, 0);
	fprintf(out, "'\n# Event count (approx.): %" PRIu64 "\n#\n", e->all.period);
}

static int put_graphs(FILE *out, const struct recording *rec, const struct event *e,
		      struct graph_source *source, uint32_t row)
{
	int r = 0;

	if (rec->settings->has_callers)
		r = graph_text_write(rec, e, source, row, GRAPH_CALLERS, out);
	if (r == 0 && rec->settings->has_callees)
		r = graph_text_write(rec, e, source, row, GRAPH_CALLEES, out);
	return r;
}

static int put_rows(FILE *out, const struct recording *rec, const struct event *e,
		    const struct ranking *k, const struct columns *c)
{
	_cleanup_(graph_source_done) struct graph_source source = { .tree = NULL };
	int r = 0;

	if (rec->settings->has_callers || rec->settings->has_callees)
		r = graph_source_make(&e->tree, table_n(&e->table), &source);
	for (uint32_t i = 0; i < k->n && r == 0; i++) {
		columns_put_row(c, rec, e, &k->rows[i], out);
		if (source.tree && event_is_in_graph(rec, e, k->rows[i].weight.total))
			r = put_graphs(out, rec, e, &source, k->rows[i].row);
	}
	return r;
}

static int put_event(FILE *out, const struct recording *rec, const struct event *e, uint32_t width)
{
	_cleanup_(ranking_done) struct ranking k = { .n = 0 };
	struct columns c;
	int r = ranking_make(rec, e, &k);

	if (r < 0)
		return r;
	columns_measure(&c, rec, &k, width);
	put_head(out, rec, e);
	columns_put_head(&c, rec, out);
	r = put_rows(out, rec, e, &k, &c);
	if (r == 0 && k.n_left_out) {
		fputs("#\n# ", out);
		printed_put_number(out, k.n_left_out);
		fputs(k.n_left_out == 1 ? " row is not shown\n" : " rows are not shown\n", out);
	}
	return r;
}

static void put_nothing(FILE *out, const struct recording *rec)
{
	fputs("# ", out);
	if (rec->settings->title) {
		printed_put(out, rec->settings->title, 0);
		fputs(": ", out);
	}
	fputs(rec->settings->n_events ? "no samples of the events asked for\n" :
	      "no samples: nothing of what was watched has run\n", out);
}

int text_write(const struct recording *rec, uint32_t columns, FILE *out)
{
	bool is_empty = true;
	int r = 0;

	for (uint32_t i = 0; i < rec->n_events && r == 0; i++) {
		if (rec->events[i].all.samples == 0)
			continue;
		if (!is_empty)
			fputs("\n\n", out);
		is_empty = false;
		r = put_event(out, rec, &rec->events[i], columns);
	}
	if (is_empty)
		put_nothing(out, rec);
	return r;
}
