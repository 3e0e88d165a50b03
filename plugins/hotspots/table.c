/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are interned by the SDK's builder, which knows how to; the counts stand beside it. */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONTEXTS = 2, FUNCTIONS = 3, ROWS = 2 };

int vector_reserve(void **vector, uint64_t *capacity, size_t unit, uint64_t index)
{
	uint64_t n = *capacity ? *capacity : 256;
	void *p;

	if (index < *capacity)
		return 0;
	while (n <= index)
		n *= 2;
	p = reallocarray(*vector, n, unit);
	if (!p)
		return -ENOMEM;
	memset((char *)p + *capacity * unit, 0, (n - *capacity) * unit);
	*vector = p;
	*capacity = n;
	return 0;
}

size_t builder_bytes(const struct hearth_flat_builder *b)
{
	size_t n = b->text_capacity;

	for (unsigned int i = 0; i < HEARTH_FLAT_MAX_ID; i++)
		n += b->rows[i].capacity * b->rows[i].stride + b->index[i].n_slots * 2 * sizeof(uint32_t);
	return n;
}

/* ---- names ---- */

void names_done(struct names *n)
{
	hearth_flat_done(&n->keys);
}

uint32_t names_intern(struct names *n, const char *text)
{
	return *text ? hearth_flat_intern_string(&n->keys, text) : 0;
}

uint32_t names_context(struct names *n, const struct context *c)
{
	return hearth_flat_intern(&n->keys, CONTEXTS, c, sizeof(*c));
}

uint32_t names_function(struct names *n, const struct function *f)
{
	return hearth_flat_intern(&n->keys, FUNCTIONS, f, sizeof(*f));
}

const char *names_text(const struct names *n, uint32_t i)
{
	struct hearth_flat_text row;

	if (i == 0)
		return "";
	memcpy(&row, n->keys.rows[HEARTH_STRINGS].bytes + (size_t)i * sizeof(row), sizeof(row));
	return n->keys.text + row.offset;
}

struct context names_context_at(const struct names *n, uint32_t i)
{
	struct context c;

	memcpy(&c, n->keys.rows[CONTEXTS].bytes + (size_t)i * sizeof(c), sizeof(c));
	return c;
}

struct function names_function_at(const struct names *n, uint32_t i)
{
	struct function f;

	memcpy(&f, n->keys.rows[FUNCTIONS].bytes + (size_t)i * sizeof(f), sizeof(f));
	return f;
}

size_t names_bytes(const struct names *n)
{
	return builder_bytes(&n->keys);
}

int names_error(const struct names *n)
{
	return n->keys.error;
}

/* ---- table ---- */

void table_done(struct table *t)
{
	hearth_flat_done(&t->keys);
	free(t->weights);
	*t = (struct table){ .capacity = 0 };
}

uint32_t table_row(struct table *t, uint32_t context, uint32_t function)
{
	struct row key = { context, function };
	uint32_t row = hearth_flat_intern(&t->keys, ROWS, &key, sizeof(key));

	if (t->keys.error ||
	    vector_reserve((void **)&t->weights, &t->capacity, sizeof(*t->weights), row) < 0)
		return 0;
	return row;
}

struct row table_at(const struct table *t, uint32_t row)
{
	struct row key;

	memcpy(&key, t->keys.rows[ROWS].bytes + (size_t)row * sizeof(key), sizeof(key));
	return key;
}

uint32_t table_n(const struct table *t)
{
	return (uint32_t)t->keys.rows[ROWS].count;
}

size_t table_bytes(const struct table *t)
{
	return builder_bytes(&t->keys) + t->capacity * sizeof(*t->weights);
}
