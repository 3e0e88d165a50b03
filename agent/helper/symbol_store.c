/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system is the index: a name is computed, opened, and its key compared. No fsync: a table
 * that a power cut has spoiled is found out by its checksums and made again.
 */
#include "helper/symbol_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/vfs.h>

#include "helper/symbol_sweep.h"
#include "helper/target_file.h"
#include "util/file.h"
#include "util/sys.h"

struct symbol_store {
	char *folder;
	int dir; /* -1: not open yet */
	struct symbol_store_stats stats;
};

struct symbol_entry {
	struct symbol_store *store;
	struct stored_key key;
	int fd;
	uint64_t len, max_bytes;
	char temporary[STORED_KEY_MAX_NAME + 32]; /* "": it has no such name any more */
};

int symbol_store_new(const char *folder, uint64_t max_bytes, struct symbol_store **ret)
{
	_cleanup_(symbol_store_freep) struct symbol_store *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->dir = -1;
	s->stats.max_bytes = max_bytes;
	s->folder = strdup(folder);
	if (!s->folder)
		return -ENOMEM;

	*ret = TAKE_PTR(s);
	return 0;
}

struct symbol_store *symbol_store_free(struct symbol_store *s)
{
	if (!s)
		return NULL;
	closep(&s->dir);
	free(s->folder);
	free(s);
	return NULL;
}

const char *symbol_store_folder(const struct symbol_store *s)
{
	return s->folder;
}

void symbol_store_stats(const struct symbol_store *s, struct symbol_store_stats *ret)
{
	*ret = s->stats;
}

/* ---- the folder ---- */

static int folder_check(int dir)
{
	struct statfs fs;
	struct stat st;
	int r;

	r = sys_fstat(dir, &st);
	if (r < 0)
		return r;
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	if (fstatfs(dir, &fs) < 0)
		return -errno;
	return target_file_system_is_remote((uint64_t)fs.f_type) ? -EREMOTE : 0;
}

static int checked_open(const char *folder, int *ret_dir)
{
	_cleanup_close_ int dir = -1;
	int r;

	dir = sys_open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return dir;
	r = folder_check(dir);
	if (r < 0)
		return r;
	*ret_dir = TAKE_FD(dir);
	return 0;
}

int symbol_store_check(const char *folder)
{
	_cleanup_close_ int dir = -1;

	return checked_open(folder, &dir);
}

static int folder_open(struct symbol_store *s)
{
	int r;

	if (s->dir >= 0)
		return 0;
	r = checked_open(s->folder, &s->dir);
	if (r < 0)
		return r;
	return symbol_sweep(s->dir, s->stats.max_bytes, &s->stats.bytes, &s->stats.evicted);
}

/* A folder that was deleted while it was open takes no files. */
static int folder_make(struct symbol_store *s)
{
	struct stat st;
	int r;

	if (s->dir >= 0 && sys_fstat(s->dir, &st) == 0 && st.st_nlink == 0) {
		(void)close(s->dir);
		s->dir = -1;
	}
	if (s->dir >= 0)
		return 0;
	r = dir_make(s->folder, 0700);
	return r < 0 ? r : folder_open(s);
}

/* ---- reading ---- */

static bool serves(const struct stored_key *have, const struct stored_key *want)
{
	return stored_key_is_of_same_file(have, want) &&
	       !(want->flags & STORED_WITH_DEBUG & ~have->flags);
}

