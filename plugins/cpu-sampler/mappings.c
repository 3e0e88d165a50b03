/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel reports mmap but not munmap: what a new mapping covers is gone, and an address
 * space that only shrinks keeps stale rows, which no sample hits.
 */
#include "mappings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct mappings {
	size_t n_refs, n, capacity;
	struct mapping *rows;
};

struct mappings *mappings_new(void)
{
	struct mappings *m = calloc(1, sizeof(*m));

	if (m)
		m->n_refs = 1;
	return m;
}

struct mappings *mappings_ref(struct mappings *m)
{
	m->n_refs++;
	return m;
}

struct mappings *mappings_unref(struct mappings *m)
{
	if (!m || --m->n_refs > 0)
		return NULL;
	for (size_t i = 0; i < m->n; i++)
		binary_unref(m->rows[i].binary);
	free(m->rows);
	free(m);
	return NULL;
}

size_t mappings_count(const struct mappings *m)
{
	return m->n;
}

/* The first row that ends behind an address. */
static size_t first_behind(const struct mappings *m, uint64_t address)
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

struct mapping *mappings_find(struct mappings *m, uint64_t address)
{
	size_t i = first_behind(m, address);

	return i < m->n && m->rows[i].start <= address ? &m->rows[i] : NULL;
}

static int reserve(struct mappings *m, size_t more)
{
	size_t capacity = m->capacity ? m->capacity : 8;
	struct mapping *rows;

	while (capacity < m->n + more)
		capacity *= 2;
	if (capacity == m->capacity)
		return 0;
	rows = realloc(m->rows, capacity * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	m->rows = rows;
	m->capacity = capacity;
	return 0;
}

/* Makes *m our own, with room for two more rows: an insertion in a row's middle adds two. */
static int make_writable(struct mappings **m)
{
	struct mappings *own;
	int r;

	if ((*m)->n_refs == 1)
		return reserve(*m, 2);
	own = mappings_new();
	if (!own)
		return -ENOMEM;
	r = reserve(own, (*m)->n + 2);
	if (r < 0) {
		mappings_unref(own);
		return r;
	}
	memcpy(own->rows, (*m)->rows, (*m)->n * sizeof(*own->rows));
	own->n = (*m)->n;
	for (size_t i = 0; i < own->n; i++)
		if (own->rows[i].binary)
			binary_ref(own->rows[i].binary);
	mappings_unref(*m);
	*m = own;
	return 0;
}

static void insert_at(struct mappings *m, size_t i, const struct mapping *row)
{
	memmove(&m->rows[i + 1], &m->rows[i], (m->n - i) * sizeof(*row));
	m->rows[i] = *row;
	m->n++;
}

static void cut_front(struct mapping *row, uint64_t at)
{
	row->file_offset += at - row->start;
	row->start = at;
	row->window = 0;
}

/* Empties a range of an array that is writable and has room. Answers where a row goes there. */
static size_t clear_range(struct mappings *m, uint64_t start, uint64_t end)
{
	size_t i = first_behind(m, start), last;

	if (i < m->n && m->rows[i].start < start) {
		if (m->rows[i].end > end) {
			struct mapping tail = m->rows[i];

			cut_front(&tail, end);
			if (tail.binary)
				binary_ref(tail.binary);
			insert_at(m, i + 1, &tail);
		}
		m->rows[i].end = start;
		m->rows[i].window = 0;
		i++;
	}
	for (last = i; last < m->n && m->rows[last].end <= end; last++)
		binary_unref(m->rows[last].binary);
	memmove(&m->rows[i], &m->rows[last], (m->n - last) * sizeof(*m->rows));
	m->n -= last - i;
	if (i < m->n && m->rows[i].start < end)
		cut_front(&m->rows[i], end);
	return i;
}

int mappings_insert(struct mappings **m, const struct mapping *row)
{
	int r = (*m)->n >= MAPPINGS_MAX ? -E2BIG : make_writable(m);
	size_t i;

	if (r < 0) {
		binary_unref(row->binary);
		return r;
	}
	i = clear_range(*m, row->start, row->end);
	insert_at(*m, i, row);
	return 0;
}

int mappings_remove(struct mappings **m, uint64_t start, uint64_t end)
{
	int r = make_writable(m);

	if (r < 0)
		return r;
	clear_range(*m, start, end);
	return 0;
}
