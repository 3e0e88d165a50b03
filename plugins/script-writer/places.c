/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That an address of a file is at an offset of it holds in all processes, so any mapping of the
 * batch that has it will do.
 */
#include "places.h"

#include <errno.h>
#include <stdlib.h>

struct place {
	uint64_t vaddr, size, file_offset;
	uint32_t binary, reserved;
};

struct places {
	size_t n;
	struct place rows[]; /* sorted */
};

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->binary != y->binary)
		return x->binary < y->binary ? -1 : 1;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

int places_new(const struct hearth_flat *batch, struct places **ret)
{
	uint64_t n = hearth_flat_count(batch, HEARTH_PROFILE_MAPPINGS);
	struct places *p;

	if (n > (SIZE_MAX - sizeof(*p)) / sizeof(p->rows[0]))
		return -ENOMEM;
	p = malloc(sizeof(*p) + n * sizeof(p->rows[0]));
	if (!p)
		return -ENOMEM;
	p->n = 0;
	for (uint64_t i = 1; i < n; i++) {
		struct hearth_mapping m = hearth_profile_mapping(batch, i);

		if (m.binary && m.end > m.start)
			p->rows[p->n++] = (struct place){ .vaddr = m.vaddr, .size = m.end - m.start,
							  .file_offset = m.file_offset, .binary = m.binary };
	}
	qsort(p->rows, p->n, sizeof(p->rows[0]), compare);
	*ret = p;
	return 0;
}

struct places *places_free(struct places *p)
{
	free(p);
	return NULL;
}

/* Rows that are not behind (binary, address): the last of them is the nearest. */
static size_t count_until(const struct places *p, uint32_t binary, uint64_t address)
{
	struct place key = { .vaddr = address, .size = UINT64_MAX, .binary = binary };
	size_t from = 0, to = p->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(&p->rows[middle], &key) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

uint64_t places_file_offset(const struct places *p, uint32_t binary, uint64_t address)
{
	size_t i = count_until(p, binary, address);
	const struct place *near = i ? &p->rows[i - 1] : NULL;

	if (!near || near->binary != binary || address - near->vaddr >= near->size)
		return address;
	return address - near->vaddr + near->file_offset;
}
