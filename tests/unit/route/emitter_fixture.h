/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "unit/route/fixture.h"

#include "route/emitter.h"

static inline struct emitter *make_emitter(void)
{
	struct emitter *e = NULL;

	assert_int_equal(emitter_new("from", "", NULL, NULL, &e), 0);
	return e;
}

static inline int emit_schema(struct emitter *e, const char *schema, uint64_t n_items, uint64_t bytes)
{
	static const char zeros[4096];
	const struct hearth_segment s = { zeros, bytes, NULL, NULL };
	struct hearth_emission emission = test_emission(&s, 1);

	emission.schema = schema;
	emission.n_items = n_items;
	return emitter_emit(e, &emission);
}

static inline int emit(struct emitter *e, uint64_t n_items)
{
	return emit_schema(e, TEST_SCHEMA, n_items, 10);
}

/* Takes the references; either may be NULL. */
static inline void set_table(struct emitter *e, struct route *a, struct route *b)
{
	struct route **routes = calloc(2, sizeof(struct route *));
	size_t n = 0;

	if (a)
		routes[n++] = a;
	if (b)
		routes[n++] = b;
	emitter_swap(e, routes, n);
}
