/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder with stored tables of symbols: one file per table, named and headed by its stored_key,
 * written under another name and renamed when it is whole. So processes of Hearth share a folder
 * without a lock, readers never see half of a table, and all of it may be deleted at any time.
 *
 * The folder is made at the first write, with mode 0700. It is used only if it belongs to us, nobody
 * else may write to it, and it is not on a file system that may never answer. When tables exceed
 * max_bytes, the ones that were used longest ago go; a use is told by the time of the last write.
 *
 * The host reads nothing in an entry but the key that it has written itself. Belongs to one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "helper/stored_key.h"
#include "util/cleanup.h"

struct symbol_store;
struct symbol_entry; /* one that is being written */

struct symbol_store_stats {
	uint64_t hits, misses; /* of symbol_store_find */
	uint64_t stored, evicted, damaged;
	uint64_t bytes, max_bytes; /* bytes: of all tables when the folder was last looked through */
};

/* 0 if an existing folder may be used; errors as of symbol_entry_new, -ENOENT: it is not there yet. */
int symbol_store_check(const char *folder);

/* Touches no file. */
int symbol_store_new(const char *folder, uint64_t max_bytes, struct symbol_store **ret);
struct symbol_store *symbol_store_free(struct symbol_store *s); /* NULL; after its entries */
DEFINE_CLEANUP(struct symbol_store *, symbol_store_free)

const char *symbol_store_folder(const struct symbol_store *s);
void symbol_store_stats(const struct symbol_store *s, struct symbol_store_stats *ret);

/*
 * The table of the file of k, read-only, at offset 0: the key comes first. A table with a debug file
 * serves also where there is none (any more), but not the other way round. -ENOENT: there is none.
 */
int symbol_store_find(struct symbol_store *s, const struct stored_key *k, int *ret_fd);

/*
 * A table of the system (STORED_OF_SYSTEM) for a build of which nothing else is known, if there are
 * several one with a debug file. Never for a file that is there: anybody may claim a build id. As
 * symbol_store_find.
 */
int symbol_store_find_build(struct symbol_store *s, const uint8_t *build_id, uint32_t len, int *ret_fd);

/* The table turned out to be damaged: it is removed. */
void symbol_store_drop(struct symbol_store *s, const struct stored_key *k);

/*
 * A new table in place of what there is. -EPERM: the folder is somebody else's, or others may write
 * to it; -EREMOTE: it is on a network or FUSE file system; or an error of making or writing a file.
 */
int symbol_entry_new(struct symbol_store *s, const struct stored_key *k, uint64_t max_bytes,
		     struct symbol_entry **ret);
/* -EFBIG: it is larger than its max_bytes, or than all tables may be. */
int symbol_entry_append(struct symbol_entry *e, const void *data, size_t len);
/* Publishes it. *ret_fd is as from symbol_store_find, -1 if it is gone again already. */
int symbol_entry_commit(struct symbol_entry *e, int *ret_fd);
struct symbol_entry *symbol_entry_free(struct symbol_entry *e); /* NULL; removes what is not published */
DEFINE_CLEANUP(struct symbol_entry *, symbol_entry_free)
