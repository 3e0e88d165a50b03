/* SPDX-License-Identifier: Apache-2.0 */
/* Several events are one file: pprof shows one of its sample types at a time (-sample_index). */
#include "value_types.h"

#include <stdio.h>

static bool is_taken(const struct value_types *t, uint32_t type)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->rows[i].type == type)
			return true;
	return false;
}

static uint32_t name_of(struct profile *p, const char *event, const char *type, uint32_t number)
{
	char text[256], again[16] = "";

	if (number > 1)
		snprintf(again, sizeof(again), "_%u", number);
	snprintf(text, sizeof(text), "%s_%s%s", event, type, again);
	return hearth_flat_intern_string(&p->tables, text);
}

/* The SDK's builder moves its text when it grows, so the names are copied before they are used. */
static uint32_t own_name(struct value_types *t, struct profile *p, uint32_t event, uint32_t type)
{
	char names[2][120];
	const uint32_t strings[2] = { p->events[event].name, type };
	uint32_t own = type;

	for (uint32_t i = 0; i < 2; i++) {
		size_t len;
		const char *s = tables_string(&p->tables, strings[i], &len);

		snprintf(names[i], sizeof(names[i]), "%.*s", (int)(len < 119 ? len : 119), s);
	}
	for (uint32_t number = 1; is_taken(t, own) && !p->tables.error; number++)
		own = name_of(p, names[0], names[1], number);
	return own;
}

static void add_type(struct value_types *t, struct profile *p, const struct value_type *wanted)
{
	struct value_type row = *wanted;

	row.type = own_name(t, p, row.event, row.type);
	t->rows[t->n++] = row;
}

void value_types_make(struct value_types *t, struct profile *p)
{
	struct hearth_flat_builder *tables = &p->tables;
	uint32_t samples = hearth_flat_intern_string(tables, "samples");
	uint32_t count = hearth_flat_intern_string(tables, "count");

	*t = (struct value_types){ .n = 0 };
	for (uint32_t i = 0; i < p->n_events && !tables->error; i++) {
		const struct profile_event *e = &p->events[i];

		add_type(t, p, &(struct value_type){
			e->type ? e->type : samples, e->type ? e->unit : count, i, false });
		if (e->has_period)
			add_type(t, p, &(struct value_type){
				e->period_type, e->period_unit, i, true });
	}
	if (t->n == 0)
		t->rows[t->n++] = (struct value_type){ samples, count, 0, false };
}
