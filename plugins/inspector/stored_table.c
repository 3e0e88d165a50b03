/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRCs, because what they guard against is disks and crashes: whoever can write to the folder
 * needs no collision. Against a table that was made to deceive, every number is checked as well.
 */
#include "stored_table.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

struct stored_table {
	struct symbol_rows rows;
	struct stored_loads loads;
	uint32_t *sums;
	uint32_t n_blocks;
	uint64_t offset; /* of the names */
	uint32_t block;  /* the one that is in `data`; n_blocks: none */
	uint8_t data[STORED_BLOCK_BYTES];
};

/* ---- writing ---- */

struct writing {
	const struct hearth_table_sink *sink;
	struct symbol_row *rows; /* with names as offsets into what is written */
	uint32_t *sums;
	uint32_t n_blocks, capacity, used; /* used: of the block that is being filled */
	uint8_t block[STORED_BLOCK_BYTES];
};

static int put(const struct writing *w, const void *data, size_t len)
{
	return len > 0 ? w->sink->write(w->sink->ctx, data, len) : 0;
}

static int sums_reserve(struct writing *w)
{
	uint32_t capacity = w->capacity ? w->capacity * 2 : 64;
	uint32_t *sums;

	if (w->n_blocks < w->capacity)
		return 0;
	sums = reallocarray(w->sums, capacity, sizeof(*sums));
	if (!sums)
		return -ENOMEM;
	w->sums = sums;
	w->capacity = capacity;
	return 0;
}

static int block_end(struct writing *w)
{
	int r;

	if (w->used == 0)
		return 0;
	if (w->n_blocks == STORED_MAX_BLOCKS)
		return -EFBIG;
	r = sums_reserve(w);
	if (r < 0)
		return r;
	memset(w->block + w->used, 0, sizeof(w->block) - w->used);
	w->sums[w->n_blocks++] = lzma_crc32(w->block, sizeof(w->block), 0);
	w->used = 0;
	return put(w, w->block, sizeof(w->block));
}

static int name_put(struct writing *w, const char *name, uint32_t *ret)
{
	size_t size = strlen(name) + 1;
	int r;

	if (size > sizeof(w->block) - w->used) {
		r = block_end(w);
		if (r < 0)
			return r;
	}
	memcpy(w->block + w->used, name, size);
	*ret = w->n_blocks * STORED_BLOCK_BYTES + w->used;
	w->used += (uint32_t)size;
	return 0;
}

/* Both string tables in memory: name by name they would be read with a system call each. */
struct loaded_files {
	struct elf_file symtab, dynsym;
	uint8_t *data[2];
	struct symbol_files files;
};

static int files_load(const struct symbol_table *t, const struct symbol_files *files,
		      struct loaded_files *ret)
{
	const struct symbol_strings *strings = symbol_table_strings(t);
	int r;

	ret->files = (struct symbol_files){ .symtab = &ret->symtab, .dynsym = &ret->dynsym };
	r = reader_load(&files->symtab->reader, strings[0].offset, strings[0].size,
			&ret->symtab.reader, &ret->data[0]);
	return r < 0 ? r : reader_load(&files->dynsym->reader, strings[1].offset, strings[1].size,
				       &ret->dynsym.reader, &ret->data[1]);
}

static void files_unload(struct loaded_files *f)
{
	free(f->data[0]);
	free(f->data[1]);
}

/* A name that the file does not give is stored as it would be answered: as none. */
static int names_put(struct writing *w, const struct symbol_table *t,
		     const struct symbol_files *files)
{
	const struct symbol_rows *rows = symbol_table_rows(t);
	char name[SYMBOL_MAX_NAME];
	int r;

	for (uint32_t i = 0; i < rows->n_rows; i++) {
		r = symbol_table_name(t, files, rows->rows[i].name, name);
		if (r == -ENODATA || r == -ERANGE)
			name[0] = '\0';
		else if (r < 0)
			return r;
		w->rows[i] = rows->rows[i];
		r = name_put(w, name, &w->rows[i].name);
		if (r < 0)
			return r;
	}
	return block_end(w);
}

