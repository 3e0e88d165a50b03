/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any file can be half written, zeroed or flipped by a disk. A checksum over all of it makes a
 * record either what was written or absent, never something in between.
 */
#include "plugin/kv_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/sys.h"

#define MAGIC 0x31564b48u /* "HKV1" */
#define VERSION 1u

struct header {
	uint32_t magic, version, length, checksum;
};

_Static_assert(sizeof(struct header) == KV_RECORD_HEADER, "the header is part of the format");

/* CRC-32C (Castagnoli, RFC 3720 B.4), reflected polynomial 0x82f63b78, four bits at a time. */
static const uint32_t crc_of_nibble[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362,
	0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab,
	0xe330a81a, 0xf36e6f75,
};

static uint32_t crc_add(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = (crc >> 4) ^ crc_of_nibble[crc & 15];
		crc = (crc >> 4) ^ crc_of_nibble[crc & 15];
	}
	return crc;
}

static uint32_t checksum(const struct header *h, const char *key, const void *value)
{
	uint32_t crc = ~0u;

	crc = crc_add(crc, h, offsetof(struct header, checksum));
	crc = crc_add(crc, key, strlen(key));
	return ~crc_add(crc, value, h->length);
}

int kv_record_write(const char *key, const void *value, size_t len, void **ret, size_t *ret_len)
{
	struct header h = { .magic = MAGIC, .version = VERSION, .length = (uint32_t)len };
	uint8_t *record;

	if (len > KV_VALUE_MAX)
		return -E2BIG;
	record = sys_alloc(1, sizeof(h) + len);
	if (!record)
		return -ENOMEM;
	h.checksum = checksum(&h, key, value);
	memcpy(record, &h, sizeof(h));
	if (len > 0)
		memcpy(record + sizeof(h), value, len);
	*ret = record;
	*ret_len = sizeof(h) + len;
	return 0;
}

static const char *find_fault(const struct header *h, const char *key, const void *value,
			      size_t value_len)
{
	if (h->magic != MAGIC)
		return "it is no record of hearth";
	if (h->version != VERSION)
		return "it was written by another version of hearth";
	if (h->length != value_len || h->length > KV_VALUE_MAX)
		return "its length is wrong";
	if (h->checksum != checksum(h, key, value))
		return "its checksum is wrong";
	return NULL;
}

int kv_record_read(const char *key, const void *data, size_t len, const void **ret_value,
		   size_t *ret_len, const char **ret_why)
{
	const uint8_t *value = (const uint8_t *)data + KV_RECORD_HEADER;
	struct header h;
	const char *fault = "it is cut short";

	if (len >= sizeof(h)) {
		memcpy(&h, data, sizeof(h));
		fault = find_fault(&h, key, value, len - sizeof(h));
	}
	if (fault) {
		*ret_why = fault;
		return -EBADMSG;
	}
	*ret_value = value;
	*ret_len = h.length;
	return 0;
}
