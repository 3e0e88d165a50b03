/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory decides the layout: rows of (offset, name) where the name's word also holds what the
 * look-up and the choice between aliases need, and one pool of names.
 */
#include "kernel_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_text.h"
#include "name_pool.h"
#include "radix.h"

/*
 * Addresses are kept as 32-bit offsets from 2 GiB below the first symbol of the kernel's text:
 * that reaches all modules on x86-64 (above it) and aarch64 (around it).
 */
#define WINDOW_BELOW (2ull << 30)

#define MAX_FUNCTION (1u << 20)
#define MAX_GENERATED (64u << 10)
#define MAX_MODULES 65535u

/* The word `name` of a row. */
enum {
	NAME_OFFSET = (1u << 28) - 1, /* in the pool */
	NAME_BINDING_SHIFT = 28,      /* 0 global, 1 weak, 2 local, 3: an end, no function */
	NAME_MODULE = 1u << 30,       /* the two bytes before the name are the module's index */
};
#define NAME_PADDING (1u << 31) /* called "__pfx_" and the name */

#define BINDING_END 3u

static const char padding_prefix[] = "__pfx_";

struct row {
	uint32_t value; /* first, for radix_sort */
	uint32_t name;
};

struct module {
	char *name;
	uint64_t start, end; /* of /proc/modules; 0: not there (BPF, trampolines) */
};

struct kernel_table {
	struct row *rows;
	size_t n_rows, rows_capacity;
	struct name_pool pool;
	struct module *modules;
	size_t n_modules;
	size_t last_module; /* lines of one module follow each other */
	uint64_t base;
	bool has_base;
	struct kernel_range text;
	size_t n_hidden; /* symbols at address 0 */
	struct line_splitter symbol_lines, module_lines;
};

int kernel_table_new(struct kernel_table **ret)
{
	struct kernel_table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*ret = t;
	return 0;
}

struct kernel_table *kernel_table_free(struct kernel_table *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_modules; i++)
		free(t->modules[i].name);
	free(t->modules);
	free(t->rows);
	name_pool_done(&t->pool);
	free(t);
	return NULL;
}

size_t kernel_table_bytes(const struct kernel_table *t)
{
	return sizeof(*t) + t->rows_capacity * sizeof(*t->rows) + t->pool.capacity +
	       t->n_modules * sizeof(*t->modules);
}

size_t kernel_table_length(const struct kernel_table *t)
{
	return t->n_rows;
}

/* ---- modules ---- */

static int module_add(struct kernel_table *t, const char *name, uint64_t start, uint64_t end)
{
	struct module *modules;
	char *copy;

	if (t->n_modules == MAX_MODULES)
		return -ENOSPC;
	modules = reallocarray(t->modules, t->n_modules + 1, sizeof(*modules));
	if (!modules)
		return -ENOMEM;
	t->modules = modules;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	modules[t->n_modules++] = (struct module){ .name = copy, .start = start, .end = end };
	return 0;
}

static int modules_line_add(void *ctx, char *line)
{
	struct kernel_table *t = ctx;
	struct modules_line l;
	uint64_t end;
	int k;

	if (!modules_line_parse(line, &l) || __builtin_add_overflow(l.address, l.size, &end))
		return 0;
	k = module_add(t, l.name, l.address, end);
	return k == -ENOSPC ? 0 : k;
}

int kernel_table_add_modules(struct kernel_table *t, const char *text, size_t len)
{
	return lines_split(&t->module_lines, text, len, modules_line_add, t);
}

static int module_index(struct kernel_table *t, const char *name, uint16_t *ret)
{
	int k;

	if (t->last_module >= t->n_modules || strcmp(t->modules[t->last_module].name, name) != 0) {
		for (t->last_module = 0; t->last_module < t->n_modules; t->last_module++)
			if (strcmp(t->modules[t->last_module].name, name) == 0)
				break;
		if (t->last_module == t->n_modules) {
			k = module_add(t, name, 0, 0);
			if (k < 0)
				return k;
		}
	}
	*ret = (uint16_t)t->last_module;
	return 0;
}

/* ---- symbols ---- */

static int name_word(struct kernel_table *t, const struct kallsyms_line *l, uint32_t *ret)
{
	size_t prefix_len = sizeof(padding_prefix) - 1;
	const char *name = l->name;
	uint32_t word = 0, offset;
	uint16_t module;
	int k;

	if (strcmp(name, "_etext") == 0 || strcmp(name, "_einittext") == 0) {
		*ret = BINDING_END << NAME_BINDING_SHIFT;
		return 0;
	}
	if (strncmp(name, padding_prefix, prefix_len) == 0 && name[prefix_len]) {
		word |= NAME_PADDING;
		name += prefix_len;
	}
	word |= (l->type == 'T' ? 0u : l->type == 't' ? 2u : 1u) << NAME_BINDING_SHIFT;
	if (l->module) {
		word |= NAME_MODULE;
		k = module_index(t, l->module, &module);
		if (k < 0)
			return k;
	}
	k = name_pool_add(&t->pool, name, strnlen(name, KERNEL_MAX_NAME - sizeof(padding_prefix)),
			  l->module ? &module : NULL, &offset);
	if (k < 0)
		return k;
	*ret = word | offset;
	return 0;
}

static bool is_text(char type)
{
	return type == 'T' || type == 't' || type == 'W' || type == 'w';
}

static void text_note(struct kernel_range *text, const struct kallsyms_line *l)
{
	if (l->module)
		return;
	if (strcmp(l->name, "_text") == 0)
		text->start = l->address;
	else if (strcmp(l->name, "_etext") == 0)
		text->end = l->address;
}

