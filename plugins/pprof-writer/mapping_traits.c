/* SPDX-License-Identifier: Apache-2.0 */
/* pprof looks for names itself in every mapping that is not said to have some. */
#include "mapping_traits.h"

#include <errno.h>
#include <stdlib.h>

static void look_at_lines(const struct hearth_flat_builder *tables, uint32_t lines, struct mapping_traits *t)
{
	struct table_function f;
	struct table_line line;

	if (lines == 0)
		return;
	tables_row(tables, TABLE_LINES, lines, &line);
	tables_row(tables, TABLE_FUNCTIONS, line.function, &f);
	t->has_functions = true;
	t->has_files |= f.file != 0;
	t->has_lines |= line.line != 0;
	t->has_inlined |= line.next != 0;
}

static void look_at_location(const struct hearth_flat_builder *tables, const struct table_location *l,
			     struct mapping_traits *t)
{
	look_at_lines(tables, l->lines, t);
	t->low = l->address < t->low ? l->address : t->low;
	t->high = l->address > t->high ? l->address : t->high;
}

int mapping_traits_find(const struct hearth_flat_builder *tables, struct mapping_traits **ret)
{
	size_t n = tables_count(tables, TABLE_MAPPINGS);
	struct mapping_traits *traits = calloc(n + 1, sizeof(*traits));

	if (!traits)
		return -ENOMEM;
	for (size_t i = 0; i <= n; i++)
		traits[i].low = UINT64_MAX;
	for (uint32_t i = 1; i < tables_count(tables, TABLE_LOCATIONS); i++) {
		struct table_location row;

		tables_row(tables, TABLE_LOCATIONS, i, &row);
		look_at_location(tables, &row, &traits[row.mapping]);
	}
	*ret = traits;
	return 0;
}

void mapping_traits_range(const struct mapping_traits *t, const struct hearth_flat_builder *tables,
			  struct table_mapping *row)
{
	size_t len;
	const char *name = tables_string(tables, row->filename, &len);

	if (row->limit || len == 0 || name[0] != '[' || t->high == 0)
		return;
	row->start = t->low & ~(uint64_t)0xfff;
	row->limit = (t->high | 0xfff) + 1 ? (t->high | 0xfff) + 1 : UINT64_MAX;
}
