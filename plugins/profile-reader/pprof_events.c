/* SPDX-License-Identifier: Apache-2.0 */
/* pprof has types of values where perf has events; this is the way back. */
#include "pprof_events.h"

#include <stdio.h>
#include <string.h>

#include "common/profile_proto.h"

struct types {
	const struct pprof_index *index;
	struct {
		uint64_t type, unit;
		bool is_taken;
	} rows[PPROF_MAX_TYPES];
	uint32_t n;
};

static bool is_text(const struct pprof_index *x, uint64_t string, const char *text, size_t len)
{
	size_t n;
	const char *s = pprof_string(x, string, &n);

	return n == len && memcmp(s, text, len) == 0;
}

static bool is_same_text(const struct pprof_index *x, uint64_t a, uint64_t b)
{
	size_t len;
	const char *text = pprof_string(x, a, &len);

	return is_text(x, b, text, len);
}

static void read_types(struct types *t, const struct pprof_index *x)
{
	struct protobuf_reader r = { x->bytes, x->bytes + x->readable };
	struct protobuf_field f;

	t->index = x;
	t->n = 0;
	while (t->n < PPROF_MAX_TYPES && protobuf_next(&r, &f) == 1) {
		if (f.number != PROFILE_SAMPLE_TYPE || f.type != PROTOBUF_BYTES)
			continue;
		t->rows[t->n].type = pprof_number(f.bytes, VALUE_TYPE_TYPE);
		t->rows[t->n].unit = pprof_number(f.bytes, VALUE_TYPE_UNIT);
		t->rows[t->n++].is_taken = false;
	}
}

/* The number of an untaken type with this name, or -1. */
static int find_type(const struct types *t, const char *name, size_t len)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (!t->rows[i].is_taken && is_text(t->index, t->rows[i].type, name, len))
			return (int)i;
	return -1;
}

static bool is_type_of_period(const struct types *t, uint32_t i)
{
	const struct pprof_index *x = t->index;

	return is_same_text(x, t->rows[i].type, pprof_number(x->period_type, VALUE_TYPE_TYPE)) &&
	       is_same_text(x, t->rows[i].unit, pprof_number(x->period_type, VALUE_TYPE_UNIT));
}

static void add_event(struct pprof_events *e, struct types *t, const char *name, size_t name_len, int value,
		      int weight)
{
	struct pprof_event *row = &e->rows[e->n++];

	*row = (struct pprof_event){
		.type = t->rows[value].type, .unit = t->rows[value].unit,
		.value = (uint32_t)value, .has_weight = weight >= 0,
	};
	if (name_len)
		snprintf(row->name, sizeof(row->name), "%.*s", (int)(name_len < 120 ? name_len : 120), name);
	else /* the strings of a damaged file are missing */
		snprintf(row->name, sizeof(row->name), "value %d", value + 1);
	t->rows[value].is_taken = true;
	if (weight < 0)
		return;
	t->rows[weight].is_taken = true;
	row->weight = (uint32_t)weight;
	row->period_type = t->rows[weight].type;
	row->period_unit = t->rows[weight].unit;
	if (is_type_of_period(t, (uint32_t)weight))
		row->period = t->index->period;
}

/* "event cpu-clock: samples, cpu" or "event off-cpu: off-cpu" */
static void take_comment(struct pprof_events *e, struct types *t, const char *text, size_t len)
{
	static const char begin[] = "event ", colon[] = ": ", comma[] = ", ";
	const char *types, *second, *end = text + len;
	int value, weight = -1;

	if (len < sizeof(begin) || memcmp(text, begin, sizeof(begin) - 1) != 0)
		return;
	text += sizeof(begin) - 1;
	types = memmem(text, (size_t)(end - text), colon, 2);
	if (!types || types == text)
		return;
	second = memmem(types + 2, (size_t)(end - types - 2), comma, 2);
	value = find_type(t, types + 2, (size_t)((second ? second : end) - types - 2));
	if (second)
		weight = find_type(t, second + 2, (size_t)(end - second - 2));
	if (value >= 0 && value != weight && (!second || weight >= 0))
		add_event(e, t, text, (size_t)(types - text), value, weight);
}

static void take_comments(struct pprof_events *e, struct types *t)
{
	for (size_t i = 0; i < t->index->comments.n; i++) {
		size_t len;
		const char *text = pprof_string(t->index, t->index->comments.rows[i].id, &len);

		take_comment(e, t, text, len);
	}
}

/* What no comment speaks of. */
static void take_rest(struct pprof_events *e, struct types *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		bool has_weight = i + 1 < t->n && !t->rows[i + 1].is_taken &&
				  is_text(t->index, t->rows[i].type, "samples", 7) &&
				  is_text(t->index, t->rows[i].unit, "count", 5) &&
				  is_type_of_period(t, i + 1);
		size_t len;
		const char *name = pprof_string(t->index, t->rows[i + has_weight].type, &len);

		if (!t->rows[i].is_taken)
			add_event(e, t, name, len, (int)i, has_weight ? (int)i + 1 : -1);
	}
}

/* pprof shows the default type, or else the last. */
static void put_first(struct pprof_events *e, const struct types *t)
{
	uint32_t first = t->n ? t->n - 1 : 0, i = 0;
	struct pprof_event row;

	for (uint32_t k = 0; k < t->n && t->index->default_type; k++)
		if (is_same_text(t->index, t->rows[k].type, t->index->default_type))
			first = k;
	while (i < e->n && e->rows[i].value != first && !(e->rows[i].has_weight && e->rows[i].weight == first))
		i++;
	if (i == e->n)
		return;
	row = e->rows[i];
	memmove(&e->rows[1], &e->rows[0], i * sizeof(row));
	e->rows[0] = row;
}

/* A type that got its event's name in front, because an earlier one had its own, loses it again. */
static void shorten(struct pprof_event *e, const struct types *t, uint64_t *type)
{
	size_t len, n = strlen(e->name);
	const char *text = pprof_string(t->index, *type, &len);

	if (len <= n + 1 || memcmp(text, e->name, n) != 0 || text[n] != '_')
		return;
	for (uint32_t i = 0; i < t->n; i++)
		if (is_text(t->index, t->rows[i].type, text + n + 1, len - n - 1))
			*type = t->rows[i].type;
}

void pprof_events_find(struct pprof_events *e, const struct pprof_index *x)
{
	struct types t;

	e->n = 0;
	read_types(&t, x);
	take_comments(e, &t);
	take_rest(e, &t);
	put_first(e, &t);
	for (uint32_t i = 0; i < e->n; i++) {
		shorten(&e->rows[i], &t, &e->rows[i].type);
		shorten(&e->rows[i], &t, &e->rows[i].period_type);
	}
}

int pprof_events_named(const struct pprof_events *e, const struct pprof_index *x, const char *name)
{
	size_t len = strlen(name);

	for (uint32_t i = 0; i < e->n; i++)
		if (strcmp(e->rows[i].name, name) == 0)
			return (int)i;
	for (uint32_t i = 0; i < e->n; i++)
		if (is_text(x, e->rows[i].type, name, len) ||
		    (e->rows[i].has_weight && is_text(x, e->rows[i].period_type, name, len)))
			return (int)i;
	return -1;
}
