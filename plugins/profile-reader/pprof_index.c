/* SPDX-License-Identifier: Apache-2.0 */
/* Samples come before what they refer to, so the whole is looked through before any is read. */
#include "pprof_index.h"

#include <errno.h>
#include <stdlib.h>

#include "common/profile_proto.h"

static int table_add(struct pprof_table *t, const struct pprof_row *row)
{
	size_t capacity = t->capacity ? t->capacity * 2 : 256;
	struct pprof_row *rows;

	if (t->n == PPROF_MAX_ROWS)
		return -E2BIG;
	if (t->n == t->capacity) {
		rows = reallocarray(t->rows, capacity, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		t->rows = rows;
		t->capacity = capacity;
	}
	t->rows[t->n++] = *row;
	return 0;
}

static int order_rows(const void *a, const void *b)
{
	const struct pprof_row *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void table_sort(struct pprof_table *t)
{
	for (size_t i = 1; i < t->n; i++)
		if (t->rows[i].id < t->rows[i - 1].id) {
			qsort(t->rows, t->n, sizeof(*t->rows), order_rows);
			return;
		}
}

int64_t pprof_find(const struct pprof_table *t, uint64_t id)
{
	size_t from = 0, to = t->n;

	if (id - 1 < t->n && t->rows[id - 1].id == id) /* as nearly all are numbered */
		return (int64_t)(id - 1);
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (t->rows[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return id && from < t->n && t->rows[from].id == id ? (int64_t)from : -1;
}

struct protobuf_reader pprof_message(const struct pprof_index *x, const struct pprof_row *row)
{
	const uint8_t *at = x->bytes + row->offset;

	return (struct protobuf_reader){ at, at + row->len };
}

const char *pprof_string(const struct pprof_index *x, uint64_t number, size_t *ret_len)
{
	const struct pprof_row *row;

	*ret_len = 0;
	if (number >= x->strings.n)
		return "";
	row = &x->strings.rows[number];
	*ret_len = row->len;
	return (const char *)x->bytes + row->offset;
}

uint64_t pprof_number(struct protobuf_reader message, uint32_t field)
{
	struct protobuf_field f;
	uint64_t value = 0;

	while (protobuf_next(&message, &f) == 1)
		if (f.number == field && f.type == PROTOBUF_VARINT)
			value = f.value;
	return value;
}

int pprof_next_number(struct protobuf_reader *message, struct protobuf_reader *list, uint32_t field,
		      uint64_t *ret)
{
	struct protobuf_field f;

	if (list->at && protobuf_next_element(list, ret) == 1)
		return 1;
	while (protobuf_next(message, &f) == 1) {
		if (f.number != field)
			continue;
		*ret = f.value;
		if (f.type == PROTOBUF_VARINT)
			return 1;
		*list = f.bytes;
		if (f.type == PROTOBUF_BYTES && protobuf_next_element(list, ret) == 1)
			return 1;
	}
	return 0;
}

/* ---- looking through ---- */

static int add_message(struct pprof_index *x, struct pprof_table *t, const struct protobuf_field *f)
{
	struct pprof_row row = {
		.id = t == &x->strings ? t->n + 1 : pprof_number(f->bytes, 1),
		.offset = (uint32_t)(f->bytes.at - x->bytes),
		.len = (uint32_t)protobuf_left(&f->bytes),
	};

	return row.id ? table_add(t, &row) : 0; /* id 0 is reserved */
}

static int add_comments(struct pprof_index *x, const struct protobuf_field *f)
{
	struct protobuf_reader list = f->bytes;
	struct pprof_row row = { .id = f->value };
	int r = 0;

	if (f->type == PROTOBUF_VARINT)
		return table_add(&x->comments, &row);
	while (r == 0 && protobuf_next_element(&list, &row.id) == 1)
		r = table_add(&x->comments, &row);
	return r;
}

static struct pprof_table *table_of_field(struct pprof_index *x, uint32_t field)
{
	switch (field) {
	case PROFILE_MAPPING:
		return &x->mappings;
	case PROFILE_LOCATION:
		return &x->locations;
	case PROFILE_FUNCTION:
		return &x->functions;
	case PROFILE_STRING_TABLE:
		return &x->strings;
	default:
		return NULL;
	}
}

static void add_number(struct pprof_index *x, const struct protobuf_field *f)
{
	if (f->number == PROFILE_TIME_NANOS)
		x->time_nanos = f->value;
	else if (f->number == PROFILE_DURATION_NANOS)
		x->duration_nanos = f->value;
	else if (f->number == PROFILE_PERIOD)
		x->period = f->value;
	else if (f->number == PROFILE_DEFAULT_SAMPLE_TYPE)
		x->default_type = f->value;
}

static int add_field(struct pprof_index *x, const struct protobuf_field *f)
{
	struct pprof_table *t = table_of_field(x, f->number);

	if (f->number == PROFILE_COMMENT)
		return add_comments(x, f);
	if (f->type != PROTOBUF_BYTES) {
		add_number(x, f);
		return 0;
	}
	x->n_samples += f->number == PROFILE_SAMPLE;
	x->n_types += f->number == PROFILE_SAMPLE_TYPE;
	if (f->number == PROFILE_PERIOD_TYPE)
		x->period_type = f->bytes;
	return t ? add_message(x, t, f) : 0;
}

int pprof_index_make(struct pprof_index *x, const uint8_t *bytes, size_t len)
{
	struct protobuf_reader r = { bytes, bytes + len };
	struct protobuf_field f;
	int error = 0;

	*x = (struct pprof_index){ .bytes = bytes, .len = len };
	while (error == 0 && protobuf_next(&r, &f) == 1)
		error = add_field(x, &f);
	x->readable = (size_t)(r.at - bytes);
	table_sort(&x->mappings);
	table_sort(&x->locations);
	table_sort(&x->functions);
	return error;
}

void pprof_index_done(struct pprof_index *x)
{
	free(x->strings.rows);
	free(x->mappings.rows);
	free(x->locations.rows);
	free(x->functions.rows);
	free(x->comments.rows);
	*x = (struct pprof_index){ .n_samples = 0 };
}
