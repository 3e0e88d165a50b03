/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and replacing whole files. Nobody ever sees half of a file that Hearth wrote, and a
 * write that failed leaves the folder as it was.
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "util/sys.h"

#define READ_PORTION 4096

int fd_read_all(int fd, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_(buf_done) struct buf b = {};
	size_t len;

	for (;;) {
		char portion[READ_PORTION];
		ssize_t n = sys_read(fd, portion, sizeof(portion));

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		if ((size_t)n > max - b.len)
			return -EFBIG;
		if (buf_append(&b, portion, (size_t)n) < 0)
			return b.error;
	}
	len = b.len;
	*ret = buf_take(&b);
	if (!*ret)
		return -ENOMEM;
	if (ret_len)
		*ret_len = len;
	return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_len)
{
	/* O_NONBLOCK: opening a FIFO would wait for its writer. */
	_cleanup_close_ int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	int r;

	if (fd < 0)
		return TAKE_FD(fd);
	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return fd_read_all(fd, max, ret, ret_len);
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = sys_write(fd, at, len);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Through *ret_path the caller owns the name, and has to unlink it. */
static int temporary_open(const char *path, mode_t mode, char **ret_path, int *ret_fd)
{
	for (unsigned int i = 0; i < 16; i++) {
		_cleanup_free_ char *name = NULL;
		uint64_t random = i;
		int fd;

		(void)getrandom(&random, sizeof(random), GRND_NONBLOCK);
		name = str_format("%s.%016llx.tmp", path, (unsigned long long)random);
		if (!name)
			return -ENOMEM;
		fd = sys_open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0777);
		if (fd == -EEXIST)
			continue;
		if (fd < 0)
			return fd;
		*ret_path = TAKE_PTR(name);
		*ret_fd = fd;
		return 0;
	}
	return -EEXIST;
}

static int temporary_fill(int fd, const void *data, size_t len, mode_t mode)
{
	int r = fd_write_all(fd, data, len);

	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0) /* the umask had its say at open */
		return -errno;
	return sys_fsync(fd);
}

/*
 * link() gives a file a name only if the name is free; file systems without hard links (vfat,
 * some network ones) may have the flag of renameat2() instead.
 */
static int temporary_publish(const char *temporary, const char *path, bool overwrite)
{
	int r = overwrite ? sys_rename(temporary, path) : sys_link(temporary, path);

	if (overwrite || (r != -EPERM && r != -EOPNOTSUPP && r != -ENOSYS))
		return r;
	return renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

static int folder_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (!slash)
		folder = sys_strndup(".", 1);
	else
		folder = sys_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!folder)
		return -ENOMEM;
	fd = sys_open(folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return TAKE_FD(fd);
	r = sys_fsync(fd);
	return r == -EINVAL ? 0 : r; /* a file system that has no such thing */
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, bool overwrite)
{
	_cleanup_free_ char *temporary = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	r = temporary_open(path, mode, &temporary, &fd);
	if (r < 0)
		return r;
	r = temporary_fill(fd, data, len, mode);
	if (r == 0)
		r = temporary_publish(temporary, path, overwrite);
	(void)unlink(temporary); /* a renamed one is gone already */
	return r < 0 ? r : folder_sync(path);
}

static int dir_make_one(const char *path, mode_t mode)
{
	struct stat st;
	int r = sys_mkdir(path, mode);

	if (r != -EEXIST)
		return r;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int dir_make(const char *path, mode_t mode)
{
	_cleanup_free_ char *prefix = sys_strndup(path, PATH_MAX);

	if (!prefix)
		return -ENOMEM;
	if (!*prefix)
		return -ENOENT;
	for (char *slash = strchr(prefix + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = dir_make_one(prefix, mode);
		if (r < 0)
			return r;
		*slash = '/';
	}
	return dir_make_one(prefix, mode);
}