/* -ENOENT also for what is no file of ours. */
static int entry_open(const struct symbol_store *s, const char *name, struct stored_key *ret_key,
		      int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	fd = sys_openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return fd;
	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) ||
	    pread(fd, ret_key, sizeof(*ret_key), 0) != (ssize_t)sizeof(*ret_key))
		return -ENOENT;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int table_open(const struct symbol_store *s, const struct stored_key *k, int *ret_fd)
{
	char name[STORED_KEY_MAX_NAME];
	_cleanup_close_ int fd = -1;
	struct stored_key have;
	int r;

	stored_key_name(k, name);
	r = entry_open(s, name, &have, &fd);
	if (r < 0)
		return r;
	if (!serves(&have, k))
		return -ENOENT;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Counts what came of a look-up. */
static int found(struct symbol_store *s, int r, int fd, int *ret_fd)
{
	if (r < 0) {
		s->stats.misses++;
		return -ENOENT;
	}
	s->stats.hits++;
	(void)futimens(fd, NULL); /* it was used; who may not write here evicts nothing either */
	*ret_fd = fd;
	return 0;
}

int symbol_store_find(struct symbol_store *s, const struct stored_key *k, int *ret_fd)
{
	int fd = -1, r;

	r = folder_open(s);
	if (r == 0)
		r = table_open(s, k, &fd);
	return found(s, r, fd, ret_fd);
}

struct build_search {
	const struct symbol_store *store;
	const uint8_t *build_id;
	uint32_t len, flags; /* flags: of the key of the best table so far, which is open */
	int fd;
};

static int build_look_at(void *ctx, const char *name)
{
	struct build_search *b = ctx;
	_cleanup_close_ int fd = -1;
	struct stored_key have;

	if (entry_open(b->store, name, &have, &fd) < 0 ||
	    !stored_key_is_of_build(&have, b->build_id, b->len) ||
	    !(have.flags & STORED_OF_SYSTEM) || (b->fd >= 0 && (b->flags & STORED_WITH_DEBUG)))
		return 0;
	closep(&b->fd);
	b->fd = TAKE_FD(fd);
	b->flags = have.flags;
	return 0;
}

int symbol_store_find_build(struct symbol_store *s, const uint8_t *build_id, uint32_t len, int *ret_fd)
{
	struct build_search b = { .store = s, .build_id = build_id, .len = len, .fd = -1 };
	char prefix[STORED_KEY_MAX_NAME];
	int r = len > 0 && len <= HELPER_MAX_BUILD_ID ? folder_open(s) : -ENOENT;

	if (r == 0) {
		stored_key_prefix(build_id, len, prefix);
		r = symbol_sweep_each(s->dir, prefix, build_look_at, &b);
	}
	return found(s, r == 0 && b.fd < 0 ? -ENOENT : r, b.fd, ret_fd);
}

void symbol_store_drop(struct symbol_store *s, const struct stored_key *k)
{
	char name[STORED_KEY_MAX_NAME];

	s->stats.damaged++;
	stored_key_name(k, name);
	if (s->dir >= 0)
		(void)unlinkat(s->dir, name, 0);
}

/* ---- writing ---- */

int symbol_entry_new(struct symbol_store *s, const struct stored_key *k, uint64_t max_bytes,
		     struct symbol_entry **ret)
{
	_cleanup_(symbol_entry_freep) struct symbol_entry *e = calloc(1, sizeof(*e));
	char name[STORED_KEY_MAX_NAME];
	uint64_t random = 0;
	int r;

	if (!e)
		return -ENOMEM;
	e->store = s;
	e->key = *k;
	e->max_bytes = max_bytes < s->stats.max_bytes ? max_bytes : s->stats.max_bytes;
	e->fd = -1;
	r = folder_make(s);
	if (r < 0)
		return r;
	stored_key_name(k, name);
	(void)getrandom(&random, sizeof(random), GRND_NONBLOCK);
	snprintf(e->temporary, sizeof(e->temporary), "%s.%016" PRIx64 SYMBOL_TEMPORARY, name, random);
	e->fd = sys_openat(s->dir, e->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (e->fd < 0) {
		e->temporary[0] = '\0'; /* not ours */
		return e->fd;
	}
	r = symbol_entry_append(e, k, sizeof(*k));
	if (r < 0)
		return r;

	*ret = TAKE_PTR(e);
	return 0;
}

int symbol_entry_append(struct symbol_entry *e, const void *data, size_t len)
{
	if (len > e->max_bytes || e->len > e->max_bytes - len)
		return -EFBIG;
	e->len += len;
	return fd_write_all(e->fd, data, len);
}

int symbol_entry_commit(struct symbol_entry *e, int *ret_fd)
{
	struct symbol_store *s = e->store;
	char name[STORED_KEY_MAX_NAME];

	stored_key_name(&e->key, name);
	if (renameat(s->dir, e->temporary, s->dir, name) < 0)
		return -errno;
	e->temporary[0] = '\0';
	s->stats.stored++;
	*ret_fd = -1;
	(void)table_open(s, &e->key, ret_fd);
	(void)symbol_sweep(s->dir, s->stats.max_bytes, &s->stats.bytes, &s->stats.evicted);
	return 0;
}

struct symbol_entry *symbol_entry_free(struct symbol_entry *e)
{
	if (!e)
		return NULL;
	if (e->temporary[0])
		(void)unlinkat(e->store->dir, e->temporary, 0);
	closep(&e->fd);
	free(e);
	return NULL;
}
