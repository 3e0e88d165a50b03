/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collected symbols are sorted, aliases settled, labels inside functions dropped; what is left is
 * packed.
 */
#include "symbol_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "radix.h"
#include "symbol_collect.h"

struct symbol_table {
	struct symbol_rows rows;
	struct symbol_strings strings[2];
};

struct symbol_table *symbol_table_free(struct symbol_table *t)
{
	if (!t)
		return NULL;
	symbol_rows_done(&t->rows);
	free(t);
	return NULL;
}

size_t symbol_table_bytes(const struct symbol_table *t)
{
	return sizeof(*t) + symbol_rows_bytes(&t->rows);
}

const struct symbol_strings *symbol_table_strings(const struct symbol_table *t)
{
	return t->strings;
}

const struct symbol_rows *symbol_table_rows(const struct symbol_table *t)
{
	return &t->rows;
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

static int rows_pack(struct symbol_table *t, const struct raw_symbols *raw)
{
	struct symbol_row *rows = calloc(raw->n ? raw->n : 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < raw->n; i++)
		rows[i] = (struct symbol_row){ raw->rows[i].value, raw->rows[i].size,
					       raw->rows[i].name };
	t->rows = (struct symbol_rows){ .rows = rows, .n_rows = (uint32_t)raw->n, .base = raw->base };
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
	k = symbol_rows_enclose(&t->rows);
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

/* ---- names ---- */

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
