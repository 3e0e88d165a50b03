/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbolizer sees the same few thousand addresses window after window; asking a helper
 * process for each of them every time would cost more than sampling does.
 */
#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/flat_builder.h>

/* A name that was missing may have been installed since. */
#define GENERATION_NS (600ull * 1000 * 1000 * 1000)

enum { CACHE_ANSWERS = 2, CACHE_LINES = 3 };

struct answer_row {
	uint64_t handle, address;
	uint32_t first_line, n_lines;
	uint32_t cause, module; /* strings */
};

struct line_row {
	uint64_t start;
	uint32_t function, file;
	uint32_t line, column;
	uint32_t name, reserved;
};

/* Tables and strings of answers; the builder never becomes a batch. */
struct cache_generation {
	struct hearth_flat_builder tables;
	uint64_t born_ns;
};

struct cache {
	struct cache_generation young, old;
	size_t limit_bytes;
};

int cache_new(size_t limit_bytes, struct cache **ret)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->limit_bytes = limit_bytes;
	*ret = c;
	return 0;
}

struct cache *cache_free(struct cache *c)
{
	if (!c)
		return NULL;
	hearth_flat_done(&c->young.tables);
	hearth_flat_done(&c->old.tables);
	free(c);
	return NULL;
}

void cache_set_limit(struct cache *c, size_t limit_bytes)
{
	c->limit_bytes = limit_bytes;
}

static size_t generation_bytes(const struct cache_generation *g)
{
	size_t n = g->tables.text_capacity;

	for (unsigned int i = 0; i < HEARTH_FLAT_MAX_ID; i++)
		n += g->tables.rows[i].capacity * g->tables.rows[i].stride +
		     (size_t)g->tables.index[i].n_slots * 2 * sizeof(uint32_t);
	return n;
}

size_t cache_bytes(const struct cache *c)
{
	return generation_bytes(&c->young) + generation_bytes(&c->old);
}

void cache_trim(struct cache *c, uint64_t now_ns)
{
	bool is_full = generation_bytes(&c->young) > c->limit_bytes / 2;

	if (c->young.born_ns == 0)
		c->young.born_ns = now_ns;
	if (!is_full && !c->young.tables.error && now_ns - c->young.born_ns < GENERATION_NS)
		return;
	hearth_flat_done(&c->old.tables);
	c->old = c->young;
	hearth_flat_init(&c->young.tables);
	c->young.born_ns = now_ns;
	if (c->old.tables.error)
		hearth_flat_done(&c->old.tables);
}

static int is_same_answer(const struct hearth_flat_builder *b, uint32_t candidate, const void *key,
			  size_t len)
{
	(void)len;
	return memcmp(b->rows[CACHE_ANSWERS].bytes + candidate * sizeof(struct answer_row), key,
		      2 * sizeof(uint64_t)) == 0;
}

static uint32_t *answer_slot(struct cache_generation *g, const uint64_t key[2])
{
	return hearth_flat_slot_(&g->tables, CACHE_ANSWERS,
				 hearth_flat_hash(key, 2 * sizeof(*key)), is_same_answer, key, 0);
}

static bool generation_find(struct cache_generation *g, const uint64_t key[2],
			    struct answer_row *ret)
{
	const struct hearth_flat_index *x = &g->tables.index[CACHE_ANSWERS];
	uint32_t hash = hearth_flat_hash(key, 2 * sizeof(*key));

	if (x->n_slots == 0 || g->tables.error)
		return false;
	for (uint32_t i = hash & (x->n_slots - 1); x->slots[i]; i = (i + 1) & (x->n_slots - 1)) {
		if (x->hashes[i] != hash || !is_same_answer(&g->tables, x->slots[i] - 1, key, 0))
			continue;
		memcpy(ret, hearth_flat_at(&g->tables, CACHE_ANSWERS, x->slots[i] - 1),
		       sizeof(*ret));
		return true;
	}
	return false;
}

static const char *generation_string(const struct cache_generation *g, uint32_t index)
{
	const struct hearth_flat_builder *b = &g->tables;
	struct hearth_flat_text s;

	if (index == 0)
		return NULL;
	memcpy(&s, b->rows[HEARTH_STRINGS].bytes + index * sizeof(s), sizeof(s));
	return b->text + s.offset;
}

static void answer_from_row(const struct cache_generation *g, const struct answer_row *row,
			    struct cache_answer *ret)
{
	*ret = (struct cache_answer){
		.cause = generation_string(g, row->cause),
		.module = generation_string(g, row->module),
		.first_line = row->first_line,
		.n_lines = row->n_lines,
		.generation = g,
	};
}

struct hearth_symbol_line cache_line(const struct cache_answer *a, uint32_t i)
{
	const struct cache_generation *g = a->generation;
	struct line_row row;

	memcpy(&row, g->tables.rows[CACHE_LINES].bytes + (a->first_line + i) * sizeof(row),
	       sizeof(row));
	return (struct hearth_symbol_line){
		.function = generation_string(g, row.function),
		.file = generation_string(g, row.file),
		.name = generation_string(g, row.name),
		.line = row.line,
		.column = row.column,
		.start = row.start,
	};
}

static void append_line(struct hearth_flat_builder *b, const struct hearth_symbol_line *line)
{
	struct line_row row = {
		.start = line->start,
		.function = hearth_flat_intern_string(b, line->function),
		.file = hearth_flat_intern_string(b, line->file),
		.name = hearth_flat_intern_string(b, line->name),
		.line = line->line,
		.column = line->column,
	};

	hearth_flat_append(b, CACHE_LINES, &row, sizeof(row));
}

void cache_put(struct cache *c, uint64_t handle, uint64_t address,
	       const struct hearth_symbol *symbol, const struct hearth_symbol_line *lines)
{
	struct hearth_flat_builder *b = &c->young.tables;
	uint64_t key[2] = { handle, address };
	struct answer_row row = { .handle = handle, .address = address };
	uint32_t *slot;

	row.cause = hearth_flat_intern_string(b, symbol->cause);
	row.module = hearth_flat_intern_string(b, symbol->module);
	row.first_line = (uint32_t)b->rows[CACHE_LINES].count;
	row.n_lines = symbol->n_lines;
	for (uint32_t i = 0; i < symbol->n_lines; i++)
		append_line(b, &lines[i]);
	slot = answer_slot(&c->young, key);
	if (slot)
		*slot = hearth_flat_append(b, CACHE_ANSWERS, &row, sizeof(row)) + 1;
}

static void promote(struct cache *c, const uint64_t key[2], const struct cache_answer *a)
{
	struct hearth_symbol symbol = { .cause = a->cause, .module = a->module };
	_cleanup_free_ struct hearth_symbol_line *lines = NULL;

	lines = calloc(a->n_lines ? a->n_lines : 1, sizeof(*lines));
	if (!lines)
		return;
	symbol.n_lines = a->n_lines;
	for (uint32_t i = 0; i < a->n_lines; i++)
		lines[i] = cache_line(a, i);
	cache_put(c, key[0], key[1], &symbol, lines);
}

bool cache_find(struct cache *c, uint64_t handle, uint64_t address, struct cache_answer *ret)
{
	uint64_t key[2] = { handle, address };
	struct answer_row row;

	if (generation_find(&c->young, key, &row)) {
		answer_from_row(&c->young, &row, ret);
		return true;
	}
	if (!generation_find(&c->old, key, &row))
		return false;
	answer_from_row(&c->old, &row, ret);
	promote(c, key, ret);
	return true;
}
