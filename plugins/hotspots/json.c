/* SPDX-License-Identifier: Apache-2.0 */
/* Counts are exact here, and nothing is rounded or cut: what the text leaves out stands here, too. */
#include "json.h"

#include <string.h>
#include <time.h>

#include <hearth/profile.h>

#include "graph.h"
#include "ranking.h"

enum { MAX_DEPTH = 1024 };

static void put_weight(struct json_text *j, const struct event *e, struct weight w)
{
	json_member_uint(j, "samples", w.samples);
	json_member_uint(j, "period", w.period);
	json_put_key(j, "share");
	json_put_number(j, event_share(e, w));
}

static void put_function(struct json_text *j, const struct recording *rec, uint32_t function)
{
	const struct settings *s = rec->settings;
	struct function f = names_function_at(&rec->names, function);

	if (s->has_key[SORT_DSO])
		json_member_string(j, "dso", names_text(&rec->names, f.dso));
	if (!s->has_key[SORT_SYMBOL])
		return;
	json_member_string(j, "symbol", names_text(&rec->names, f.symbol));
	json_put_key(j, "is_kernel");
	json_put_bool(j, f.is_kernel);
	json_put_key(j, "is_inlined");
	json_put_bool(j, f.is_inlined);
}

static void put_context(struct json_text *j, const struct recording *rec, uint32_t context)
{
	const struct settings *s = rec->settings;
	struct context c = names_context_at(&rec->names, context);

	if (s->has_key[SORT_COMM])
		json_member_string(j, "comm", names_text(&rec->names, c.comm));
	if (s->has_key[SORT_PID])
		json_member_uint(j, "pid", c.pid);
	if (s->has_key[SORT_TID])
		json_member_uint(j, "tid", c.tid);
	if (s->has_key[SORT_CPU] && c.cpu != HEARTH_NO_CPU)
		json_member_uint(j, "cpu", c.cpu);
	if (s->has_key[SORT_CPU] && c.cpu == HEARTH_NO_CPU) {
		json_put_key(j, "cpu");
		json_put_null(j);
	}
}

/* ---- call graphs ---- */

struct path {
	uint32_t node, k;
};

static const struct graph_entry *next_shown(const struct recording *rec, const struct event *e,
					    const struct graph *g, struct path *p)
{
	const struct graph_entry *entry = graph_entry(g, p->node, p->k++);

	return entry && event_is_in_graph(rec, e, entry->weight) ? entry : NULL;
}

static void open_entry(struct json_text *j, const struct recording *rec, const struct event *e,
		       const struct graph_entry *entry, const char *key)
{
	json_open(j, '{');
	put_function(j, rec, table_at(&e->table, entry->row).function);
	put_weight(j, e, entry->weight);
	json_put_key(j, key);
	json_open(j, '[');
}

static int put_graph(struct json_text *j, const struct recording *rec, const struct event *e,
		     struct graph_source *source, uint32_t row, enum graph_kind kind)
{
	_cleanup_(graph_done) struct graph g = { .n = 0 };
	const char *key = kind == GRAPH_CALLERS ? "callers" : "callees";
	struct path way[MAX_DEPTH] = { { 0, 0 } };
	uint32_t depth = 0;
	int r = graph_make(source, row, kind, &g);

	if (r < 0)
		return r;
	json_put_key(j, key);
	json_open(j, '[');
	for (;;) {
		const struct graph_entry *entry = next_shown(rec, e, &g, &way[depth]);

		if (entry) {
			open_entry(j, rec, e, entry, key);
			if (depth + 1 < MAX_DEPTH) {
				way[++depth] = (struct path){ entry->node, 0 };
				continue;
			}
		}
		json_close(j, ']');
		if (!entry && depth-- == 0)
			return j->error;
		json_close(j, '}');
	}
}

/* ---- an event ---- */

