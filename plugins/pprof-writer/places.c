/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of ELF files name no mapping, for they are those of many processes; pprof wants one. */
#include "places.h"

#include <errno.h>
#include <stdlib.h>

static int order_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->binary != y->binary)
		return x->binary < y->binary ? -1 : 1;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

int places_init(struct places *p, const struct hearth_flat *f)
{
	uint64_t count = hearth_flat_count(f, HEARTH_PROFILE_MAPPINGS);

	*p = (struct places){ .rows = calloc(count + 1, sizeof(*p->rows)) };
	if (!p->rows)
		return -ENOMEM;
	for (uint64_t i = 1; i < count; i++) {
		struct hearth_mapping m = hearth_profile_mapping(f, i);
		struct place row = { m.vaddr, 0, m.binary, (uint32_t)i };

		if (m.binary == 0 || m.end < m.start ||
		    __builtin_add_overflow(m.vaddr, m.end - m.start, &row.end))
			continue;
		p->rows[p->n++] = row;
	}
	qsort(p->rows, p->n, sizeof(*p->rows), order_places);
	return 0;
}

void places_done(struct places *p)
{
	free(p->rows);
	*p = (struct places){ .n = 0 };
}

uint32_t places_find(const struct places *p, uint32_t binary, uint64_t address)
{
	const struct place key = { .binary = binary, .vaddr = address, .end = UINT64_MAX };
	size_t from = 0, to = p->n;

	while (from < to) { /* the first one behind the address */
		size_t middle = from + (to - from) / 2;

		if (order_places(&p->rows[middle], &key) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == 0 || p->rows[from - 1].binary != binary || address >= p->rows[from - 1].end)
		return 0;
	return p->rows[from - 1].mapping;
}
