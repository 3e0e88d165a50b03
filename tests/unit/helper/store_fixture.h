/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of stored tables, each of them TABLE_BYTES of one letter. */
#pragma once

#include "unit/util/fixture.h"

#include <dirent.h>
#include <fcntl.h>

#include "helper/symbol_store.h"
#include "util/file.h"
#include "util/str.h"

#define NO_LIMIT (1u << 30)
#define TABLE_BYTES 1000u

/* *state is the path of an empty folder. */
static inline struct symbol_store *store_in(void **state, uint64_t max_bytes)
{
	_cleanup_free_ char *folder = str_format("%s/cache/symbols", (char *)*state);
	struct symbol_store *s;

	assert_int_equal(symbol_store_new(folder, max_bytes, &s), 0);
	return s;
}

static inline struct stored_key key_of(uint64_t inode, bool with_debug)
{
	static const uint8_t build_id[] = { 0xab, 0xcd, 0xef };
	struct stat st = { .st_dev = 1, .st_ino = inode, .st_size = 4096 };

	return stored_key_of(&st, build_id, sizeof(build_id), with_debug ? STORED_WITH_DEBUG : 0);
}

/* A table of TABLE_BYTES with its key, all of them `byte`. */
static inline int put(struct symbol_store *s, const struct stored_key *k, char byte)
{
	_cleanup_(symbol_entry_freep) struct symbol_entry *e = NULL;
	char data[TABLE_BYTES - sizeof(*k)];
	_cleanup_close_ int fd = -1;
	int r;

	memset(data, byte, sizeof(data));
	r = symbol_entry_new(s, k, NO_LIMIT, &e);
	if (r == 0)
		r = symbol_entry_append(e, data, sizeof(data));
	return r < 0 ? r : symbol_entry_commit(e, &fd);
}

/* The byte of the table of k, 0 without one. */
static inline char found(struct symbol_store *s, const struct stored_key *k)
{
	_cleanup_close_ int fd = -1;
	char byte = 0;

	if (symbol_store_find(s, k, &fd) < 0)
		return 0;
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(pread(fd, &byte, 1, sizeof(*k)), 1);
	return byte;
}

static inline char *path_of(const struct symbol_store *s, const struct stored_key *k)
{
	char name[STORED_KEY_MAX_NAME];

	stored_key_name(k, name);
	return str_format("%s/%s", symbol_store_folder(s), name);
}

static inline unsigned int n_files(const struct symbol_store *s)
{
	DIR *d = opendir(symbol_store_folder(s));
	unsigned int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static inline struct symbol_store_stats stats_of(const struct symbol_store *s)
{
	struct symbol_store_stats stats;

	symbol_store_stats(s, &stats);
	return stats;
}
