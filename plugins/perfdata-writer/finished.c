/* SPDX-License-Identifier: Apache-2.0 */
/* Names are given by link(), which overwrites nothing; a crash may leave a file with both of its. */
#include "finished.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "compress.h"
#include "digest.h"

static int give_name(const struct finishing *f, const char *temporary, const char *name)
{
	if (f->can_overwrite)
		return renameat(f->directory, temporary, f->directory, name) < 0 ? -errno : 0;
	if (linkat(f->directory, temporary, f->directory, name, 0) < 0)
		return -errno;
	return unlinkat(f->directory, temporary, 0) < 0 ? -errno : 0;
}

static int name_plain(const struct finishing *f, int fd, const char *temporary, const char *name,
		      struct hearth_artifact_row *row)
{
	int r = digest_file(fd, row->sha256, &row->size);

	if (r == 0)
		r = give_name(f, temporary, name);
	if (r == 0)
		(void)fsync(f->directory);
	return r;
}

static int make_copy(const struct finishing *f, int fd, const char *copy, const char *name,
		     struct hearth_artifact_row *row)
{
	_cleanup_close_ int to = openat(f->directory, copy, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
					0640);
	int r;

	if (to < 0)
		return -errno;
	(void)flock(to, LOCK_EX | LOCK_NB); /* says that it is not left over */
	r = compress_file(fd, to);
	if (r == 0)
		r = digest_file(to, row->sha256, &row->size);
	if (r == 0)
		r = give_name(f, copy, name);
	if (r < 0)
		(void)unlinkat(f->directory, copy, 0);
	return r;
}

static int name_zstd(const struct finishing *f, int fd, const char *temporary, const char *name,
		     struct hearth_artifact_row *row)
{
	_cleanup_free_ char *zstd_name = NULL, *copy = NULL;
	int r;

	if (asprintf(&zstd_name, "%s" FINISHED_ZSTD_SUFFIX, name) < 0 ||
	    asprintf(&copy, ".%s.part", zstd_name) < 0)
		return -ENOMEM;
	(void)unlinkat(f->directory, copy, 0); /* of a writer that died, which had the same file */
	r = make_copy(f, fd, copy, zstd_name, row);
	if (r < 0)
		return r;
	(void)fsync(f->directory); /* the copy has its name for good before the file goes */
	return unlinkat(f->directory, temporary, 0) < 0 ? -errno : 0;
}

int finished_name(const struct finishing *f, int fd, const char *temporary, const char *name,
		  struct finished *ret)
{
	struct finished done = { .is_zstd = f->wants_zstd };
	int r;

	if (f->wants_zstd) {
		done.zstd_error = name_zstd(f, fd, temporary, name, &done.row);
		if (done.zstd_error == 0) {
			*ret = done;
			return 0;
		}
	}
	done.is_zstd = false;
	r = name_plain(f, fd, temporary, name, &done.row);
	if (r == 0)
		*ret = done;
	return r;
}

/* ---- after a crash ---- */

static int open_zstd(int directory, const char *name)
{
	_cleanup_free_ char *zstd_name = NULL;
	int fd;

	if (asprintf(&zstd_name, "%s" FINISHED_ZSTD_SUFFIX, name) < 0) {
		zstd_name = NULL;
		return -ENOMEM;
	}
	fd = openat(directory, zstd_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool has_name(int directory, int fd, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(directory, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int finished_name_again(const struct finishing *f, int fd, const char *temporary, const char *name,
			struct finished *ret)
{
	_cleanup_close_ int zstd = open_zstd(f->directory, name);
	struct finished done = { .is_zstd = zstd >= 0 };
	int r;

	if (zstd < 0 && !has_name(f->directory, fd, name))
		return -ENOENT;
	r = digest_file(zstd >= 0 ? zstd : fd, done.row.sha256, &done.row.size);
	if (r == 0 && unlinkat(f->directory, temporary, 0) < 0)
		r = -errno;
	if (r == 0)
		*ret = done;
	return r;
}

bool finished_is_taken(int directory, const char *name)
{
	_cleanup_close_ int zstd = open_zstd(directory, name);

	return zstd >= 0 || faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
