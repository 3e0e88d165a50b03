/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a batch says of its files is known last, so their rows are made first, empty but for the
 * path, and filled in when the batch goes out.
 */
#include "draft.h"

#include <stdlib.h>
#include <string.h>

void draft_init(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	hearth_flat_init(&d->builder);
}

void draft_done(struct draft *d)
{
	hearth_flat_done(&d->builder);
	free(d->file_rows);
	free(d->files);
	free(d->promises);
	memset(d, 0, sizeof(*d));
}

void draft_reset(struct draft *d)
{
	hearth_flat_reset(&d->builder);
	if (d->n_file_rows)
		memset(d->file_rows, 0, d->n_file_rows * sizeof(*d->file_rows));
	d->n_files = d->n_promises = 0;
	d->is_settled = false;
}

/* Grows a vector to hold n elements of `unit` bytes; false: no memory, and the batch will say so. */
static bool reserve(struct draft *d, void *vector, size_t *capacity, size_t n, size_t unit)
{
	size_t more = *capacity ? *capacity : 64;
	void **v = vector, *p;

	if (n <= *capacity)
		return true;
	while (more < n)
		more *= 2;
	p = realloc(*v, more * unit);
	if (!p) {
		d->builder.error = -ENOMEM;
		return false;
	}
	*v = p;
	*capacity = more;
	return true;
}

static bool reserve_file(struct draft *d, uint32_t index)
{
	size_t n = d->n_file_rows;

	if (!reserve(d, &d->file_rows, &d->n_file_rows, (size_t)index + 1, sizeof(*d->file_rows)))
		return false;
	memset(d->file_rows + n, 0, (d->n_file_rows - n) * sizeof(*d->file_rows));
	return reserve(d, &d->files, &d->file_capacity, d->n_files + 1, sizeof(*d->files));
}

uint32_t draft_binary(struct draft *d, struct recorded_file *file)
{
	struct hearth_binary row = {};
	uint32_t at;

	if (!file)
		return 0;
	if (file->index < d->n_file_rows && d->file_rows[file->index])
		return d->file_rows[file->index];
	if (!reserve_file(d, file->index))
		return 0;
	recorded_want(file);
	if (d->builder.rows[HEARTH_PROFILE_BINARIES].count == 0)
		hearth_flat_append(&d->builder, HEARTH_PROFILE_BINARIES, NULL, sizeof(row));
	row.path = hearth_flat_intern_string(&d->builder, file->path);
	at = hearth_flat_append(&d->builder, HEARTH_PROFILE_BINARIES, &row, sizeof(row));
	d->files[d->n_files++] = file;
	return d->file_rows[file->index] = at;
}

uint32_t draft_kernel_frame(struct draft *d, struct recorded_file *kernel, uint64_t address,
			    uint32_t flags)
{
	struct hearth_frame row = {
		.address = address, .binary = draft_binary(d, kernel),
		.kind = HEARTH_FRAME_KERNEL, .flags = flags,
	};

	return hearth_build_frame(&d->builder, &row);
}

static void promise(struct draft *d, uint32_t frame, struct recorded_file *file, uint64_t file_offset)
{
	if (reserve(d, &d->promises, &d->promise_capacity, d->n_promises + 1, sizeof(*d->promises)))
		d->promises[d->n_promises++] = (struct draft_promise){
			.file = file, .file_offset = file_offset, .frame = frame,
		};
}

uint32_t draft_file_frame(struct draft *d, struct recorded_file *file, uint32_t mapping,
			  uint64_t address, uint64_t file_offset, uint32_t flags)
{
	struct hearth_frame row = {
		.kind = HEARTH_FRAME_NATIVE, .flags = flags, .binary = draft_binary(d, file),
	};
	uint64_t before = d->builder.rows[HEARTH_PROFILE_FRAMES].count;
	uint32_t frame;

	if (file->state == RECORDED_KNOWN && recorded_address(file, file_offset, &row.address))
		return hearth_build_frame(&d->builder, &row);
	row.address = address;
	row.mapping = mapping;
	row.flags |= HEARTH_FRAME_RAW;
	frame = hearth_build_frame(&d->builder, &row);
	if (d->builder.rows[HEARTH_PROFILE_FRAMES].count != before)
		promise(d, frame, file, file_offset);
	return frame;
}

bool draft_is_waiting(const struct draft *d)
{
	for (size_t i = 0; i < d->n_files; i++)
		if (d->files[i]->state == RECORDED_PENDING)
			return true;
	return false;
}

/* ---- what is known last ---- */

static void settle_binary(struct draft *d, const struct recorded_file *file, uint32_t row)
{
	const char *cause = file->state == RECORDED_FAILED ?
		(file->cause ? file->cause : "out of memory") : NULL;
	uint32_t text = hearth_flat_intern_string(&d->builder, cause);
	struct hearth_binary *b = hearth_flat_at(&d->builder, HEARTH_PROFILE_BINARIES, row);

	memcpy(b->build_id, file->build_id, file->build_id_len);
	b->build_id_len = file->build_id_len;
	b->size = file->size;
	b->handle = file->handle;
	b->cause = text;
}

static void settle_frame(struct draft *d, const struct draft_promise *p)
{
	struct hearth_frame *frame;
	const char *why = p->file->state == RECORDED_KNOWN ? "no segment of the file holds it" : p->file->cause;
	uint32_t cause = hearth_flat_intern_string(&d->builder, why);
	uint64_t address;

	frame = hearth_flat_at(&d->builder, HEARTH_PROFILE_FRAMES, p->frame);
	if (!recorded_address(p->file, p->file_offset, &address)) {
		frame->cause = cause;
		return;
	}
	frame->address = address;
	frame->mapping = 0;
	frame->flags &= ~(uint32_t)HEARTH_FRAME_RAW;
}

/* ELF addresses of mappings of files that were found. */
static void settle_mappings(struct draft *d)
{
	uint64_t n = d->builder.rows[HEARTH_PROFILE_MAPPINGS].count;

	for (uint64_t i = 1; i < n; i++) {
		struct hearth_mapping *m = hearth_flat_at(&d->builder, HEARTH_PROFILE_MAPPINGS, (uint32_t)i);

		if (m->binary)
			(void)recorded_base(d->files[m->binary - 1], m->file_offset, m->end - m->start,
					    &m->vaddr);
	}
}

static void settle(struct draft *d)
{
	d->is_settled = true;
	for (size_t i = 0; i < d->n_files && !d->builder.error; i++)
		settle_binary(d, d->files[i], (uint32_t)i + 1);
	for (size_t i = 0; i < d->n_promises && !d->builder.error; i++)
		settle_frame(d, &d->promises[i]);
	if (!d->builder.error)
		settle_mappings(d);
}

int32_t draft_emit(struct draft *d, const struct hearth_host *h)
{
	if (!d->is_settled)
		settle(d);
	return hearth_flat_emit(&d->builder, h, HEARTH_PROFILE_SCHEMA, NULL);
}
