/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both libraries stream with a window of at most 128 MiB (zstd's default limit for decoders), so a
 * few bytes that claim to be terabytes cost time, not memory.
 */
#include "unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct unpack {
	ZSTD_DStream *zstd; /* NULL: gzip */
	z_stream gzip;
	bool is_whole;
	int error; /* met behind bytes that were made: told by the next call */
};

static int begin_gzip(struct unpack *u)
{
	return inflateInit2(&u->gzip, 15 + 16) == Z_OK ? 0 : -ENOMEM;
}

static int begin_zstd(struct unpack *u)
{
	u->zstd = ZSTD_createDStream();
	return u->zstd && !ZSTD_isError(ZSTD_initDStream(u->zstd)) ? 0 : -ENOMEM;
}

int unpack_new(const uint8_t *head, size_t n, struct unpack **ret)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	bool is_gzip = n >= sizeof(gzip) && memcmp(head, gzip, sizeof(gzip)) == 0;
	bool is_zstd = n >= sizeof(zstd) && memcmp(head, zstd, sizeof(zstd)) == 0;
	struct unpack *u;
	int r;

	*ret = NULL;
	if (!is_gzip && !is_zstd)
		return 0;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	r = is_zstd ? begin_zstd(u) : begin_gzip(u);
	if (r < 0) {
		unpack_free(u);
		return r;
	}
	*ret = u;
	return 0;
}

struct unpack *unpack_free(struct unpack *u)
{
	if (!u)
		return NULL;
	if (u->zstd)
		ZSTD_freeDStream(u->zstd);
	else
		inflateEnd(&u->gzip);
	free(u);
	return NULL;
}

static int some_gzip(struct unpack *u, const uint8_t *in, size_t *in_size, uint8_t *out, size_t *out_size)
{
	size_t n_in = *in_size, n_out = *out_size;
	int r;

	/* Another member follows the last. */
	if (u->is_whole && inflateReset(&u->gzip) != Z_OK)
		return -EBADMSG;
	u->is_whole = false;
	u->gzip.next_in = (Bytef *)(uintptr_t)in;
	u->gzip.avail_in = (uInt)n_in;
	u->gzip.next_out = out;
	u->gzip.avail_out = n_out < UINT32_MAX ? (uInt)n_out : UINT32_MAX;
	n_out = u->gzip.avail_out;
	r = inflate(&u->gzip, Z_NO_FLUSH);
	*in_size = n_in - u->gzip.avail_in;
	*out_size = n_out - u->gzip.avail_out;
	u->is_whole = r == Z_STREAM_END;
	return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR ? 0 : -EBADMSG;
}

static int some_zstd(struct unpack *u, const uint8_t *in, size_t *in_size, uint8_t *out, size_t *out_size)
{
	ZSTD_inBuffer from = { in, *in_size, 0 };
	ZSTD_outBuffer to = { out, *out_size, 0 };
	size_t r = ZSTD_decompressStream(u->zstd, &to, &from);

	*in_size = from.pos;
	*out_size = to.pos;
	u->is_whole = r == 0;
	return ZSTD_isError(r) ? -EBADMSG : 0;
}

int unpack_some(struct unpack *u, const uint8_t *in, size_t *in_size, uint8_t *out, size_t *out_size)
{
	if (u->error || (*in_size == 0 && u->is_whole)) {
		*out_size = 0;
		return u->error;
	}
	u->error = u->zstd ? some_zstd(u, in, in_size, out, out_size) :
			     some_gzip(u, in, in_size, out, out_size);
	return *out_size ? 0 : u->error;
}

bool unpack_is_whole(const struct unpack *u)
{
	return u->is_whole;
}

const char *unpack_name(const struct unpack *u)
{
	return u->zstd ? "zstd" : "gzip";
}