struct part {
	const void *data;
	size_t len;
};

static uint64_t parts_checksum(const struct part *parts, size_t n, struct stored_footer footer)
{
	uint64_t sum = 0;

	footer.checksum = 0;
	for (size_t i = 0; i < n; i++)
		if (parts[i].len > 0)
			sum = lzma_crc64(parts[i].data, parts[i].len, sum);
	return lzma_crc64((const uint8_t *)&footer, sizeof(footer), sum);
}

static int index_put(const struct writing *w, const struct symbol_rows *rows,
		     const struct stored_loads *loads)
{
	struct stored_footer footer = {
		.base = rows->base,
		.n_rows = rows->n_rows,
		.n_enclosures = rows->n_enclosures,
		.n_blocks = w->n_blocks,
		.n_loads = loads->n,
		.version = STORED_VERSION,
		.size = sizeof(footer),
	};
	const struct part parts[] = {
		{ w->rows, rows->n_rows * sizeof(*w->rows) },
		{ rows->enclosures, rows->n_enclosures * sizeof(*rows->enclosures) },
		{ loads->loads, loads->n * sizeof(*loads->loads) },
		{ w->sums, w->n_blocks * sizeof(*w->sums) },
	};
	int r = 0;

	memcpy(footer.magic, STORED_MAGIC, sizeof(footer.magic));
	footer.checksum = parts_checksum(parts, ARRAY_SIZE(parts), footer);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = put(w, parts[i].data, parts[i].len);
	return r < 0 ? r : put(w, &footer, sizeof(footer));
}

int stored_table_write(const struct symbol_table *t, const struct symbol_files *files,
		       const struct stored_loads *loads, const struct hearth_table_sink *sink)
{
	const struct symbol_rows *rows = symbol_table_rows(t);
	struct writing w = { .sink = sink };
	struct loaded_files loaded = {};
	int r = files_load(t, files, &loaded);

	if (r == 0) {
		w.rows = calloc(rows->n_rows ? rows->n_rows : 1, sizeof(*w.rows));
		r = w.rows ? names_put(&w, t, &loaded.files) : -ENOMEM;
	}
	if (r == 0)
		r = index_put(&w, rows, loads);
	files_unload(&loaded);
	free(w.rows);
	free(w.sums);
	return r;
}

/* ---- reading ---- */

struct stored_table *stored_table_free(struct stored_table *t)
{
	if (!t)
		return NULL;
	symbol_rows_done(&t->rows);
	free(t->loads.loads);
	free(t->sums);
	free(t);
	return NULL;
}

const struct symbol_rows *stored_table_rows(const struct stored_table *t)
{
	return &t->rows;
}

const struct stored_loads *stored_table_loads(const struct stored_table *t)
{
	return &t->loads;
}

size_t stored_table_bytes(const struct stored_table *t)
{
	return sizeof(*t) + symbol_rows_bytes(&t->rows) + t->n_blocks * sizeof(*t->sums) +
	       t->loads.n * sizeof(*t->loads.loads);
}

static int footer_read(const struct reader *r, uint64_t offset, struct stored_footer *ret)
{
	uint64_t len;
	int k;

	if (offset > r->size || r->size - offset < sizeof(*ret))
		return -EBADMSG;
	k = reader_get(r, r->size - sizeof(*ret), ret, sizeof(*ret));
	if (k < 0)
		return k;
	if (memcmp(ret->magic, STORED_MAGIC, sizeof(ret->magic)) != 0 ||
	    ret->version != STORED_VERSION || ret->size != sizeof(*ret) ||
	    ret->n_rows > SYMBOL_MAX_COUNT || ret->n_enclosures > ret->n_rows ||
	    ret->n_blocks > STORED_MAX_BLOCKS || ret->n_loads > ELF_MAX_LOADS)
		return -EBADMSG;
	len = (uint64_t)ret->n_blocks * (STORED_BLOCK_BYTES + sizeof(uint32_t)) +
	      (uint64_t)ret->n_rows * sizeof(struct symbol_row) +
	      (uint64_t)ret->n_enclosures * sizeof(struct symbol_enclosure) +
	      ret->n_loads * sizeof(struct hearth_elf_load) + sizeof(*ret);
	return r->size - offset == len ? 0 : -EBADMSG;
}

