/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collected symbols are sorted, aliases settled, labels inside functions dropped; what is left
 * is packed. Functions that overlap are rare: the few that start inside another one are kept in
 * a list apart, so a look-up that misses the nearest symbol climbs to what encloses it.
 */
#include "symbol_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "radix.h"
#include "symbol_collect.h"

#define MAX_CLIMB 64u /* nesting beyond this is made up */

struct row {
	uint32_t value, size, name;
};

struct enclosure {
	uint32_t row, parent; /* rows[parent] begins before rows[row] and ends behind its start */
};

struct symbol_table {
	struct row *rows;
	struct enclosure *enclosures; /* by row */
	uint32_t n_rows, n_enclosures;
	uint64_t base;
	struct symbol_strings strings[2];
};

struct symbol_table *symbol_table_free(struct symbol_table *t)
{
	if (!t)
		return NULL;
	free(t->rows);
	free(t->enclosures);
	free(t);
	return NULL;
}

size_t symbol_table_bytes(const struct symbol_table *t)
{
	return sizeof(*t) + t->n_rows * sizeof(*t->rows) + t->n_enclosures * sizeof(*t->enclosures);
}

size_t symbol_table_length(const struct symbol_table *t)
{
	return t->n_rows;
}

/* ---- aliases ---- */

struct aliases {
	const struct symbol_files *files;
	const struct raw_symbols *raw;
};

static const struct reader *names_reader(const struct symbol_files *files, uint32_t name)
{
	return name & RAW_NAME_DYNAMIC ? &files->dynsym->reader : &files->symtab->reader;
}

static unsigned int leading_underscores(const struct aliases *a, const struct raw_symbol *s)
{
	const struct symbol_strings *strings = &a->raw->strings[s->name >> 31];
	char text[16];
	size_t len = 0, n = 0;

	if (reader_get_some(names_reader(a->files, s->name),
			    strings->offset + (s->name & ~RAW_NAME_DYNAMIC), text, sizeof(text),
			    &len) < 0)
		return 0;
	while (n < len && text[n] == '_')
		n++;
	return (unsigned int)n;
}

static unsigned int rank(const struct raw_symbol *s)
{
	return s->flags & (RAW_LABEL | RAW_BINDING);
}

static bool is_preferred(const struct aliases *a, const struct raw_symbol *s,
			 const struct raw_symbol *to)
{
	if (rank(s) != rank(to))
		return rank(s) < rank(to);
	return leading_underscores(a, s) < leading_underscores(a, to);
}

/*
 * Of n symbols with one value, leaves the preferred one and, behind it, those that reach further
 * than every one before them: they name what it does not cover. Returns how many are left.
 */
static size_t aliases_settle(const struct aliases *a, struct raw_symbol *s, size_t n)
{
	size_t best = 0, left = 0;
	struct raw_symbol first;
	uint32_t longest;

	for (size_t i = 1; i < n; i++)
		if (is_preferred(a, &s[i], &s[best]))
			best = i;
	first = s[best];
	longest = first.size;
	for (size_t i = 0; i < n; i++)
		if (s[i].size > longest) {
			longest = s[i].size;
			s[left++] = s[i];
		}
	/* The look-up starts from the last one, so the preferred one goes there. */
	for (size_t i = 0; i < left / 2; i++) {
		struct raw_symbol swap = s[i];

		s[i] = s[left - 1 - i];
		s[left - 1 - i] = swap;
	}
	s[left++] = first;
	return left;
}

/* An open symbol ends where the next one begins; a label inside a function is dropped. */
static size_t group_settle(const struct aliases *a, struct raw_symbol *s, size_t n,
			   uint32_t next_value, uint32_t covered_to)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if ((s[i].flags & RAW_OPEN) && s[i].size > next_value - s[i].value)
			s[i].size = next_value - s[i].value;
		if ((s[i].flags & RAW_OPEN) && (s[i].flags & RAW_LABEL) && s[i].value < covered_to)
			continue;
		s[left++] = s[i];
	}
	return left > 1 ? aliases_settle(a, s, left) : left;
}

static uint32_t sized_end(const struct raw_symbol *s, size_t n, uint32_t end)
{
	for (size_t i = 0; i < n; i++)
		if (!(s[i].flags & RAW_OPEN) && s[i].value + s[i].size > end)
			end = s[i].value + s[i].size;
	return end;
}

static void symbols_settle(const struct symbol_files *files, struct raw_symbols *raw)
{
	struct aliases a = { .files = files, .raw = raw };
	struct raw_symbol *s = raw->rows;
	uint32_t covered_to = 0;
	size_t left = 0;

	for (size_t i = 0, end; i < raw->n; i = end) {
		uint32_t group_end;
		size_t kept;

		for (end = i + 1; end < raw->n && s[end].value == s[i].value;)
			end++;
		group_end = sized_end(&s[i], end - i, covered_to);
		kept = group_settle(&a, &s[i], end - i, end < raw->n ? s[end].value : UINT32_MAX,
				    covered_to);
		memmove(&s[left], &s[i], kept * sizeof(*s));
		left += kept;
		covered_to = group_end;
	}
	raw->n = left;
}

/* ---- packing ---- */

static uint32_t row_end(const struct symbol_table *t, uint32_t i)
{
	return t->rows[i].value + t->rows[i].size;
}

