/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that overlap are rare: the few that start inside another one are kept in a list
 * apart, so a look-up that misses the nearest symbol climbs to what encloses it.
 */
#include "symbol_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"

#define MAX_CLIMB 64u /* nesting beyond this is made up */

void symbol_rows_done(struct symbol_rows *r)
{
	free(r->rows);
	free(r->enclosures);
	*r = (struct symbol_rows){};
}

size_t symbol_rows_bytes(const struct symbol_rows *r)
{
	return r->n_rows * sizeof(*r->rows) + r->n_enclosures * sizeof(*r->enclosures);
}

static uint32_t row_end(const struct symbol_rows *r, uint32_t i)
{
	return r->rows[i].value + r->rows[i].size;
}

/* The index of the enclosure of `row`, or n_enclosures. */
static uint32_t enclosure_of(const struct symbol_rows *r, uint32_t row)
{
	uint32_t low = 0, high = r->n_enclosures;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (r->enclosures[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->n_enclosures && r->enclosures[low].row == row ? low : r->n_enclosures;
}

static bool climb(const struct symbol_rows *r, uint32_t *row)
{
	uint32_t i = enclosure_of(r, *row);

	if (i == r->n_enclosures)
		return false;
	*row = r->enclosures[i].parent;
	return true;
}

/* What rows before `row` reach over its start is its neighbour or encloses that. */
static bool parent_of(const struct symbol_rows *r, uint32_t row, uint32_t *ret)
{
	uint32_t i = row - 1;

	if (row == 0)
		return false;
	for (unsigned int n = 0; n < MAX_CLIMB; n++) {
		if (row_end(r, i) > r->rows[row].value) {
			*ret = i;
			return true;
		}
		if (!climb(r, &i))
			return false;
	}
	return false;
}

int symbol_rows_enclose(struct symbol_rows *r)
{
	uint32_t capacity = 0;

	for (uint32_t i = 0; i < r->n_rows; i++) {
		uint32_t parent;

		if (!parent_of(r, i, &parent))
			continue;
		if (r->n_enclosures == capacity) {
			struct symbol_enclosure *more;

			capacity = capacity ? capacity * 2 : 16;
			more = reallocarray(r->enclosures, capacity, sizeof(*more));
			if (!more)
				return -ENOMEM;
			r->enclosures = more;
		}
		r->enclosures[r->n_enclosures++] =
			(struct symbol_enclosure){ .row = i, .parent = parent };
	}
	return 0;
}

bool symbol_rows_are_sound(const struct symbol_rows *r, uint32_t names_len)
{
	for (uint32_t i = 0; i < r->n_rows; i++) {
		const struct symbol_row *row = &r->rows[i];

		if (row->size > UINT32_MAX - row->value || row->name >= names_len ||
		    (i > 0 && row->value < row[-1].value))
			return false;
	}
	for (uint32_t i = 0; i < r->n_enclosures; i++) {
		const struct symbol_enclosure *e = &r->enclosures[i];

		if (e->row >= r->n_rows || e->parent >= e->row || (i > 0 && e->row <= e[-1].row))
			return false;
	}
	return true;
}

/* The last row that does not begin behind `value`. */
static bool row_at(const struct symbol_rows *r, uint32_t value, uint32_t *ret)
{
	uint32_t low = 0, high = r->n_rows;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (r->rows[middle].value <= value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*ret = low - 1;
	return true;
}

bool symbol_rows_find(const struct symbol_rows *r, uint64_t address, struct symbol *ret)
{
	uint32_t value, row;

	if (address < r->base || address - r->base >= UINT32_MAX)
		return false;
	value = (uint32_t)(address - r->base);
	if (!row_at(r, value, &row))
		return false;
	for (unsigned int n = 0; n < MAX_CLIMB; n++) {
		if (row_end(r, row) > value) {
			*ret = (struct symbol){
				.start = r->base + r->rows[row].value,
				.name = r->rows[row].name,
			};
			return true;
		}
		if (!climb(r, &row))
			return false;
	}
	return false;
}
