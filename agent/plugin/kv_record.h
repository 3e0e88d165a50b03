/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value of hearth.kv/1 as a file holds it, little-endian:
 *
 *   offset  bytes  what
 *   0       4      magic "HKV1"
 *   4       4      version, 1
 *   8       4      length of the value
 *   12      4      CRC-32C of bytes 0 to 11, of the key and of the value
 *   16      …      the value, to the end of the file
 *
 * The key is part of the checksum, so a file that was copied to another name is not believed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define KV_RECORD_HEADER 16
#define KV_VALUE_MAX (1u << 20)

/* *ret gets an allocated record. -E2BIG: the value is too long; or -ENOMEM. */
int kv_record_write(const char *key, const void *value, size_t len, void **ret, size_t *ret_len);

/* *ret_value points into data. -EBADMSG with *ret_why saying what is wrong (static). */
int kv_record_read(const char *key, const void *data, size_t len, const void **ret_value,
		   size_t *ret_len, const char **ret_why);
