/* SPDX-License-Identifier: Apache-2.0 */
/* Packed bytes → bytes, piece by piece: gzip by zlib, zstd by libzstd, members and frames in a row. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNPACK_MAGIC_BYTES = 4 };

struct unpack;

/* *ret: how to unpack what begins with these bytes; NULL if they are not packed. 0 or -ENOMEM. */
int unpack_new(const uint8_t *head, size_t n, struct unpack **ret);
struct unpack *unpack_free(struct unpack *u); /* NULL; answers NULL */

/*
 * Unpacks from `in` to `out`. The sizes say how much there is, and afterwards how much was used and
 * made. 0, or -EBADMSG: damaged; what was made before is whole.
 */
int unpack_some(struct unpack *u, const uint8_t *in, size_t *in_size, uint8_t *out, size_t *out_size);

/* True if the packed data may end here. */
bool unpack_is_whole(const struct unpack *u);

const char *unpack_name(const struct unpack *u); /* "gzip", "zstd" */
