/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth.artifact/1: a finished file. A writer emits it when the file has its final name and
 * never again touches the content; who uploads it is not the writer's business.
 */
#ifndef HEARTH_ARTIFACT_H
#define HEARTH_ARTIFACT_H

#include <hearth/flat_builder.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_ARTIFACT_SCHEMA "hearth.artifact/1"

enum {
	HEARTH_ARTIFACT_FILES = 2,  /* struct hearth_artifact_row, one row */
	HEARTH_ARTIFACT_LABELS = 3, /* struct hearth_artifact_label */
};

struct hearth_artifact_row {
	uint32_t path, media_type;     /* strings; the path is absolute */
	uint64_t size;                 /* bytes */
	uint8_t sha256[32];
	uint64_t window_start_ns, window_end_ns; /* CLOCK_REALTIME */
	uint32_t description, reserved; /* string: "flame graph", for listings */
};

struct hearth_artifact_label {
	uint32_t key, value; /* strings */
};

static inline struct hearth_artifact_row hearth_artifact(const struct hearth_flat *f)
{
	struct hearth_artifact_row row;

	hearth_flat_row(f, HEARTH_ARTIFACT_FILES, 0, &row, sizeof(row));
	return row;
}

static inline int32_t hearth_artifact_open(struct hearth_flat *f, const struct hearth_batch *b)
{
	int32_t r;

	if (strcmp(b->schema, HEARTH_ARTIFACT_SCHEMA) != 0)
		return -EBADMSG;
	r = hearth_flat_open(f, b);
	if (r < 0)
		return r;
	return hearth_flat_count(f, HEARTH_ARTIFACT_FILES) == 1 ? 0 : -EBADMSG;
}

/* Emits one file; `row` carries everything but the strings. Answers like hearth_host.emit. */
static inline int32_t hearth_artifact_emit(const struct hearth_host *h, const char *path,
					   const char *media_type, const char *description,
					   struct hearth_artifact_row *row)
{
	struct hearth_flat_builder b;
	int32_t r;

	hearth_flat_init(&b);
	row->path = hearth_flat_intern_string(&b, path);
	row->media_type = hearth_flat_intern_string(&b, media_type);
	row->description = hearth_flat_intern_string(&b, description);
	hearth_flat_append(&b, HEARTH_ARTIFACT_FILES, row, sizeof(*row));
	r = hearth_flat_emit(&b, h, HEARTH_ARTIFACT_SCHEMA, NULL);
	hearth_flat_done(&b);
	return r;
}

#ifdef __cplusplus
}
#endif
#endif
