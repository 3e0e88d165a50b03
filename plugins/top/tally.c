/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows are counted one by one and summed up when they are shown, so that what has left the
 * last seconds leaves the memory, too.
 */
#include "tally_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

enum { FUNCTIONS = 2, PROCESSES = 3 };

struct function_key {
	uint32_t name, module, frame_kind, reserved;
};

struct process_key {
	uint32_t pid, comm;
};

int tally_new(struct tally **ret)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	hearth_flat_init(&t->keys);
	*ret = t;
	return 0;
}

struct tally *tally_free(struct tally *t)
{
	if (!t)
		return NULL;
	hearth_flat_done(&t->keys);
	free(t->functions);
	free(t->processes);
	free(t);
	return NULL;
}

/* Grows a vector of counts to hold `row`, new ones 0. */
static int reserve(void **counts, uint64_t *capacity, size_t unit, uint64_t row)
{
	uint64_t n = *capacity ? *capacity : 256;
	void *p;

	if (row < *capacity)
		return 0;
	while (n <= row)
		n *= 2;
	p = reallocarray(*counts, n, unit);
	if (!p)
		return -ENOMEM;
	memset((char *)p + *capacity * unit, 0, (n - *capacity) * unit);
	*counts = p;
	*capacity = n;
	return 0;
}

int tally_function_row(struct tally *t, const char *name, const char *module, uint32_t frame_kind,
		       uint32_t *ret)
{
	struct function_key key = {
		.name = hearth_flat_intern_string(&t->keys, name),
		.module = hearth_flat_intern_string(&t->keys, module),
		.frame_kind = frame_kind,
	};

	*ret = hearth_flat_intern(&t->keys, FUNCTIONS, &key, sizeof(key));
	if (t->keys.error)
		return t->keys.error;
	return reserve((void **)&t->functions, &t->functions_capacity, sizeof(*t->functions), *ret);
}

int tally_count_process(struct tally *t, uint32_t pid, const char *comm, uint64_t value)
{
	struct process_key key = { pid, hearth_flat_intern_string(&t->keys, comm) };
	uint32_t row = hearth_flat_intern(&t->keys, PROCESSES, &key, sizeof(key));
	int r = t->keys.error ? t->keys.error :
		reserve((void **)&t->processes, &t->processes_capacity, sizeof(*t->processes), row);

	if (r == 0)
		t->processes[row] += value;
	return r;
}

static const char *string(const struct tally *t, uint32_t i)
{
	struct hearth_flat_text row;

	if (i == 0)
		return "";
	memcpy(&row, t->keys.rows[HEARTH_STRINGS].bytes + (uint64_t)i * sizeof(row), sizeof(row));
	return t->keys.text + row.offset;
}

static struct tally_function function_at(const struct tally *t, uint64_t row)
{
	struct function_key key;

	memcpy(&key, t->keys.rows[FUNCTIONS].bytes + row * sizeof(key), sizeof(key));
	return (struct tally_function){
		.name = string(t, key.name), .module = string(t, key.module),
		.frame_kind = key.frame_kind, .weight = t->functions[row],
	};
}

static struct tally_process process_at(const struct tally *t, uint64_t row)
{
	struct process_key key;

	memcpy(&key, t->keys.rows[PROCESSES].bytes + row * sizeof(key), sizeof(key));
	return (struct tally_process){ key.pid, string(t, key.comm), t->processes[row] };
}

int tally_add(struct tally *t, const struct tally *from)
{
	for (uint64_t i = 1; i < from->keys.rows[FUNCTIONS].count; i++) {
		struct tally_function f = function_at(from, i);
		uint32_t row;
		int r = tally_function_row(t, f.name, f.module, f.frame_kind, &row);

		if (r < 0)
			return r;
		t->functions[row].self += f.weight.self;
		t->functions[row].total += f.weight.total;
	}
	for (uint64_t i = 1; i < from->keys.rows[PROCESSES].count; i++) {
		struct tally_process p = process_at(from, i);
		int r = tally_count_process(t, p.pid, p.comm, p.value);

		if (r < 0)
			return r;
	}
	t->n_samples += from->n_samples;
	t->value += from->value;
	t->lost += from->lost;
	t->length_ns += from->length_ns;
	t->cpu_ns += from->cpu_ns;
	return 0;
}

/* ---- ranking ---- */

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int order_functions(const void *a, const void *b, void *ctx)
{
	const struct tally_function *x = a, *y = b;
	const enum tally_order *order = ctx;
	int self = descending(x->weight.self, y->weight.self);
	int total = descending(x->weight.total, y->weight.total);
	int by_weight = *order == TALLY_BY_SELF ? (self ? self : total) : (total ? total : self);

	return by_weight ? by_weight : strcmp(x->name, y->name);
}

int tally_rank_functions(const struct tally *t, enum tally_order order, struct tally_function *out,
			 uint32_t *n)
{
	uint64_t all = t->keys.rows[FUNCTIONS].count, kept = 0;
	_cleanup_free_ struct tally_function *rows = calloc(all + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (uint64_t i = 1; i < all; i++) {
		rows[kept] = function_at(t, i);
		kept += order == TALLY_BY_TOTAL || rows[kept].weight.self > 0;
	}
	qsort_r(rows, kept, sizeof(*rows), order_functions, &order);
	*n = kept < *n ? (uint32_t)kept : *n;
	memcpy(out, rows, *n * sizeof(*rows));
	return 0;
}

static int order_processes(const void *a, const void *b)
{
	const struct tally_process *x = a, *y = b;
	int by_value = descending(x->value, y->value);

	return by_value ? by_value : (x->pid > y->pid) - (x->pid < y->pid);
}

int tally_rank_processes(const struct tally *t, struct tally_process *out, uint32_t *n)
{
	uint64_t all = t->keys.rows[PROCESSES].count, kept = 0;
	_cleanup_free_ struct tally_process *rows = calloc(all + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (uint64_t i = 1; i < all; i++)
		rows[kept++] = process_at(t, i);
	qsort(rows, kept, sizeof(*rows), order_processes);
	*n = kept < *n ? (uint32_t)kept : *n;
	memcpy(out, rows, *n * sizeof(*rows));
	return 0;
}
