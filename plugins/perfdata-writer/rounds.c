/* SPDX-License-Identifier: Apache-2.0 */
/* Readers sort what lies between two rounds, so a file without them is right too, only dearer. */
#include "rounds.h"

#include <stddef.h>

static uint64_t *end_of(struct rounds *r, uint64_t source)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->rows[i].source == source)
			return &r->rows[i].end_ns;
	if (r->n == ROUND_SOURCES_MAX)
		return NULL;
	r->rows[r->n].source = source;
	return &r->rows[r->n++].end_ns;
}

bool rounds_allow(const struct rounds *r, uint64_t start_ns)
{
	return r->is_off || start_ns >= r->kept_ns;
}

bool rounds_end_window(struct rounds *r, uint64_t source, uint64_t start_ns, uint64_t end_ns)
{
	uint64_t *end = end_of(r, source), all_have_reached = end_ns;

	r->is_off |= !end || !rounds_allow(r, start_ns);
	if (r->is_off)
		return false;
	*end = end_ns;
	for (uint32_t i = 0; i < r->n; i++)
		if (r->rows[i].end_ns < all_have_reached)
			all_have_reached = r->rows[i].end_ns;
	r->newest_ns = end_ns > r->newest_ns ? end_ns : r->newest_ns;
	if (r->promised_ns > all_have_reached || r->newest_ns == r->promised_ns)
		return false;
	r->kept_ns = r->promised_ns;
	r->promised_ns = r->newest_ns;
	return true;
}
