/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a batch of hearth/flat.h: rows are appended or interned, then laid out in one segment.
 *
 * The first allocation that fails is remembered: later calls do nothing and return index 0, and
 * hearth_flat_emit() answers -ENOMEM, so a caller checks once. One builder belongs to one
 * thread. hearth_flat_reset() keeps the memory for the next window.
 */
#ifndef HEARTH_FLAT_BUILDER_H
#define HEARTH_FLAT_BUILDER_H

#include <stdlib.h>

#include <hearth/flat.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hearth_flat_rows {
	uint8_t *bytes;
	uint64_t count, capacity; /* rows */
	uint32_t stride, reserved;
};

/* Open addressing: slots hold row number + 1. Content is compared in the rows themselves. */
struct hearth_flat_index {
	uint32_t *slots;
	uint32_t *hashes;
	uint32_t n_slots, n_used;
};

struct hearth_flat_builder {
	struct hearth_flat_rows rows[HEARTH_FLAT_MAX_ID];
	struct hearth_flat_index index[HEARTH_FLAT_MAX_ID];
	char *text; /* bytes of the strings; rows[HEARTH_STRINGS] point into it */
	uint64_t text_len, text_capacity;
	uint64_t n_items;      /* hearth_emission.n_items */
	uint32_t first_string; /* strings of the parent of a derived batch come before ours */
	int32_t error;
};

static inline void hearth_flat_init(struct hearth_flat_builder *b)
{
	memset(b, 0, sizeof(*b));
}

static inline void hearth_flat_done(struct hearth_flat_builder *b)
{
	uint32_t i;

	for (i = 0; i < HEARTH_FLAT_MAX_ID; i++) {
		free(b->rows[i].bytes);
		free(b->index[i].slots);
		free(b->index[i].hashes);
	}
	free(b->text);
	memset(b, 0, sizeof(*b));
}

/* Empties the builder, keeps its memory. */
static inline void hearth_flat_reset(struct hearth_flat_builder *b)
{
	uint32_t i;

	for (i = 0; i < HEARTH_FLAT_MAX_ID; i++) {
		b->rows[i].count = 0;
		b->index[i].n_used = 0;
		if (b->index[i].slots)
			memset(b->index[i].slots, 0, b->index[i].n_slots * sizeof(uint32_t));
	}
	b->text_len = 0;
	b->n_items = 0;
	b->first_string = 0;
	b->error = 0;
}

static inline uint32_t hearth_flat_hash(const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;
	uint64_t h = 0x9e3779b97f4a7c15ull ^ len, w;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&w, p, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	w = 0;
	if (len)
		memcpy(&w, p, len);
	h = (h ^ w) * 0xc4ceb9fe1a85ec53ull;
	return (uint32_t)(h ^ (h >> 29));
}

static inline void *hearth_flat_grow_(struct hearth_flat_builder *b, void *old, uint64_t *capacity,
				      uint64_t need, size_t unit)
{
	uint64_t n = *capacity ? *capacity : 64;
	void *p;

	while (n < need)
		n *= 2;
	p = n > SIZE_MAX / unit ? NULL : realloc(old, (size_t)n * unit);
	if (!p) {
		b->error = -ENOMEM;
		return NULL;
	}
	*capacity = n;
	return p;
}

/*
 * Appends a copy of `row`, or a row of zeros if NULL, and returns its index. Every row of a
 * section has the same size, a multiple of 4.
 */
static inline uint32_t hearth_flat_append(struct hearth_flat_builder *b, uint32_t id,
					  const void *row, size_t size)
{
	struct hearth_flat_rows *r = &b->rows[id];

	if (b->error)
		return 0;
	r->stride = (uint32_t)size;
	if (r->count == r->capacity) {
		void *p = hearth_flat_grow_(b, r->bytes, &r->capacity, r->count + 1, size);

		if (!p)
			return 0;
		r->bytes = (uint8_t *)p;
	}
	if (row)
		memcpy(r->bytes + r->count * size, row, size);
	else
		memset(r->bytes + r->count * size, 0, size);
	return (uint32_t)r->count++;
}

/* The row that append() gave `index`, to be filled in later; borrowed until the next append. */
static inline void *hearth_flat_at(struct hearth_flat_builder *b, uint32_t id, uint32_t index)
{
	return b->rows[id].bytes + (uint64_t)index * b->rows[id].stride;
}

static inline int32_t hearth_flat_rehash_(struct hearth_flat_builder *b,
					  struct hearth_flat_index *x)
{
	uint32_t n = x->n_slots ? x->n_slots * 2 : 64, i, j;
	uint32_t *slots = (uint32_t *)calloc(n, sizeof(*slots));
	uint32_t *hashes = (uint32_t *)calloc(n, sizeof(*hashes));

