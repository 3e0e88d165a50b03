/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stored table of symbols is of. Anybody can make a file that claims the build id of libc,
 * so a table answers for the very file that it was made from: device, inode, owner, size, time of
 * the last write and of the last change of the inode, and the build id besides. The last of these
 * times is the kernel's own and set by nobody, so one who cannot write to the block device cannot
 * make a second file with the same key. A user's own file system (FUSE below an overlay in a user
 * namespace) can tell any time, but no owner that is not his: hence the owner.
 *
 * These are the first bytes of an entry, as the host writes them; the table itself, which comes
 * from a sealed process, begins behind them. Machines that differ in byte order never share a
 * folder, and one that was copied is found out by `version`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "helper/protocol.h"

#define STORED_KEY_MAGIC "hearth\n"
#define STORED_KEY_VERSION 1u
#define STORED_KEY_MAX_NAME (2 * HELPER_MAX_BUILD_ID + 18) /* of an entry, with its NUL */

/* stored_key.flags */
enum {
	STORED_WITH_DEBUG = 1u << 0, /* a debug file had its part in it */
	/*
	 * Of the system itself (system_file.h), the debug file as well: where all that is known of a
	 * file is its build id, as in a recording of another day, this table may stand for it.
	 */
	STORED_OF_SYSTEM = 1u << 1,
};

struct stored_key {
	uint8_t magic[8];
	uint32_t version, flags;
	uint64_t device, inode, size;
	int64_t written_s, changed_s;
	uint32_t written_ns, changed_ns;
	uint32_t owner, build_id_len;
	uint8_t build_id[HELPER_MAX_BUILD_ID];
	uint8_t reserved[56]; /* 0 */
};

_Static_assert(sizeof(struct stored_key) == 192, "every byte is written, so none may be padding");

/* A build id that is too long is none. */
struct stored_key stored_key_of(const struct stat *st, const uint8_t *build_id, uint32_t len,
				uint32_t flags);

/* Of an entry that is open. -EBADMSG: it does not begin with a key of this version. */
int stored_key_read(int fd, struct stored_key *ret);

/* Of one file, whatever was at hand when the tables were made. */
bool stored_key_is_of_same_file(const struct stored_key *a, const struct stored_key *b);

/*
 * The name of the entry: "BUILDID-HASH", so those of one build are found by their prefix; the hash
 * only keeps the names of different files apart, the key decides.
 */
void stored_key_name(const struct stored_key *k, char ret[static STORED_KEY_MAX_NAME]);

/* What the names of all entries of a build begin with. len: 1 to HELPER_MAX_BUILD_ID. */
void stored_key_prefix(const uint8_t *build_id, uint32_t len, char ret[static STORED_KEY_MAX_NAME]);
/* True of a key that this version has written for some file of the build. */
bool stored_key_is_of_build(const struct stored_key *k, const uint8_t *build_id, uint32_t len);
