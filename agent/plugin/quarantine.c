/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state file that cannot be read must neither keep Hearth from starting nor vanish without a
 * trace. Names begin with the time, so that sorting them finds the oldest.
 */
#include "plugin/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/str.h"

#define MAX_ENTRIES 64
#define MAX_BYTES (16ull << 20)
#define MAX_SAME_SECOND 1000

static uint64_t entry_bytes(const FTSENT *e)
{
	return e->fts_info == FTS_F ? (uint64_t)e->fts_statp->st_size : 0;
}

/* Walks a tree without following links: adds up its files, or removes all of it. */
static int walk_tree(char *path, bool removes, uint64_t *ret_bytes)
{
	char *const paths[] = { path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	uint64_t bytes = 0;
	FTSENT *e;
	int r = 0;

	if (!tree)
		return -errno;
	while ((e = fts_read(tree))) {
		bytes += entry_bytes(e);
		if (removes && e->fts_info != FTS_D && remove(e->fts_accpath) < 0)
			r = -errno;
	}
	(void)fts_close(tree);
	if (ret_bytes)
		*ret_bytes = bytes;
	return r;
}

struct entry {
	char *path;
	uint64_t bytes;
};

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Removes from the oldest on until the rest is within both limits. */
static void prune(char *bad)
{
	char *const paths[] = { bad, NULL };
	FTS *folder = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, compare_entries);
	size_t n = 0;
	uint64_t total = 0, bytes;
	FTSENT *entries;

	if (!folder)
		return;
	(void)fts_read(folder);
	entries = fts_children(folder, 0);
	for (FTSENT *e = entries; e; e = e->fts_link, n++) {
		_cleanup_free_ char *path = str_format("%s/%s", bad, e->fts_name);

		if (path && walk_tree(path, false, &bytes) >= 0)
			total += bytes;
	}
	for (FTSENT *e = entries; e && (n > MAX_ENTRIES || total > MAX_BYTES); e = e->fts_link, n--) {
		_cleanup_free_ char *path = str_format("%s/%s", bad, e->fts_name);

		if (path && walk_tree(path, false, &bytes) >= 0 && walk_tree(path, true, NULL) >= 0)
			total -= bytes;
	}
	(void)fts_close(folder);
}

/* `bad` itself may have been replaced by something else. */
static int make_folder(char *bad)
{
	int r = dir_make(bad, 0700);

	if (r != -ENOTDIR && r != -ELOOP && r != -EEXIST)
		return r;
	r = walk_tree(bad, true, NULL);
	return r < 0 ? r : dir_make(bad, 0700);
}

static int move(const char *path, const char *bad, const char *label, char **ret)
{
	char now[21];

	clock_format_utc(clock_realtime_ns(), now);
	for (int i = 0; i < MAX_SAME_SECOND; i++) {
		_cleanup_free_ char *to = str_format("%s/%s.%03d.%s", bad, now, i, label);

		if (!to)
			return -ENOMEM;
		if (renameat2(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE) >= 0) {
			*ret = TAKE_PTR(to);
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int quarantine(const char *state_dir, const char *path, const char *label, char **ret_moved)
{
	_cleanup_free_ char *bad = NULL, *at = NULL, *moved = NULL;
	int r;

	bad = str_format("%s/bad", state_dir);
	at = strdup(path);
	if (!bad || !at)
		return -ENOMEM;
	r = make_folder(bad);
	if (r >= 0)
		r = move(path, bad, label, &moved);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		r = walk_tree(at, true, NULL);
	if (r < 0)
		return r;
	if (moved)
		prune(bad);
	*ret_moved = TAKE_PTR(moved);
	return 0;
}
