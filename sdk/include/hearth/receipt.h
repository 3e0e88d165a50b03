/* SPDX-License-Identifier: Apache-2.0 */
/* hearth.receipt/1: what became of an artifact. An uploader emits one per artifact. */
#ifndef HEARTH_RECEIPT_H
#define HEARTH_RECEIPT_H

#include <hearth/flat.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_RECEIPT_SCHEMA "hearth.receipt/1"

enum { HEARTH_RECEIPT_ROWS = 2 /* struct hearth_receipt_row, one row */ };

/* hearth_receipt_row.state */
enum {
	HEARTH_RECEIPT_DELIVERED = 1, /* the other side has acknowledged it */
	HEARTH_RECEIPT_QUEUED = 2,    /* in a durable queue; another receipt follows */
	HEARTH_RECEIPT_FAILED = 3,    /* given up; `error` says why */
};

struct hearth_receipt_row {
	uint32_t path;       /* string: of the artifact */
	uint32_t url;        /* string: where it is now */
	uint32_t error;      /* string */
	uint32_t state;
	uint8_t sha256[32];  /* of the artifact: which one, whatever its name */
	uint64_t time_ns;    /* CLOCK_REALTIME */
};

static inline struct hearth_receipt_row hearth_receipt(const struct hearth_flat *f)
{
	struct hearth_receipt_row row;

	hearth_flat_row(f, HEARTH_RECEIPT_ROWS, 0, &row, sizeof(row));
	return row;
}

static inline int32_t hearth_receipt_open(struct hearth_flat *f, const struct hearth_batch *b)
{
	int32_t r;

	if (strcmp(b->schema, HEARTH_RECEIPT_SCHEMA) != 0)
		return -EBADMSG;
	r = hearth_flat_open(f, b);
	if (r < 0)
		return r;
	return hearth_flat_count(f, HEARTH_RECEIPT_ROWS) == 1 ? 0 : -EBADMSG;
}

#ifdef __cplusplus
}
#endif
#endif
