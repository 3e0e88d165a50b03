/* SPDX-License-Identifier: Apache-2.0 */
/* State of runs goes with them, and what a crash kept from being removed goes a week later. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/kv.h"
#include "plugin/tree.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/str.h"
#include "util/sys.h"

#define KEEP_S (7 * 24 * 3600)
#define TEMPORARY ".tmp" /* as file_write_atomic() ends its names */

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && str_equal(s + len - end_len, end);
}

/* fn for every entry of a folder; none if the folder is not there. */
static int each_entry(const char *folder, int (*fn)(void *ctx, const char *path, const char *name),
		      void *ctx)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int r = 0;

	if (!d)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while (r >= 0 && (e = readdir(d))) {
		_cleanup_free_ char *path = NULL;

		if (str_equal(e->d_name, ".") || str_equal(e->d_name, ".."))
			continue;
		path = str_format("%s/%s", folder, e->d_name);
		r = path ? fn(ctx, path, e->d_name) : -ENOMEM;
	}
	(void)closedir(d);
	return r;
}

static int forget_namespace(void *ctx, const char *path, const char *name)
{
	const char *run = ctx, *at = strchr(name, '@');

	return at && str_equal(at + 1, run) ? tree_remove(path) : 0;
}

int kv_forget_run(const char *state_dir, const char *run)
{
	_cleanup_free_ char *kv = str_format("%s/kv", state_dir);
	_cleanup_free_ char *copy = sys_strndup(run, SIZE_MAX);

	if (!kv || !copy)
		return -ENOMEM;
	return each_entry(kv, forget_namespace, copy);
}

static bool is_old(const char *path)
{
	uint64_t now_s = clock_realtime_ns() / NS_PER_S;
	struct stat st;

	return lstat(path, &st) == 0 && now_s > (uint64_t)st.st_mtim.tv_sec + KEEP_S;
}

static int sweep_file(void *ctx, const char *path, const char *name)
{
	(void)ctx;
	if (ends_with(name, TEMPORARY) && is_old(path))
		(void)sys_unlink(path);
	return 0;
}

static int sweep_namespace(void *ctx, const char *path, const char *name)
{
	if (strchr(name, '@') && is_old(path))
		return tree_remove(path);
	return each_entry(path, sweep_file, ctx);
}

int kv_sweep(const char *state_dir)
{
	_cleanup_free_ char *kv = str_format("%s/kv", state_dir);

	return kv ? each_entry(kv, sweep_namespace, NULL) : -ENOMEM;
}
