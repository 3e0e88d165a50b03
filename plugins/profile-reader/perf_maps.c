/* SPDX-License-Identifier: Apache-2.0 */
/* munmap is not recorded: what a new mapping covers is gone, the rest stays. */
#include "perf_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct perf_maps {
	size_t n_refs, n, capacity;
	struct perf_map *rows;
};

struct perf_maps *perf_maps_new(void)
{
	struct perf_maps *m = calloc(1, sizeof(*m));

	if (m)
		m->n_refs = 1;
	return m;
}

struct perf_maps *perf_maps_ref(struct perf_maps *m)
{
	m->n_refs++;
	return m;
}

struct perf_maps *perf_maps_unref(struct perf_maps *m)
{
	if (m && --m->n_refs == 0) {
		free(m->rows);
		free(m);
	}
	return NULL;
}

size_t perf_maps_length(const struct perf_maps *m)
{
	return m->n;
}

const struct perf_map *perf_maps_at(const struct perf_maps *m, size_t i)
{
	return &m->rows[i];
}

/* The first row that ends behind an address. */
static size_t first_behind(const struct perf_maps *m, uint64_t address)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->rows[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct perf_map *perf_maps_find(const struct perf_maps *m, uint64_t address)
{
	size_t i = first_behind(m, address);

	return i < m->n && m->rows[i].start <= address ? &m->rows[i] : NULL;
}

/* Makes *m our own, with room for two more rows: a row laid into the middle of another adds two. */
static int make_writable(struct perf_maps **m)
{
	struct perf_maps *old = *m, *own = old;
	size_t capacity = old->capacity ? old->capacity : 8;
	struct perf_map *rows;

	while (capacity < old->n + 2)
		capacity *= 2;
	if (old->n_refs > 1)
		own = perf_maps_new();
	else if (capacity == old->capacity)
		return 0;
	rows = own ? realloc(own->rows, capacity * sizeof(*rows)) : NULL;
	if (!rows) {
		if (own != old)
			perf_maps_unref(own);
		return -ENOMEM;
	}
	own->rows = rows;
	own->capacity = capacity;
	if (own == old)
		return 0;
	if (old->n)
		memcpy(rows, old->rows, old->n * sizeof(*rows));
	own->n = old->n;
	perf_maps_unref(old);
	*m = own;
	return 0;
}

static void insert_at(struct perf_maps *m, size_t i, const struct perf_map *row)
{
	memmove(&m->rows[i + 1], &m->rows[i], (m->n - i) * sizeof(*row));
	m->rows[i] = *row;
	m->n++;
}

static void cut_front(struct perf_map *row, uint64_t at)
{
	row->file_offset += at - row->start;
	row->start = at;
}

/* Empties a range. Answers where a row goes there. */
static size_t clear_range(struct perf_maps *m, uint64_t start, uint64_t end)
{
	size_t i = first_behind(m, start), last;

	if (i < m->n && m->rows[i].start < start) {
		if (m->rows[i].end > end) {
			struct perf_map tail = m->rows[i];

			cut_front(&tail, end);
			insert_at(m, i + 1, &tail);
		}
		m->rows[i].end = start;
		i++;
	}
	for (last = i; last < m->n && m->rows[last].end <= end; last++)
		;
	memmove(&m->rows[i], &m->rows[last], (m->n - last) * sizeof(*m->rows));
	m->n -= last - i;
	if (i < m->n && m->rows[i].start < end)
		cut_front(&m->rows[i], end);
	return i;
}

int perf_maps_cover(struct perf_maps **m, uint64_t start, uint64_t end, const struct perf_map *row)
{
	size_t i;
	int r = (*m)->n >= PERF_MAPS_MAX ? -E2BIG : make_writable(m);

	if (r < 0)
		return r;
	i = clear_range(*m, start, end);
	if (row)
		insert_at(*m, i, row);
	return 0;
}
