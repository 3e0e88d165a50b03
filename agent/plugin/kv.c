/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is cached and nothing is locked: the file system is the store, and rename() is what
 * makes two writers of one key safe.
 */
#include "plugin/kv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/kv_record.h"
#include "plugin/quarantine.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

#define SUFFIX ".kv"
#define MAX_KEY 64

static bool key_is_valid(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= MAX_KEY && !key[n];
}

/* Names of instances come from config keys: what a file name cannot hold becomes %XX. */
static char *encode(const char *name)
{
	_cleanup_(buf_done) struct buf b = {};

	for (const char *c = name; *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				(*c >= '0' && *c <= '9') || strchr("_#-", *c) ||
				(*c == '.' && c > name);

		buf_printf(&b, is_plain ? "%c" : "%%%02X", (unsigned char)*c);
	}
	return buf_take(&b);
}

static char *namespace_path(const struct kv_place *p)
{
	_cleanup_free_ char *instance = encode(p->instance), *run = encode(p->run);

	if (!instance || (p->run[0] && !run))
		return NULL;
	return str_format("%s/kv/%s%s%s", p->state_dir, instance, p->run[0] ? "@" : "",
			  p->run[0] ? run : "");
}

static char *key_path(const struct kv_place *p, const char *key)
{
	_cleanup_free_ char *folder = namespace_path(p);

	return folder ? str_format("%s/%s" SUFFIX, folder, key) : NULL;
}

static void warn_damaged(const struct kv_place *p, const char *path, const char *why, int r,
			 const char *moved)
{
	static struct log_limit limit = { .interval_ns = 60 * NS_PER_S, .burst = 10 };
	uint32_t suppressed;

	if (!log_limit_allows(&limit, &suppressed))
		return;
	if (r < 0)
		log_write(HEARTH_LOG_WARNING, p->instance,
			  "saved state %s cannot be used (%s) and counts as absent; it cannot be "
			  "moved away either: %s",
			  path, why, strerror(-r));
	else
		log_write(HEARTH_LOG_WARNING, p->instance,
			  "saved state %s cannot be used (%s) and counts as absent; %s%s", path,
			  why, moved ? "it is kept as " : "it was removed", moved ? moved : "");
}

static void set_aside(const struct kv_place *p, const char *path, const char *why)
{
	_cleanup_free_ char *label = NULL, *moved = NULL, *instance = encode(p->instance);
	int r = -ENOMEM;

	if (instance)
		label = str_format("kv.%s.%s", instance, strrchr(path, '/') + 1);
	if (label)
		r = quarantine(p->state_dir, path, label, &moved);
	if (r != -ENOENT)
		warn_damaged(p, path, why, r, moved);
}

