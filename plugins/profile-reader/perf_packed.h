/* SPDX-License-Identifier: Apache-2.0 */
/* Records of `perf record -z`: one zstd stream in pieces, each the payload of a record. */
#pragma once

#include "perf_stream.h"

struct perf_packed {
	void *zstd;               /* ZSTD_DStream; NULL: none was needed yet */
	struct perf_stream records;
	struct perf_block *block; /* holds the piece that is being unpacked; NULL: none */
	const uint8_t *piece;
	size_t piece_len;
};

void perf_packed_done(struct perf_packed *p);

/* The next piece, in a record's block. 0 or -ENOMEM. */
int perf_packed_begin(struct perf_packed *p, struct perf_blocks *blocks, struct perf_block *block,
		      const uint8_t *piece, size_t len);

/* The next record of the piece: as perf_stream_next(); -EAGAIN: it has no more. */
int perf_packed_next(struct perf_packed *p, struct perf_record *ret);
