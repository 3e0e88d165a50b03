/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way to write a file for all writers, so that each of them is atomic, counts its bytes once
 * and says the same thing about a full disk.
 */
#include "common/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include <hearth/artifact.h>

#include "common/writable.h"
#include "common/write_all.h"

enum { BUFFER_BYTES = 64 << 10, TEMPORARY_TRIES = 16 };

struct outfile {
	int directory, fd, error;
	bool is_committed, is_stream;
	char *folder, *name, *path, *temporary;
	uint64_t size;
	size_t n_buffered;
	struct sha256_ctx sha256;
	uint8_t digest[SHA256_DIGEST_SIZE];
	uint8_t buffer[BUFFER_BYTES];
};

static int refuse(char **ret_why, int r, const char *verb, const char *path)
{
	static const struct {
		int error;
		const char *text;
	} known[] = {
		{ ENOSPC, "no space left on device; free some, or use -o elsewhere" },
		{ EDQUOT, "disk quota exceeded; free some, or use -o elsewhere" },
		{ EFBIG, "file size limit reached (ulimit -f); raise it, or use -o elsewhere" },
		{ EROFS, "the file system is read-only; use -o elsewhere" },
		{ EACCES, "permission denied; use -o with a folder that you may write to" },
		{ EPERM, "permission denied; use -o with a folder that you may write to" },
		{ ENOTDIR, "part of the path is not a folder; use -o elsewhere" },
	};
	const char *text = strerror(-r);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].error == -r)
			text = known[i].text;
	if (asprintf(ret_why, "cannot %s %s: %s", verb, path, text) < 0)
		*ret_why = NULL;
	return r;
}

static int refuse_existing(char **ret_why, const char *directory, const char *name)
{
	if (asprintf(ret_why, "%s/%s exists; use --force (in a config: overwrite: true) to replace "
		     "it, or -o elsewhere", directory, name) < 0)
		*ret_why = NULL;
	return -EEXIST;
}

static int make_parents(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0777) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(copy, 0777) < 0 && errno != EEXIST ? -errno : 0;
}

static int open_standard_output(struct outdir *d, char **ret_why)
{
	d->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (d->fd < 0)
		return refuse(ret_why, -errno, "write to", "standard output");
	d->path = strdup("standard output");
	if (!d->path) {
		closep(&d->fd);
		return -ENOMEM;
	}
	d->is_stream = true;
	return 0;
}

int outdir_open(struct outdir *d, const char *path, char **ret_why)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *absolute = NULL;
	int r;

	if (strcmp(path, "-") == 0)
		return open_standard_output(d, ret_why);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		r = *path ? make_parents(path) : -ENOENT;
		if (r < 0)
			return refuse(ret_why, r, "make folder", path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return refuse(ret_why, -errno, "open folder", path);
	absolute = realpath(path, NULL);
	if (!absolute)
		return refuse(ret_why, -errno, "open folder", path);
	d->fd = TAKE_FD(fd);
	d->path = TAKE_PTR(absolute);
	return 0;
}

