/* SPDX-License-Identifier: Apache-2.0 */
/* Compresses into a file what is put into it, piece by piece. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#include "common/outfile.h"

struct gzip_out {
	struct outfile *file; /* borrowed */
	z_stream stream;
	int error;
	uint8_t buffer[32 << 10];
};

/* level: 1 to 9. 0 or -ENOMEM; end it in either case. */
int gzip_out_begin(struct gzip_out *g, struct outfile *file, int level);
void gzip_out_write(struct gzip_out *g, const void *bytes, size_t len);
/* Writes what is left; errors of the file itself stay in it until its commit. 0 or -ENOMEM. */
int gzip_out_end(struct gzip_out *g);