	if (!slots || !hashes) {
		free(slots);
		free(hashes);
		return b->error = -ENOMEM;
	}
	for (i = 0; i < x->n_slots; i++) {
		if (!x->slots[i])
			continue;
		for (j = x->hashes[i] & (n - 1); slots[j]; j = (j + 1) & (n - 1))
			;
		slots[j] = x->slots[i];
		hashes[j] = x->hashes[i];
	}
	free(x->slots);
	free(x->hashes);
	x->slots = slots;
	x->hashes = hashes;
	x->n_slots = n;
	return 0;
}

/* True if row `candidate` has the content looked for. */
typedef int (*hearth_flat_same_fn)(const struct hearth_flat_builder *b, uint32_t candidate,
				   const void *key, size_t len);

/* The slot of a key: holds row + 1, or 0 where it belongs. NULL: out of memory. */
static inline uint32_t *hearth_flat_slot_(struct hearth_flat_builder *b, uint32_t id, uint32_t hash,
					  hearth_flat_same_fn same, const void *key, size_t len)
{
	struct hearth_flat_index *x = &b->index[id];
	uint32_t i;

	if (b->error)
		return NULL;
	if (x->n_used >= x->n_slots / 4 * 3 && hearth_flat_rehash_(b, x) < 0)
		return NULL;
	for (i = hash & (x->n_slots - 1); x->slots[i]; i = (i + 1) & (x->n_slots - 1))
		if (x->hashes[i] == hash && same(b, x->slots[i] - 1, key, len))
			return &x->slots[i];
	x->hashes[i] = hash;
	x->n_used++;
	return &x->slots[i];
}

static inline int hearth_flat_same_string_(const struct hearth_flat_builder *b, uint32_t i,
					   const void *key, size_t len)
{
	const struct hearth_flat_text *s =
		(const struct hearth_flat_text *)(const void *)b->rows[HEARTH_STRINGS].bytes + i;

	return s->length == len && memcmp(b->text + s->offset, key, len) == 0;
}

/* The index of a string of len bytes, the same for the same bytes; "" is 0. */
static inline uint32_t hearth_flat_string_n(struct hearth_flat_builder *b, const char *s, size_t len)
{
	struct hearth_flat_text row;
	uint32_t *slot;

	if (len == 0)
		return 0;
	if (b->rows[HEARTH_STRINGS].count == 0 && b->first_string == 0) {
		if (b->text_len == 0) {
			b->text = (char *)(b->text_capacity ? b->text :
				hearth_flat_grow_(b, NULL, &b->text_capacity, 64, 1));
			if (!b->text)
				return 0;
			b->text[b->text_len++] = 0;
		}
		hearth_flat_append(b, HEARTH_STRINGS, NULL, sizeof(row));
	}
	slot = hearth_flat_slot_(b, HEARTH_STRINGS, hearth_flat_hash(s, len),
				 hearth_flat_same_string_, s, len);
	if (!slot)
		return 0;
	if (*slot)
		return b->first_string + *slot - 1;
	if (b->text_len + len + 1 > UINT32_MAX / 2) {
		b->error = -EOVERFLOW;
		return 0;
	}
	if (b->text_len + len + 1 > b->text_capacity) {
		void *p = hearth_flat_grow_(b, b->text, &b->text_capacity, b->text_len + len + 1, 1);

		if (!p)
			return 0;
		b->text = (char *)p;
	}
	row.offset = (uint32_t)b->text_len;
	row.length = (uint32_t)len;
	memcpy(b->text + b->text_len, s, len);
	b->text[b->text_len + len] = 0;
	b->text_len += len + 1;
	*slot = hearth_flat_append(b, HEARTH_STRINGS, &row, sizeof(row)) + 1;
	return b->first_string + *slot - 1;
}

/* NULL is 0, like "". */
static inline uint32_t hearth_flat_intern_string(struct hearth_flat_builder *b, const char *s)
{
	return s ? hearth_flat_string_n(b, s, strlen(s)) : 0;
}

/* Compares whole rows; the row's section is passed in the key. */
struct hearth_flat_key_ {
	const void *row;
	uint64_t id;
};

static inline int hearth_flat_same_row_(const struct hearth_flat_builder *b, uint32_t i,
					const void *key, size_t len)
{
	const struct hearth_flat_key_ *k = (const struct hearth_flat_key_ *)key;

	return memcmp(b->rows[k->id].bytes + (uint64_t)i * len, k->row, len) == 0;
}

/*
 * The index of a row with this content, appended if it is new. Row 0, all zeros, is made first.
 * Do not change an interned row through hearth_flat_at().
 */