static int put_row(struct json_text *j, const struct recording *rec, const struct event *e,
		   const struct ranked *row, struct graph_source *source)
{
	bool has_graph = event_is_in_graph(rec, e, row->weight.total);
	int r = 0;

	json_open(j, '{');
	put_context(j, rec, row->key.context);
	put_function(j, rec, row->key.function);
	json_put_key(j, "self");
	json_open(j, '{');
	put_weight(j, e, row->weight.self);
	json_close(j, '}');
	json_put_key(j, "total");
	json_open(j, '{');
	put_weight(j, e, row->weight.total);
	json_close(j, '}');
	if (rec->settings->has_callers && has_graph)
		r = put_graph(j, rec, e, source, row->row, GRAPH_CALLERS);
	if (r == 0 && rec->settings->has_callees && has_graph)
		r = put_graph(j, rec, e, source, row->row, GRAPH_CALLEES);
	json_close(j, '}');
	return r;
}

static int put_rows(struct json_text *j, const struct recording *rec, const struct event *e)
{
	_cleanup_(graph_source_done) struct graph_source source = { .tree = NULL };
	_cleanup_(ranking_done) struct ranking k = { .n = 0 };
	int r = ranking_make(rec, e, &k);

	if (r == 0 && (rec->settings->has_callers || rec->settings->has_callees))
		r = graph_source_make(&e->tree, table_n(&e->table), &source);
	json_member_uint(j, "rows_left_out", k.n_left_out);
	json_put_key(j, "rows");
	json_open(j, '[');
	for (uint32_t i = 0; i < k.n && r == 0; i++)
		r = put_row(j, rec, e, &k.rows[i], &source);
	json_close(j, ']');
	return r;
}

static void put_causes(struct json_text *j, const char *key, const struct causes *c)
{
	json_put_key(j, key);
	json_open(j, '{');
	for (uint32_t i = 0; i < c->n; i++)
		json_member_uint(j, c->text[i], c->count[i]);
	json_close(j, '}');
}

static void put_time(struct json_text *j, const char *key, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[40] = "";
	struct tm utc;

	if (ns && gmtime_r(&seconds, &utc))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	json_member_string(j, key, text);
}

static void put_window(struct json_text *j, const struct event *e)
{
	json_put_key(j, "window");
	json_open(j, '{');
	put_time(j, "start", e->start_ns);
	json_put_key(j, "seconds");
	if (e->end_ns)
		json_put_number(j, (double)(e->end_ns - e->start_ns) / 1e9);
	else
		json_put_null(j);
	json_close(j, '}');
}

static int put_event(struct json_text *j, const struct recording *rec, const struct event *e)
{
	int r;

	json_open(j, '{');
	json_member_string(j, "event", e->name);
	json_member_string(j, "sample_unit", e->sample_unit);
	json_put_key(j, "sampling_period");
	json_open(j, '{');
	json_member_uint(j, "value", e->period);
	json_member_string(j, "type", e->period_type);
	json_member_string(j, "unit", e->period_unit);
	json_close(j, '}');
	put_window(j, e);
	json_member_uint(j, "samples", e->all.samples);
	json_member_uint(j, "period", e->all.period);
	put_causes(j, "lost", &e->lost);
	put_causes(j, "frames_unnamed", &e->unnamed);
	json_member_uint(j, "stacks_truncated", e->truncated);
	json_member_uint(j, "beyond_max_memory", e->overflowed);
	r = put_rows(j, rec, e);
	json_close(j, '}');
	return r;
}

int json_write(const struct recording *rec, struct json_text *j)
{
	const struct settings *s = rec->settings;
	int r = 0;

	json_open(j, '{');
	json_member_string(j, "schema", "hearth.report/1");
	json_member_string(j, "title", s->title);
	json_put_key(j, "sort");
	json_open(j, '[');
	for (uint32_t i = 0; i < s->n_sort; i++)
		json_put_string(j, sort_key_name(s->sort[i]));
	json_close(j, ']');
	json_put_key(j, "events");
	json_open(j, '[');
	for (uint32_t i = 0; i < rec->n_events && r == 0; i++)
		r = put_event(j, rec, &rec->events[i]);
	json_close(j, ']');
	json_close(j, '}');
	json_put_raw(j, "\n", 1);
	return r < 0 ? r : j->error;
}
