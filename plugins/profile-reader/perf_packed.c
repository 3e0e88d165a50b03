/* SPDX-License-Identifier: Apache-2.0 */
/* A record may begin in one piece and end in the next, so what is left over stays in the stream. */
#include "perf_packed.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>

void perf_packed_done(struct perf_packed *p)
{
	ZSTD_freeDStream(p->zstd);
	perf_stream_done(&p->records);
	perf_block_unref(p->block);
	memset(p, 0, sizeof(*p));
}

static ssize_t unpack(void *ctx, void *buf, size_t n)
{
	struct perf_packed *p = ctx;
	ZSTD_inBuffer in = { p->piece, p->piece_len, 0 };
	ZSTD_outBuffer out = { buf, n, 0 };
	size_t r = ZSTD_decompressStream(p->zstd, &out, &in);

	if (ZSTD_isError(r))
		return -EBADMSG;
	p->piece += in.pos;
	p->piece_len -= in.pos;
	if (out.pos == 0 && p->piece_len)
		return -EBADMSG;
	return out.pos ? (ssize_t)out.pos : -EAGAIN;
}

int perf_packed_begin(struct perf_packed *p, struct perf_blocks *blocks, struct perf_block *block,
		      const uint8_t *piece, size_t len)
{
	if (!p->zstd) {
		p->zstd = ZSTD_createDStream();
		if (!p->zstd)
			return -ENOMEM;
		perf_stream_init(&p->records, blocks, unpack, p);
	}
	p->block = perf_block_ref(block);
	p->piece = piece;
	p->piece_len = len;
	return 0;
}

int perf_packed_next(struct perf_packed *p, struct perf_record *ret)
{
	int r = p->block ? perf_stream_next(&p->records, ret) : -EAGAIN;

	if (r <= 0) {
		perf_block_unref(p->block);
		p->block = NULL;
	}
	return r;
}
