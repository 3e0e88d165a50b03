/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A natural merge sort: each CPU's records come in order already, so what is to be sorted is a few
 * long runs, most often one. It is stable: records of one time stay in the order of the file.
 */
#include "perf_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void perf_order_done(struct perf_order *o)
{
	for (size_t i = o->next ? o->next - 1 : 0; i < o->n; i++)
		perf_block_unref(o->rows[i].block);
	free(o->rows);
	free(o->spare);
	memset(o, 0, sizeof(*o));
}

static int reserve(struct perf_timed **rows, size_t *capacity, size_t n)
{
	size_t more = *capacity ? *capacity : 1024;
	struct perf_timed *p;

	if (n <= *capacity)
		return 0;
	while (more < n)
		more *= 2;
	p = realloc(*rows, more * sizeof(*p));
	if (!p)
		return -ENOMEM;
	*rows = p;
	*capacity = more;
	return 0;
}

int perf_order_add(struct perf_order *o, uint64_t time_ns, const struct perf_record *record)
{
	if (reserve(&o->rows, &o->capacity, o->n + 1) < 0) {
		perf_block_unref(record->block);
		return -ENOMEM;
	}
	o->rows[o->n++] = (struct perf_timed){ time_ns, record->bytes, record->block };
	if (time_ns > o->max_ns)
		o->max_ns = time_ns;
	return 0;
}

/* ---- sorting ---- */

static size_t run_end(const struct perf_timed *rows, size_t from, size_t n)
{
	for (from++; from < n && rows[from - 1].time_ns <= rows[from].time_ns; from++)
		;
	return from < n ? from : n;
}

static void merge(const struct perf_timed *rows, size_t from, size_t middle, size_t to,
		  struct perf_timed *out)
{
	size_t a = from, b = middle;

	for (size_t i = from; i < to; i++)
		out[i] = a < middle && (b >= to || rows[a].time_ns <= rows[b].time_ns) ? rows[a++] : rows[b++];
}

/* Merges neighbouring runs once. How many are left. */
static size_t merge_runs(const struct perf_timed *rows, size_t n, struct perf_timed *out)
{
	size_t n_runs = 0;

	for (size_t from = 0, middle, to; from < n; from = to, n_runs++) {
		middle = run_end(rows, from, n);
		to = middle < n ? run_end(rows, middle, n) : n;
		merge(rows, from, middle, to, out);
	}
	return n_runs;
}

/* Drops what has gone out, and sorts the rest. */
static int sort(struct perf_order *o)
{
	size_t n_runs;

	if (o->next)
		perf_block_unref(o->rows[o->next - 1].block);
	o->n -= o->next;
	if (o->n)
		memmove(o->rows, o->rows + o->next, o->n * sizeof(*o->rows));
	o->next = o->ready = 0;
	if (o->n == 0 || run_end(o->rows, 0, o->n) == o->n)
		return 0;
	if (reserve(&o->spare, &o->spare_capacity, o->capacity) < 0)
		return -ENOMEM;
	do {
		struct perf_timed *rows = o->rows;
		size_t capacity = o->capacity;

		n_runs = merge_runs(o->rows, o->n, o->spare);
		o->rows = o->spare;
		o->capacity = o->spare_capacity;
		o->spare = rows;
		o->spare_capacity = capacity;
	} while (n_runs > 1);
	return 0;
}

/* ---- letting go ---- */

int perf_order_finish_round(struct perf_order *o)
{
	size_t low = 0, high;
	int r = sort(o);

	if (r < 0)
		return r;
	for (high = o->n; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (o->rows[middle].time_ns <= o->round_max_ns)
			low = middle + 1;
		else
			high = middle;
	}
	o->ready = low;
	o->round_max_ns = o->max_ns;
	return 0;
}

int perf_order_release_half(struct perf_order *o)
{
	int r = sort(o);

	if (r == 0)
		o->ready = o->n - o->n / 2;
	return r;
}

int perf_order_release_all(struct perf_order *o)
{
	int r = sort(o);

	if (r == 0)
		o->ready = o->n;
	return r;
}

bool perf_order_take(struct perf_order *o, struct perf_timed *ret)
{
	if (o->next == o->ready)
		return false;
	if (o->next)
		perf_block_unref(o->rows[o->next - 1].block);
	*ret = o->rows[o->next++];
	return true;
}
