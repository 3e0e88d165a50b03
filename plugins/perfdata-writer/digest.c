/* SPDX-License-Identifier: Apache-2.0 */
/* The header changes with every window, so a sum can only be taken of the finished file. */
#include "digest.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include <nettle/sha2.h>

enum { PIECE = 64 << 10 };

int digest_file(int fd, uint8_t ret_sha256[32], uint64_t *ret_size)
{
	uint8_t piece[PIECE];
	struct sha256_ctx sha256;
	uint64_t at = 0;
	ssize_t n;

	sha256_init(&sha256);
	while ((n = pread(fd, piece, sizeof(piece), (off_t)at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		sha256_update(&sha256, (size_t)n, piece);
		at += (uint64_t)n;
	}
	sha256_digest(&sha256, SHA256_DIGEST_SIZE, ret_sha256);
	*ret_size = at;
	return 0;
}
