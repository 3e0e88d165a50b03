/* SPDX-License-Identifier: Apache-2.0 */
/* The builder was made for batches, which are interned tables too; here it outlives them. */
#include "tables.h"

static void add_saturating(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

void tables_add(struct hearth_flat_builder *b, const struct table_sample *sample,
		const struct table_weight *weight)
{
	uint32_t i = hearth_flat_intern(b, TABLE_SAMPLES, sample, sizeof(*sample));
	struct table_weight *sum;

	while (!b->error && b->rows[TABLE_WEIGHTS].count <= i)
		hearth_flat_append(b, TABLE_WEIGHTS, NULL, sizeof(*weight));
	if (b->error)
		return;
	sum = hearth_flat_at(b, TABLE_WEIGHTS, i);
	add_saturating(&sum->value, weight->value);
	add_saturating(&sum->period, weight->period);
}

void tables_add_loss(struct hearth_flat_builder *b, const struct table_loss *loss, uint64_t count)
{
	uint32_t i = hearth_flat_intern(b, TABLE_LOSSES, loss, sizeof(*loss));

	while (!b->error && b->rows[TABLE_LOST].count <= i)
		hearth_flat_append(b, TABLE_LOST, NULL, sizeof(count));
	if (!b->error)
		add_saturating(hearth_flat_at(b, TABLE_LOST, i), count);
}

uint32_t tables_count(const struct hearth_flat_builder *b, uint32_t table)
{
	return (uint32_t)b->rows[table].count;
}

void tables_row(const struct hearth_flat_builder *b, uint32_t table, uint32_t i, void *row)
{
	const struct hearth_flat_rows *rows = &b->rows[table];

	memcpy(row, rows->bytes + (size_t)i * rows->stride, rows->stride);
}

const char *tables_string(const struct hearth_flat_builder *b, uint32_t i, size_t *ret_len)
{
	struct hearth_flat_text text;

	tables_row(b, HEARTH_STRINGS, i, &text);
	*ret_len = text.length;
	return b->text + text.offset;
}

size_t tables_bytes(const struct hearth_flat_builder *b)
{
	size_t sum = b->text_capacity;

	for (uint32_t i = 1; i < N_TABLES; i++)
		sum += (size_t)b->rows[i].capacity * b->rows[i].stride +
		       b->index[i].n_slots * 2 * sizeof(uint32_t);
	return sum;
}
