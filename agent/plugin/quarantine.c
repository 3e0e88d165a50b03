/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state file that cannot be read must neither keep Hearth from starting nor vanish without a
 * trace. Names begin with the time, so that sorting them finds the oldest.
 */
#include "plugin/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/tree.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/str.h"

#define MAX_ENTRIES 64
#define MAX_BYTES (16ull << 20)
#define MAX_TRIES 1000

static int is_entry(const struct dirent *e)
{
	return !str_equal(e->d_name, ".") && !str_equal(e->d_name, "..");
}

/* Keeps the newest that fit into both limits. */
static void prune(const char *bad)
{
	struct dirent **entries;
	int n = scandir(bad, &entries, is_entry, alphasort);
	uint64_t total = 0;

	if (n < 0)
		return;
	for (int i = n - 1; i >= 0; i--) {
		_cleanup_free_ char *path = str_format("%s/%s", bad, entries[i]->d_name);
		uint64_t bytes = 0;

		free(entries[i]);
		if (!path)
			continue;
		(void)tree_bytes(path, &bytes);
		total += bytes;
		if (n - i > MAX_ENTRIES || total > MAX_BYTES)
			(void)tree_remove(path);
	}
	free(entries);
}

/* `bad` itself may have been replaced by something else. */
static int make_folder(const char *bad)
{
	int r = dir_make(bad, 0700);

	if (r != -ENOTDIR && r != -ELOOP && r != -EEXIST)
		return r;
	r = tree_remove(bad);
	return r < 0 ? r : dir_make(bad, 0700);
}

/* By the nanosecond: a name must never sort before those of earlier ones. */
static int move(const char *path, const char *bad, const char *label, char **ret)
{
	uint64_t now_ns = clock_realtime_ns();
	char second[21];

	for (int i = 0; i < MAX_TRIES; i++, now_ns++) {
		_cleanup_free_ char *to = NULL;

		clock_format_utc(now_ns, second);
		to = str_format("%s/%s.%09llu.%s", bad, second,
				(unsigned long long)(now_ns % NS_PER_S), label);
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
	_cleanup_free_ char *bad = str_format("%s/bad", state_dir), *moved = NULL;
	int r;

	if (!bad)
		return -ENOMEM;
	r = make_folder(bad);
	if (r >= 0)
		r = move(path, bad, label, &moved);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		r = tree_remove(path);
	if (r < 0)
		return r;
	if (moved)
		prune(bad);
	*ret_moved = TAKE_PTR(moved);
	return 0;
}