/* The index of the enclosure of `row`, or n_enclosures. */
static uint32_t enclosure_of(const struct symbol_table *t, uint32_t row)
{
	uint32_t low = 0, high = t->n_enclosures;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->enclosures[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->n_enclosures && t->enclosures[low].row == row ? low : t->n_enclosures;
}

static bool climb(const struct symbol_table *t, uint32_t *row)
{
	uint32_t i = enclosure_of(t, *row);

	if (i == t->n_enclosures)
		return false;
	*row = t->enclosures[i].parent;
	return true;
}

/* What rows before `row` reach over its start is its neighbour or encloses that. */
static bool parent_of(const struct symbol_table *t, uint32_t row, uint32_t *ret)
{
	uint32_t i = row - 1;

	if (row == 0)
		return false;
	for (unsigned int n = 0; n < MAX_CLIMB; n++) {
		if (row_end(t, i) > t->rows[row].value) {
			*ret = i;
			return true;
		}
		if (!climb(t, &i))
			return false;
	}
	return false;
}

static int enclosures_build(struct symbol_table *t)
{
	uint32_t capacity = 0;

	for (uint32_t i = 0; i < t->n_rows; i++) {
		uint32_t parent;

		if (!parent_of(t, i, &parent))
			continue;
		if (t->n_enclosures == capacity) {
			struct enclosure *more;

			capacity = capacity ? capacity * 2 : 16;
			more = reallocarray(t->enclosures, capacity, sizeof(*more));
			if (!more)
				return -ENOMEM;
			t->enclosures = more;
		}
		t->enclosures[t->n_enclosures++] = (struct enclosure){ .row = i, .parent = parent };
	}
	return 0;
}

static int rows_pack(struct symbol_table *t, const struct raw_symbols *raw)
{
	t->rows = calloc(raw->n ? raw->n : 1, sizeof(*t->rows));
	if (!t->rows)
		return -ENOMEM;
	for (size_t i = 0; i < raw->n; i++)
		t->rows[i] = (struct row){ raw->rows[i].value, raw->rows[i].size, raw->rows[i].name };
	t->n_rows = (uint32_t)raw->n;
	t->base = raw->base;
	memcpy(t->strings, raw->strings, sizeof(t->strings));
	return 0;
}

static int symbols_sort(struct raw_symbols *raw)
{
	_cleanup_free_ struct raw_symbol *scratch = NULL;

	scratch = reallocarray(NULL, raw->n ? raw->n : 1, sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	radix_sort(raw->rows, scratch, raw->n, sizeof(*scratch));
	return 0;
}

static int table_new(const struct symbol_files *files, struct raw_symbols *raw,
		     struct symbol_table **ret)
{
	_cleanup_(symbol_table_freep) struct symbol_table *t = NULL;
	int k;

	k = symbols_sort(raw);
	if (k < 0)
		return k;
	symbols_settle(files, raw);
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	k = rows_pack(t, raw);
	if (k < 0)
		return k;
	k = enclosures_build(t);
	if (k < 0)
		return k;

	*ret = TAKE_PTR(t);
	return 0;
}

int symbol_table_build(const struct symbol_files *files, struct symbol_table **ret)
{
	struct raw_symbols raw = {};
	int k;

	k = symbols_collect(files, &raw);
	if (k < 0)
		return k;
	k = table_new(files, &raw, ret);
	free(raw.rows);
	return k;
}

/* ---- look-up ---- */

/* The last row that does not begin behind `value`. */
static bool row_at(const struct symbol_table *t, uint32_t value, uint32_t *ret)
{
	uint32_t low = 0, high = t->n_rows;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->rows[middle].value <= value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*ret = low - 1;
	return true;
}

bool symbol_table_find(const struct symbol_table *t, uint64_t address, struct symbol *ret)
{
	uint32_t value, row;

	if (address < t->base || address - t->base >= UINT32_MAX)
		return false;
	value = (uint32_t)(address - t->base);
	if (!row_at(t, value, &row))
		return false;
	for (unsigned int n = 0; n < MAX_CLIMB; n++) {
		if (row_end(t, row) > value) {
			*ret = (struct symbol){
				.start = t->base + t->rows[row].value,
				.name = t->rows[row].name,
			};
			return true;
		}
		if (!climb(t, &row))
			return false;
	}
	return false;
}

int symbol_table_name(const struct symbol_table *t, const struct symbol_files *files, uint32_t name,
		      char ret[static SYMBOL_MAX_NAME])
{
	const struct symbol_strings *strings = &t->strings[name >> 31];
	const struct reader *r = names_reader(files, name);
	uint32_t at = name & ~RAW_NAME_DYNAMIC;
	size_t have = 0, want = 128, len;

	if (at >= strings->size)
		return -ERANGE;
	for (;; want = SYMBOL_MAX_NAME - 1) {
		int k;

		if (want > strings->size - at)
			want = strings->size - at;
		k = reader_get(r, strings->offset + at + have, ret + have, want - have);
		if (k < 0)
			return k;
		have = want;
		len = strnlen(ret, have);
		if (len < have || have == strings->size - at || have == SYMBOL_MAX_NAME - 1)
			break;
	}
	ret[len] = '\0';
	if (strchr(ret, '@'))
		*strchr(ret, '@') = '\0';
	return ret[0] ? 0 : -ENODATA;
}
