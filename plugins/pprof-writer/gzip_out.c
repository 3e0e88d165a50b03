/* SPDX-License-Identifier: Apache-2.0 */
/* zlib between a writer and its file, so that a profile is never in memory as one message. */
#include "gzip_out.h"

#include <errno.h>
#include <limits.h>

enum { WINDOW_BITS = 15 + 16 /* with gzip's header */, MEMORY_LEVEL = 8 };

int gzip_out_begin(struct gzip_out *g, struct outfile *file, int level)
{
	*g = (struct gzip_out){ .file = file };
	if (deflateInit2(&g->stream, level, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		g->error = -ENOMEM;
	return g->error;
}

static void gzip_out_drain(struct gzip_out *g, int flush)
{
	do {
		g->stream.next_out = g->buffer;
		g->stream.avail_out = sizeof(g->buffer);
		if (deflate(&g->stream, flush) == Z_STREAM_ERROR)
			g->error = -EINVAL;
		outfile_write(g->file, g->buffer, sizeof(g->buffer) - g->stream.avail_out);
	} while (!g->error && g->stream.avail_out == 0);
}

void gzip_out_write(struct gzip_out *g, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len && !g->error) {
		uInt n = len < INT_MAX ? (uInt)len : INT_MAX;

		g->stream.next_in = (Bytef *)(uintptr_t)at;
		g->stream.avail_in = n;
		gzip_out_drain(g, Z_NO_FLUSH);
		at += n;
		len -= n;
	}
}

int gzip_out_end(struct gzip_out *g)
{
	if (!g->error)
		gzip_out_drain(g, Z_FINISH);
	(void)deflateEnd(&g->stream);
	return g->error;
}