static int rows_reserve(struct kernel_table *t)
{
	size_t capacity = t->rows_capacity ? t->rows_capacity + t->rows_capacity / 2 : 4096;
	struct row *rows;

	if (t->n_rows < t->rows_capacity)
		return 0;
	rows = reallocarray(t->rows, capacity, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	t->rows = rows;
	t->rows_capacity = capacity;
	return 0;
}

static int symbols_line_add(void *ctx, char *line)
{
	struct kernel_table *t = ctx;
	struct kallsyms_line l;
	struct row row;
	int k;

	if (!kallsyms_line_parse(line, &l) || !is_text(l.type))
		return 0;
	if (l.address == 0) {
		t->n_hidden++;
		return 0;
	}
	if (!t->has_base) {
		t->base = l.address > WINDOW_BELOW ? l.address - WINDOW_BELOW : 0;
		t->has_base = true;
	}
	if (l.address < t->base || l.address - t->base > UINT32_MAX)
		return 0;

	text_note(&t->text, &l);
	k = name_word(t, &l, &row.name);
	if (k < 0)
		return k == -ENOSPC ? 0 : k;
	row.value = (uint32_t)(l.address - t->base);
	k = rows_reserve(t);
	if (k < 0)
		return k;
	t->rows[t->n_rows++] = row;
	return 0;
}

int kernel_table_add_symbols(struct kernel_table *t, const char *text, size_t len)
{
	return lines_split(&t->symbol_lines, text, len, symbols_line_add, t);
}

/* ---- order ---- */

static unsigned int binding(const struct row *row)
{
	return (row->name >> NAME_BINDING_SHIFT) & 3;
}

static size_t leading_underscores(const struct kernel_table *t, const struct row *row)
{
	if (binding(row) == BINDING_END)
		return 0;
	if (row->name & NAME_PADDING)
		return 2;
	return strspn(name_pool_at(&t->pool, row->name & NAME_OFFSET), "_");
}

static bool is_preferred(const struct kernel_table *t, const struct row *a, const struct row *to)
{
	if (binding(a) != binding(to))
		return binding(a) < binding(to);
	return leading_underscores(t, a) < leading_underscores(t, to);
}

static void aliases_drop(struct kernel_table *t)
{
	size_t left = 0;

	for (size_t i = 0; i < t->n_rows; i++) {
		if (left > 0 && t->rows[left - 1].value == t->rows[i].value) {
			if (is_preferred(t, &t->rows[i], &t->rows[left - 1]))
				t->rows[left - 1] = t->rows[i];
			continue;
		}
		t->rows[left++] = t->rows[i];
	}
	t->n_rows = left;
}

static int rows_sort(struct kernel_table *t)
{
	_cleanup_free_ struct row *scratch = NULL;

	scratch = reallocarray(NULL, t->n_rows, sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	radix_sort(t->rows, scratch, t->n_rows, sizeof(*scratch));
	return 0;
}

static void rows_trim(struct kernel_table *t)
{
	struct row *rows = reallocarray(t->rows, t->n_rows, sizeof(*rows));

	if (!rows)
		return;
	t->rows = rows;
	t->rows_capacity = t->n_rows;
}

int kernel_table_finish(struct kernel_table *t)
{
	int k;

	if (t->n_rows == 0)
		return t->n_hidden ? -EPERM : -ENODATA;
	k = rows_sort(t);
	if (k < 0)
		return k;
	aliases_drop(t);
	rows_trim(t);
	name_pool_trim(&t->pool);
	return 0;
}

/* ---- look-up ---- */

static bool row_at(const struct kernel_table *t, uint32_t value, size_t *ret)
{
	size_t low = 0, high = t->n_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

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

static const struct module *module_of(const struct kernel_table *t, const struct row *row)
{
	uint16_t index;

	if (!(row->name & NAME_MODULE))
		return NULL;
	memcpy(&index, name_pool_at(&t->pool, row->name & NAME_OFFSET) - sizeof(index), sizeof(index));
	return index < t->n_modules ? &t->modules[index] : NULL;
}

/* Whether a symbol that begins at `start` may still be the one of an address behind it. */
static bool reaches(const struct module *module, uint64_t start, uint64_t address)
{
	if (!module)
		return address - start < MAX_FUNCTION;
	if (module->end > module->start && start >= module->start && start < module->end)
		return address < module->end && address - start < MAX_FUNCTION;
	return address - start < MAX_GENERATED;
}

struct kernel_range kernel_table_text(const struct kernel_table *t)
{
	return t->text.start < t->text.end ? t->text : (struct kernel_range){ 0 };
}

bool kernel_table_find(const struct kernel_table *t, uint64_t address, struct kernel_symbol *ret)
{
	const struct module *module;
	const struct row *row;
	uint64_t start;
	size_t i, prefix_len = 0;

	if (address < t->base || address - t->base > UINT32_MAX ||
	    !row_at(t, (uint32_t)(address - t->base), &i))
		return false;
	row = &t->rows[i];
	start = t->base + row->value;
	module = module_of(t, row);
	if (binding(row) == BINDING_END || !reaches(module, start, address))
		return false;

	ret->start = start;
	ret->module = module ? module->name : NULL;
	if (row->name & NAME_PADDING) {
		prefix_len = sizeof(padding_prefix) - 1;
		memcpy(ret->name, padding_prefix, prefix_len);
	}
	strncpy(ret->name + prefix_len, name_pool_at(&t->pool, row->name & NAME_OFFSET),
		sizeof(ret->name) - prefix_len - 1);
	ret->name[sizeof(ret->name) - 1] = '\0';
	return true;
}