static int part_read(const struct reader *r, uint64_t *at, size_t n, size_t size, void *ret)
{
	void *data = calloc(n ? n : 1, size);
	int k;

	if (!data)
		return -ENOMEM;
	k = reader_get(r, *at, data, n * size);
	if (k < 0) {
		free(data);
		return k;
	}
	*at += n * size;
	*(void **)ret = data;
	return 0;
}

static int index_read(struct stored_table *t, const struct reader *r,
		      const struct stored_footer *footer)
{
	uint64_t at = t->offset + (uint64_t)footer->n_blocks * STORED_BLOCK_BYTES;
	int k;

	t->rows.base = footer->base;
	t->rows.n_rows = footer->n_rows;
	t->rows.n_enclosures = footer->n_enclosures;
	t->loads.n = footer->n_loads;
	t->block = t->n_blocks = footer->n_blocks;
	k = part_read(r, &at, footer->n_rows, sizeof(*t->rows.rows), &t->rows.rows);
	if (k == 0)
		k = part_read(r, &at, footer->n_enclosures, sizeof(*t->rows.enclosures),
			      &t->rows.enclosures);
	if (k == 0)
		k = part_read(r, &at, footer->n_loads, sizeof(*t->loads.loads), &t->loads.loads);
	if (k == 0)
		k = part_read(r, &at, footer->n_blocks, sizeof(*t->sums), &t->sums);
	return k;
}

static bool index_is_whole(const struct stored_table *t, const struct stored_footer *footer)
{
	const struct part parts[] = {
		{ t->rows.rows, t->rows.n_rows * sizeof(*t->rows.rows) },
		{ t->rows.enclosures, t->rows.n_enclosures * sizeof(*t->rows.enclosures) },
		{ t->loads.loads, t->loads.n * sizeof(*t->loads.loads) },
		{ t->sums, t->n_blocks * sizeof(*t->sums) },
	};

	return parts_checksum(parts, ARRAY_SIZE(parts), *footer) == footer->checksum &&
	       symbol_rows_are_sound(&t->rows, t->n_blocks * STORED_BLOCK_BYTES);
}

int stored_table_open(const struct reader *r, uint64_t offset, struct stored_table **ret)
{
	_cleanup_(stored_table_freep) struct stored_table *t = NULL;
	struct stored_footer footer;
	int k;

	k = footer_read(r, offset, &footer);
	if (k < 0)
		return k;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->offset = offset;
	k = index_read(t, r, &footer);
	if (k < 0)
		return k;
	if (!index_is_whole(t, &footer))
		return -EBADMSG;

	*ret = TAKE_PTR(t);
	return 0;
}

/* Neighbours share a block, so the last one is kept. */
static int block_read(struct stored_table *t, const struct reader *r, uint32_t block)
{
	int k;

	if (t->block == block)
		return 0;
	t->block = t->n_blocks;
	k = reader_get(r, t->offset + (uint64_t)block * STORED_BLOCK_BYTES, t->data,
		       sizeof(t->data));
	if (k < 0)
		return k;
	if (lzma_crc32(t->data, sizeof(t->data), 0) != t->sums[block])
		return -EBADMSG;
	t->block = block;
	return 0;
}

int stored_table_name(struct stored_table *t, const struct reader *r, uint32_t name,
		      char ret[static SYMBOL_MAX_NAME])
{
	uint32_t block = name / STORED_BLOCK_BYTES, at = name % STORED_BLOCK_BYTES;
	const uint8_t *end;
	int k;

	if (block >= t->n_blocks)
		return -EBADMSG;
	k = block_read(t, r, block);
	if (k < 0)
		return k;
	end = memchr(t->data + at, '\0', sizeof(t->data) - at);
	if (!end)
		return -EBADMSG;
	memcpy(ret, t->data + at, (size_t)(end - t->data) - at + 1);
	return ret[0] ? 0 : -ENODATA;
}