/* Says why a failure to read is damage; NULL: it is not, and may pass. */
static const char *damage_of(int r)
{
	static const struct {
		int error;
		const char *why;
	} damages[] = {
		{ EISDIR, "a folder is in its place" },
		{ EINVAL, "it is not a regular file" },
		{ ENXIO, "it is not a regular file" },
		{ ELOOP, "a symbolic link is in its place" },
		{ EFBIG, "it is too long" },
		{ EIO, "the disk cannot read it" },
		{ EACCES, "it may not be read" },
		{ EPERM, "it may not be read" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++)
		if (damages[i].error == -r)
			return damages[i].why;
	return NULL;
}

static int read_record(const char *path, char **ret, size_t *ret_len)
{
	/* O_NONBLOCK: opening a FIFO would wait for its writer. */
	_cleanup_close_ int fd = sys_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	int r;

	if (fd < 0)
		return TAKE_FD(fd);
	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return fd_read_all(fd, KV_RECORD_HEADER + KV_VALUE_MAX, ret, ret_len);
}

/* kv/ and kv/<namespace> must be folders: what stands in the way of one is set aside. */
static int clear_way(const struct kv_place *p)
{
	_cleanup_free_ char *kv = str_format("%s/kv", p->state_dir), *folder = namespace_path(p);
	const char *const paths[] = { kv, folder };
	struct stat st;

	if (!kv || !folder)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (lstat(paths[i], &st) == 0 && !S_ISDIR(st.st_mode))
			set_aside(p, paths[i], "it is not a folder");
	return 0;
}

static int64_t copy_value(const struct kv_place *p, const char *path, const char *key,
			  const char *record, size_t len, void *buf, size_t cap)
{
	const char *reason;
	const void *value;
	size_t value_len;

	if (kv_record_read(key, record, len, &value, &value_len, &reason) < 0) {
		set_aside(p, path, reason);
		return -ENOENT;
	}
	if (cap > 0)
		memcpy(buf, value, value_len < cap ? value_len : cap);
	return (int64_t)value_len;
}

int64_t kv_get(const struct kv_place *p, const char *key, void *buf, size_t cap)
{
	_cleanup_free_ char *path = NULL, *record = NULL;
	const char *damage;
	size_t len;
	int r;

	if (!key_is_valid(key))
		return -EINVAL;
	path = key_path(p, key);
	if (!path)
		return -ENOMEM;
	r = read_record(path, &record, &len);
	if (r >= 0)
		return copy_value(p, path, key, record, len, buf, cap);
	if (r == -ENOTDIR) {
		r = clear_way(p);
		return r < 0 ? r : -ENOENT;
	}
	damage = damage_of(r);
	if (!damage)
		return r;
	set_aside(p, path, damage);
	return -ENOENT;
}

static int make_folder(const struct kv_place *p)
{
	_cleanup_free_ char *folder = namespace_path(p);
	int r;

	if (!folder)
		return -ENOMEM;
	r = clear_way(p);
	return r < 0 ? r : dir_make(folder, 0700);
}

int kv_put(const struct kv_place *p, const char *key, const void *value, size_t len)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ void *record = NULL;
	size_t record_len;
	int r;

	if (!key_is_valid(key))
		return -EINVAL;
	path = key_path(p, key);
	if (!path)
		return -ENOMEM;
	r = kv_record_write(key, value, len, &record, &record_len);
	if (r < 0)
		return r;
	r = make_folder(p);
	if (r < 0)
		return r;
	r = file_write_atomic(path, record, record_len, 0600, true);
	if (r != -EISDIR && r != -ENOTEMPTY && r != -EEXIST)
		return r;
	set_aside(p, path, "a folder is in its place");
	return file_write_atomic(path, record, record_len, 0600, true);
}

static int sync_folder(const struct kv_place *p)
{
	_cleanup_free_ char *folder = namespace_path(p);
	_cleanup_close_ int fd = -1;

	if (!folder)
		return -ENOMEM;
	fd = sys_open(folder, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? fd : sys_fsync(fd);
}

int kv_remove(const struct kv_place *p, const char *key)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (!key_is_valid(key))
		return -EINVAL;
	path = key_path(p, key);
	if (!path)
		return -ENOMEM;
	r = sys_unlink(path);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == -EISDIR || r == -EPERM) {
		set_aside(p, path, "a folder is in its place");
		return 0;
	}
	return r < 0 ? r : sync_folder(p);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_keys(const char *folder, char ***ret)
{
	_cleanup_(strv_freep) char **keys = NULL;
	DIR *d = opendir(folder);
	struct dirent *e;
	int r = 0;

	if (!d)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while (r >= 0 && (e = readdir(d))) {
		size_t len = strlen(e->d_name);
		_cleanup_free_ char *key = NULL;

		if (len <= strlen(SUFFIX) || !str_equal(e->d_name + len - strlen(SUFFIX), SUFFIX))
			continue;
		key = sys_strndup(e->d_name, len - strlen(SUFFIX));
		r = !key ? -ENOMEM : key_is_valid(key) ? strv_append(&keys, key) : 0;
	}
	(void)closedir(d);
	if (r < 0)
		return r;
	if (keys)
		qsort(keys, strv_length(keys), sizeof(*keys), compare_keys);
	*ret = TAKE_PTR(keys);
	return 0;
}

int kv_each(const struct kv_place *p, int32_t (*fn)(void *ctx, const char *key), void *ctx)
{
	_cleanup_free_ char *folder = namespace_path(p);
	_cleanup_(strv_freep) char **keys = NULL;
	int r;

	if (!folder)
		return -ENOMEM;
	r = list_keys(folder, &keys);
	for (char **k = keys; r == 0 && k && *k; k++)
		r = fn(ctx, *k);
	return r;
}