static inline uint32_t hearth_flat_intern(struct hearth_flat_builder *b, uint32_t id,
					  const void *row, size_t size)
{
	struct hearth_flat_key_ key;
	uint32_t *slot;

	if (b->rows[id].count == 0)
		hearth_flat_append(b, id, NULL, size);
	key.row = row;
	key.id = id;
	slot = hearth_flat_slot_(b, id, hearth_flat_hash(row, size), hearth_flat_same_row_, &key,
				 size);
	if (!slot)
		return 0;
	if (!*slot)
		*slot = hearth_flat_append(b, id, row, size) + 1;
	return *slot - 1;
}

static inline uint64_t hearth_flat_align_(uint64_t n)
{
	return (n + 7) & ~(uint64_t)7;
}

/* Writes the sections of one builder from `at` on. */
static inline void hearth_flat_layout_(const struct hearth_flat_builder *b, uint8_t *out,
					   struct hearth_flat_section *table, uint64_t at)
{
	uint32_t i, n = 0;
	uint64_t k;

	for (i = 1; i < HEARTH_FLAT_MAX_ID; i++) {
		const struct hearth_flat_rows *r = &b->rows[i];
		struct hearth_flat_section s;

		if (r->count == 0)
			continue;
		s.id = i;
		s.stride = r->stride;
		s.segment = s.flags = 0;
		s.offset = at;
		s.count = r->count;
		table[n++] = s;
		memcpy(out + at, r->bytes, r->count * r->stride);
		at = hearth_flat_align_(at + r->count * r->stride);
	}
	for (k = 0; k < b->rows[HEARTH_STRINGS].count; k++)
		((struct hearth_flat_text *)(void *)(out + table[0].offset))[k].offset +=
			(uint32_t)at;
	if (b->text_len)
		memcpy(out + at, b->text, b->text_len);
}

/*
 * Lays the builder out in one malloc'd segment and emits it; with `parent`, as a derived batch
 * that shares all of the parent's segments. Answers like hearth_host.emit; -EAGAIN leaves the
 * builder as it was, so that the call can be made again.
 */
static inline int32_t hearth_flat_emit(struct hearth_flat_builder *b, const struct hearth_host *h,
				       const char *schema, const struct hearth_flat *parent)
{
	struct hearth_flat_section table[HEARTH_FLAT_MAX_ID], s;
	struct hearth_flat_header head, old;
	struct hearth_emission e;
	struct hearth_segment segment;
	uint64_t size, at, i;
	uint32_t own = 0, inherited, k;
	uint8_t *out;

	if (b->error)
		return b->error;
	memset(&old, 0, sizeof(old));
	if (parent)
		memcpy(&old, parent->batch->segments[0].data, sizeof(old));
	inherited = old.n_sections;
	for (k = 1; k < HEARTH_FLAT_MAX_ID; k++)
		own += b->rows[k].count != 0;
	at = hearth_flat_align_(sizeof(head) + (uint64_t)(own + inherited) * sizeof(s));
	for (size = at, k = 1; k < HEARTH_FLAT_MAX_ID; k++)
		size = hearth_flat_align_(size + b->rows[k].count * b->rows[k].stride);
	size += b->text_len;
	if (size > UINT32_MAX)
		return -EOVERFLOW;
	out = (uint8_t *)malloc(size);
	if (!out)
		return -ENOMEM;
	hearth_flat_layout_(b, out, table, at);
	head.magic = HEARTH_FLAT_MAGIC;
	head.size = sizeof(head);
	head.n_sections = own + inherited;
	head.section_stride = sizeof(s);
	head.section_offset = sizeof(head);
	memcpy(out, &head, sizeof(head));
	for (i = 0; i < inherited; i++) {
		memcpy(&s, (const uint8_t *)parent->batch->segments[0].data + old.section_offset +
		       i * old.section_stride, sizeof(s));
		s.segment += 1;
		memcpy(out + sizeof(head) + i * sizeof(s), &s, sizeof(s));
	}
	memcpy(out + sizeof(head) + (uint64_t)inherited * sizeof(s), table, own * sizeof(s));
	segment.data = out;
	segment.len = size;
	segment.release = free;
	segment.ctx = out;
	memset(&e, 0, sizeof(e));
	e.size = sizeof(e);
	e.schema = schema;
	e.segments = &segment;
	e.n_segments = 1;
	e.segment_stride = sizeof(segment);
	e.parent = parent ? parent->batch : NULL;
	e.n_items = b->n_items;
	return h->emit(h, &e);
}

/*
 * Begins a batch derived from `parent`: strings that are interned from now on follow the
 * parent's. Call it on an empty builder.
 */
static inline void hearth_flat_derive(struct hearth_flat_builder *b, const struct hearth_flat *parent)
{
	b->first_string = hearth_flat_n_strings(parent);
}

#ifdef __cplusplus
}
#endif
#endif
