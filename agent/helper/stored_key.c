/* SPDX-License-Identifier: Apache-2.0 */
/* A struct without padding, so that two are equal if their bytes are. */
#include "helper/stored_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct stored_key stored_key_of(const struct stat *st, const uint8_t *build_id, uint32_t len,
				uint32_t flags)
{
	struct stored_key k = {
		.magic = STORED_KEY_MAGIC,
		.version = STORED_KEY_VERSION,
		.flags = flags,
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.written_s = st->st_mtim.tv_sec,
		.changed_s = st->st_ctim.tv_sec,
		.written_ns = (uint32_t)st->st_mtim.tv_nsec,
		.changed_ns = (uint32_t)st->st_ctim.tv_nsec,
		.owner = st->st_uid,
	};

	if (len > 0 && len <= sizeof(k.build_id)) {
		k.build_id_len = len;
		memcpy(k.build_id, build_id, len);
	}
	return k;
}

int stored_key_read(int fd, struct stored_key *ret)
{
	struct stored_key k;

	if (pread(fd, &k, sizeof(k), 0) != (ssize_t)sizeof(k) ||
	    memcmp(k.magic, STORED_KEY_MAGIC, sizeof(k.magic)) != 0 ||
	    k.version != STORED_KEY_VERSION || k.build_id_len > sizeof(k.build_id))
		return -EBADMSG;
	*ret = k;
	return 0;
}

bool stored_key_is_of_same_file(const struct stored_key *a, const struct stored_key *b)
{
	struct stored_key other = *b;

	other.flags = a->flags;
	return memcmp(a, &other, sizeof(other)) == 0;
}

/* FNV-1a, of everything but the flags. */
static uint64_t hash_of(const struct stored_key *k)
{
	struct stored_key bare = *k;
	const uint8_t *bytes = (const uint8_t *)&bare;
	uint64_t hash = 0xcbf29ce484222325;

	bare.flags = 0;
	for (size_t i = 0; i < sizeof(bare); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	return hash;
}

static size_t hex_write(const uint8_t *data, uint32_t len, char *to)
{
	to[0] = '\0';
	for (uint32_t i = 0; i < len; i++)
		snprintf(to + 2 * i, 3, "%02x", data[i]);
	return 2 * (size_t)len;
}

void stored_key_name(const struct stored_key *k, char ret[static STORED_KEY_MAX_NAME])
{
	size_t at = hex_write(k->build_id, k->build_id_len, ret);

	snprintf(ret + at, STORED_KEY_MAX_NAME - at, "-%016" PRIx64, hash_of(k));
}

void stored_key_prefix(const uint8_t *build_id, uint32_t len, char ret[static STORED_KEY_MAX_NAME])
{
	size_t at = hex_write(build_id, len, ret);

	snprintf(ret + at, STORED_KEY_MAX_NAME - at, "-");
}

bool stored_key_is_of_build(const struct stored_key *k, const uint8_t *build_id, uint32_t len)
{
	return memcmp(k->magic, STORED_KEY_MAGIC, sizeof(k->magic)) == 0 &&
	       k->version == STORED_KEY_VERSION && k->build_id_len == len &&
	       memcmp(k->build_id, build_id, len) == 0;
}