int outdir_check(const struct outdir *d, const char *name, char **ret_why)
{
	struct stat st;

	if (d->is_stream)
		return 0;
	if (faccessat(d->fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return refuse(ret_why, -errno, "write to folder", d->path);
	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return refuse_existing(ret_why, d->path, name);
	return 0;
}

void outdir_diagnose(const struct hearth_diagnosis *d)
{
	const char *path = d->option_string(d, "directory");

	if (path)
		writable_diagnose_folder(d, path);
}

void outdir_done(struct outdir *d)
{
	if (d->path)
		closep(&d->fd);
	free(d->path);
	*d = (struct outdir){ .fd = -1 };
}

/* mkostemp() would give mode 0600; this leaves the mode to the umask. */
static int open_temporary(struct outfile *o)
{
	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		uint32_t random = 0;

		free(TAKE_PTR(o->temporary));
		(void)getrandom(&random, sizeof(random), GRND_NONBLOCK);
		if (asprintf(&o->temporary, ".%s.%08x.tmp", o->name, random + (uint32_t)i) < 0) {
			o->temporary = NULL;
			return -ENOMEM;
		}
		o->fd = openat(o->directory, o->temporary,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (o->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	free(TAKE_PTR(o->temporary));
	return -errno;
}

static int open_fds(struct outfile *o, const struct outdir *d)
{
	int fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return -errno;
	if (o->is_stream) {
		o->fd = fd;
		return 0;
	}
	o->directory = fd;
	return open_temporary(o);
}

int outfile_new(const struct outdir *d, const char *name, struct outfile **ret, char **ret_why)
{
	_cleanup_(outfile_freep) struct outfile *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->fd = -1;
	o->directory = -1;
	o->is_stream = d->is_stream;
	o->name = strdup(name);
	o->folder = strdup(d->path);
	if (asprintf(&o->path, "%s%s%s", d->path, d->is_stream ? ": " : "/", name) < 0)
		o->path = NULL;
	if (!o->name || !o->folder || !o->path)
		return -ENOMEM;
	r = open_fds(o, d);
	if (r < 0)
		return refuse(ret_why, r, "write", o->path);
	sha256_init(&o->sha256);
	*ret = TAKE_PTR(o);
	return 0;
}

void outfile_flush(struct outfile *o)
{
	size_t len = o->n_buffered, done;

	o->n_buffered = 0;
	sha256_update(&o->sha256, len, o->buffer);
	o->size += len;
	if (!o->error)
		o->error = write_all(o->fd, o->buffer, len, &done);
}

void outfile_write(struct outfile *o, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len && !o->error) {
		size_t n = sizeof(o->buffer) - o->n_buffered;

		if (n > len)
			n = len;
		memcpy(o->buffer + o->n_buffered, p, n);
		o->n_buffered += n;
		p += n;
		len -= n;
		if (o->n_buffered == sizeof(o->buffer))
			outfile_flush(o);
	}
}

void outfile_text(struct outfile *o, const char *text)
{
	outfile_write(o, text, strlen(text));
}

void outfile_format(struct outfile *o, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		o->error = o->error ? o->error : -ENOMEM;
		return;
	}
	outfile_write(o, text, (size_t)n);
}

/* renameat2() is missing on some network file systems; link() refuses a taken name as well. */
static int name_without_overwriting(struct outfile *o)
{
	if (renameat2(o->directory, o->temporary, o->directory, o->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -errno;
	if (linkat(o->directory, o->temporary, o->directory, o->name, 0) < 0)
		return -errno;
	(void)unlinkat(o->directory, o->temporary, 0);
	return 0;
}

static int outfile_name(struct outfile *o, bool can_overwrite)
{
	if (!can_overwrite)
		return name_without_overwriting(o);
	return renameat(o->directory, o->temporary, o->directory, o->name) < 0 ? -errno : 0;
}

int outfile_commit(struct outfile *o, bool can_overwrite, char **ret_why)
{
	int r;

	outfile_flush(o);
	if (!o->error && !o->is_stream && fsync(o->fd) < 0)
		o->error = -errno;
	if (close(TAKE_FD(o->fd)) < 0 && !o->error)
		o->error = -errno;
	if (o->is_stream && o->error == -EPIPE)
		return 0; /* whoever read it has seen enough */
	if (o->error)
		return refuse(ret_why, o->error, "write", o->path);
	if (o->is_stream)
		return 0;
	sha256_digest(&o->sha256, sizeof(o->digest), o->digest);
	r = outfile_name(o, can_overwrite);
	if (r == -EEXIST)
		return refuse_existing(ret_why, o->folder, o->name);
	if (r < 0)
		return refuse(ret_why, r, "write", o->path);
	o->is_committed = true;
	(void)fsync(o->directory);
	return 0;
}

int32_t outfile_emit(const struct outfile *o, const struct hearth_host *h,
		     const struct outfile_about *about)
{
	struct hearth_artifact_row row = {
		.size = o->size,
		.window_start_ns = about->window_start_ns,
		.window_end_ns = about->window_end_ns,
	};

	if (o->is_stream)
		return 0;
	memcpy(row.sha256, o->digest, sizeof(row.sha256));
	return hearth_artifact_emit(h, o->path, about->media_type, about->description, &row);
}

const char *outfile_path(const struct outfile *o)
{
	return o->path;
}

uint64_t outfile_size(const struct outfile *o)
{
	return o->size;
}

struct outfile *outfile_free(struct outfile *o)
{
	if (!o)
		return NULL;
	closep(&o->fd);
	if (o->temporary && !o->is_committed)
		(void)unlinkat(o->directory, o->temporary, 0);
	closep(&o->directory);
	free(o->folder);
	free(o->name);
	free(o->path);
	free(o->temporary);
	free(o);
	return NULL;
}
