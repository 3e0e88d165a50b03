/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container that every batch is in: a header and a table of sections, each an array of
 * fixed-width rows in one of the batch's segments. No pointers, so a batch can be queued on
 * disk, cross a process and be checked once. Accessors go by stride, so rows may grow.
 *
 * Segment 0 begins with struct hearth_flat_header. A derived batch (a processor's) has a
 * segment 0 of its own whose table also lists its parent's sections, with segment numbers moved
 * up by the number of its own segments. When an id is listed twice the later one counts;
 * HEARTH_STRINGS alone concatenates, so a processor extends the strings without copying them.
 *
 * Index 0 of every table means "none" and is a row of zeros.
 */
#ifndef HEARTH_FLAT_H
#define HEARTH_FLAT_H

#include <errno.h>
#include <string.h>

#include <hearth/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_FLAT_MAGIC 0x31544c46u /* "FLT1" */
#define HEARTH_FLAT_MAX_ID 32u        /* section ids are 1 to 31 */
#define HEARTH_FLAT_MAX_PARTS 8u      /* string tables of a chain of processors */

/* Section 1 of every schema. */
enum { HEARTH_STRINGS = 1 };

struct hearth_flat_header {
	uint32_t magic, size;
	uint32_t n_sections, section_stride;
	uint64_t section_offset; /* of the table, from the start of segment 0 */
};

struct hearth_flat_section {
	uint32_t id, stride;     /* bytes from row to row */
	uint32_t segment, flags;
	uint64_t offset, count;  /* first row from the segment's start; rows */
};

/* A row of HEARTH_STRINGS. The bytes are in the segment that holds the row. */
struct hearth_flat_text {
	uint32_t offset, length; /* from the segment's start; a NUL follows the length */
};

struct hearth_flat_column {
	const uint8_t *rows;
	const uint8_t *base; /* of the segment */
	uint64_t count;
	uint32_t stride, segment;
};

/* A checked view of a batch; borrowed from it. */
struct hearth_flat {
	const struct hearth_batch *batch;
	struct hearth_flat_column columns[HEARTH_FLAT_MAX_ID];
	struct hearth_flat_column strings[HEARTH_FLAT_MAX_PARTS];
	uint32_t n_strings; /* parts */
	uint32_t reserved;
};

static inline int32_t hearth_flat_check_strings_(const struct hearth_flat_column *c, uint64_t len)
{
	uint64_t i;

	if (c->stride < sizeof(struct hearth_flat_text))
		return -EBADMSG;
	for (i = 0; i < c->count; i++) {
		struct hearth_flat_text s;

		memcpy(&s, c->rows + i * c->stride, sizeof(s));
		if ((uint64_t)s.offset + s.length >= len || c->base[s.offset + s.length] != 0)
			return -EBADMSG;
	}
	return 0;
}

static inline int32_t hearth_flat_add_column_(struct hearth_flat *f,
					      const struct hearth_flat_section *s)
{
	const struct hearth_span *span;
	struct hearth_flat_column c;

	if (s->id == 0 || s->id >= HEARTH_FLAT_MAX_ID)
		return 0; /* of a newer minor: not ours to read */
	if (s->segment >= f->batch->n_segments || s->stride == 0 || s->stride % 4 != 0)
		return -EBADMSG;
	span = &f->batch->segments[s->segment];
	if (s->offset > span->len || s->offset % 8 != 0 ||
	    s->count > (span->len - s->offset) / s->stride)
		return -EBADMSG;
	c.base = (const uint8_t *)span->data;
	c.rows = c.base + s->offset;
	c.count = s->count;
	c.stride = s->stride;
	c.segment = s->segment;
	if (s->id != HEARTH_STRINGS) {
		f->columns[s->id] = c;
		return 0;
	}
	if (f->n_strings == HEARTH_FLAT_MAX_PARTS)
		return -EBADMSG;
	f->strings[f->n_strings++] = c;
	return hearth_flat_check_strings_(&c, span->len);
}

/*
 * Checks every bound of a batch once; afterwards no accessor can leave it. [any thread]
 * 0 or -EBADMSG. Indices inside rows are not checked: accessors check them.
 */
static inline int32_t hearth_flat_open(struct hearth_flat *f, const struct hearth_batch *b)
{
	struct hearth_flat_header h;
	const struct hearth_span *first;
	uint32_t i;
	int32_t r;

	memset(f, 0, sizeof(*f));
	f->batch = b;
	if (b->n_segments == 0 || b->segments[0].len < sizeof(h))
		return -EBADMSG;
	first = &b->segments[0];
	memcpy(&h, first->data, sizeof(h));
	if (h.magic != HEARTH_FLAT_MAGIC || h.section_stride < sizeof(struct hearth_flat_section) ||
	    h.section_offset > first->len ||
	    h.n_sections > (first->len - h.section_offset) / h.section_stride)
		return -EBADMSG;
	for (i = 0; i < h.n_sections; i++) {
		struct hearth_flat_section s;

		memcpy(&s, (const uint8_t *)first->data + h.section_offset +
		       (uint64_t)i * h.section_stride, sizeof(s));
		r = hearth_flat_add_column_(f, &s);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Rows of a section, 0 if the batch has none. */
static inline uint64_t hearth_flat_count(const struct hearth_flat *f, uint32_t id)
{
	return id < HEARTH_FLAT_MAX_ID ? f->columns[id].count : 0;
}

/*
 * Copies row `index` of section `id` into row: as many bytes as both have, the rest zero. An
 * index out of range gives the row of zeros, which is what index 0 means.
 */
static inline void hearth_flat_row(const struct hearth_flat *f, uint32_t id, uint64_t index,
				   void *row, size_t size)
{
	const struct hearth_flat_column *c = &f->columns[id < HEARTH_FLAT_MAX_ID ? id : 0];

	if (index >= c->count) {
		memset(row, 0, size);
		return;
	}
	if (c->stride >= size) {
		memcpy(row, c->rows + index * c->stride, size);
		return;
	}
	memset(row, 0, size);
	memcpy(row, c->rows + index * c->stride, c->stride);
}

/* The string of an index, "" for 0 and for one out of range. Lives as long as the batch. */
static inline const char *hearth_flat_string(const struct hearth_flat *f, uint32_t index)
{
	struct hearth_flat_text s;
	uint32_t i;

	for (i = 0; i < f->n_strings; i++) {
		const struct hearth_flat_column *c = &f->strings[i];

		if (index < c->count) {
			memcpy(&s, c->rows + (uint64_t)index * c->stride, sizeof(s));
			return (const char *)c->base + s.offset;
		}
		index -= (uint32_t)c->count;
	}
	return "";
}

/* Strings of all parts together: where a derived batch's own strings begin. */
static inline uint32_t hearth_flat_n_strings(const struct hearth_flat *f)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < f->n_strings; i++)
		n += f->strings[i].count;
	return (uint32_t)n;
}

#ifdef __cplusplus
}
#endif
#endif
