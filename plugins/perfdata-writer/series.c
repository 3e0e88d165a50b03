/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock on the temporary file says that its writer lives. What has no living writer was left by a
 * crash: it is whole up to its last batch, and gets its name from whoever comes next.
 */
#include "series.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <hearth/artifact.h>

#include "common/say.h"
#include "finished.h"
#include "retention.h"

#define SUFFIX ".perf.data"
#define NS_PER_S 1000000000ull

struct series_artifact {
	char *path;
	bool is_zstd;
	struct hearth_artifact_row row;
};

__attribute__((format(printf, 3, 4))) static int refuse(char **ret_why, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(ret_why, format, args) < 0)
		*ret_why = NULL;
	va_end(args);
	return r;
}

static const char *label(const struct hearth_host *h, const char *key)
{
	for (uint32_t i = 0; i < h->n_labels; i++) {
		const struct hearth_label *l =
			(const void *)((const char *)h->labels + (size_t)i * h->label_stride);

		if (strcmp(l->key, key) == 0 && l->value[0])
			return l->value;
	}
	return NULL;
}

/* One word of a file name: no separator, nothing hidden. */
static void put_word(char *ret, size_t size, const char *word)
{
	size_t n = 0;

	for (; *word && n + 1 < size; word++, n++)
		ret[n] = *word == '/' || (unsigned char)*word < ' ' || (n == 0 && *word == '.') ? '_' : *word;
	ret[n] = '\0';
}

/* "<service>-<host>-", which all files of the series begin with. */
static void series_prefix(const struct series *s, char *ret, size_t size)
{
	const char *service = label(s->host, "service.name"), *host = label(s->host, "host.name");
	char a[64], b[64];

	put_word(a, sizeof(a), service ? service : "hearth");
	put_word(b, sizeof(b), host ? host : "localhost");
	snprintf(ret, size, "%s-%s-", a, b);
}

/* ---- names ---- */

/* A second file of one second gets a number. */
static int make_name(struct series *s, uint64_t start_ns, unsigned int number)
{
	time_t seconds = (time_t)(start_ns / NS_PER_S);
	char stamp[32] = "", prefix[160], again[16] = "";
	struct tm utc;

	free(TAKE_PTR(s->name));
	free(TAKE_PTR(s->temporary));
	series_prefix(s, prefix, sizeof(prefix));
	if (gmtime_r(&seconds, &utc))
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	if (number > 1)
		snprintf(again, sizeof(again), "-%u", number);
	if (s->fixed_name)
		s->name = strdup(s->fixed_name);
	else if (asprintf(&s->name, "%s%s%s" SUFFIX, prefix, stamp, again) < 0)
		s->name = NULL;
	if (!s->name || asprintf(&s->temporary, ".%s.part", s->name) < 0) {
		s->temporary = NULL;
		return -ENOMEM;
	}
	return 0;
}

static bool is_taken(const struct series *s)
{
	return finished_is_taken(s->directory.fd, s->name) ||
	       faccessat(s->directory.fd, s->temporary, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void forget_file(struct series *s)
{
	perf_file_close(&s->file);
	free(TAKE_PTR(s->name));
	free(TAKE_PTR(s->temporary));
}

/* ---- finished files ---- */

static int keep_artifact(struct series *s, const char *name, const struct finished *f,
			 const struct series_span *span)
{
	struct series_artifact *p = realloc(s->unsent, (s->n_unsent + 1) * sizeof(*p)), *a;

	if (!p)
		return -ENOMEM;
	s->unsent = p;
	a = &p[s->n_unsent];
	*a = (struct series_artifact){ .row = f->row, .is_zstd = f->is_zstd };
	a->row.window_start_ns = span->start_ns;
	a->row.window_end_ns = span->end_ns;
	if (asprintf(&a->path, "%s/%s%s", s->directory.path, name, f->is_zstd ? FINISHED_ZSTD_SUFFIX : "") < 0)
		return -ENOMEM;
	s->n_unsent++;
	return 0;
}

static struct finishing finishing_of(const struct series *s)
{
	return (struct finishing){ s->directory.fd, s->can_overwrite, s->wants_zstd };
}

static int finish_file(struct series *s, int fd, const char *temporary, const char *name,
		       const struct series_span *span)
{
	struct finishing how = finishing_of(s);
	struct finished f;
	int r = finished_name(&how, fd, temporary, name, &f);

	if (r < 0)
		return r;
	if (f.zstd_error < 0)
		say(s->host, HEARTH_LOG_WARNING, "%s/%s stays as it is: cannot compress it: %s",
		    s->directory.path, name, strerror(-f.zstd_error));
	return keep_artifact(s, name, &f, span);
}

static void apply_retention(struct series *s)
{
	char prefix[160];
	int n;

	if (s->fixed_name || !(s->keep || s->keep_bytes))
		return;
	series_prefix(s, prefix, sizeof(prefix));
	n = retention_apply(s->directory.fd, prefix, s->keep, s->keep_bytes);
	if (n > 0)
		s->host->count(s->host, "files_removed.retention", (uint64_t)n);
	if (n < 0)
		say(s->host, HEARTH_LOG_WARNING, "cannot look for old files in %s: %s", s->directory.path,
		    strerror(-n));
}

int series_end(struct series *s, const struct features *features, const struct series_span *span,
	       char **ret_why)
{
	int r = features ? perf_file_end(&s->file, features) : 0;

	if (s->file.data_bytes == 0) {
		(void)unlinkat(s->directory.fd, s->temporary, 0); /* nobody misses it */
		forget_file(s);
		return r;
	}
	if (r == 0)
		r = finish_file(s, s->file.fd, s->temporary, s->name, span);
	if (r < 0)
		refuse(ret_why, r, "cannot finish %s/%s: %s; what was recorded is in %s, which perf reads",
		       s->directory.path, s->name, strerror(-r), s->temporary);
	forget_file(s);
	apply_retention(s);
	return r;
}

int series_send(struct series *s)
{
	while (s->n_unsent) {
		struct series_artifact *a = &s->unsent[0];
		/* "+zstd": RFC 8878, section 7.2 */
		int r = hearth_artifact_emit(s->host, a->path, a->is_zstd ?
					     "application/vnd.linux.perf.data+zstd" :
					     "application/vnd.linux.perf.data", "perf.data", &a->row);

		if (r == -EAGAIN)
			return r;
		if (r < 0)
			say(s->host, HEARTH_LOG_ERROR, "%s is written but cannot be announced: %s", a->path,
			    strerror(-r));
		free(a->path);
		memmove(a, a + 1, --s->n_unsent * sizeof(*a));
	}
	return 0;
}

/* ---- what others left ---- */

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && strcmp(text + len - n, end) == 0;
}

/* A file without a window is no loss. */
static int adopt_file(struct series *s, int fd, const char *temporary, const char *name)
{
	struct finishing how = finishing_of(s);
	struct series_span unknown = {};
	struct finished f;
	int r;

	if (!perf_file_recorded_bytes(fd))
		return unlinkat(s->directory.fd, temporary, 0) < 0 ? -errno : 0;
	r = finished_name_again(&how, fd, temporary, name, &f);
	if (r != -ENOENT)
		return r < 0 ? r : keep_artifact(s, name, &f, &unknown);
	r = finish_file(s, fd, temporary, name, &unknown);
	if (r == 0)
		say(s->host, HEARTH_LOG_NOTICE, "%s/%s was left by a writer that died; it is readable up to "
		    "its last window", s->directory.path, name);
	return r;
}

/* Opens what has no writer any more; -errno: there is one. */
static int open_left_over(const struct series *s, const char *temporary)
{
	_cleanup_close_ int fd = openat(s->directory.fd, temporary,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

static void adopt(struct series *s, const char *temporary)
{
	_cleanup_close_ int fd = open_left_over(s, temporary);
	_cleanup_free_ char *name = strndup(temporary + 1, strlen(temporary) - 1 - strlen(".part"));
	int r;

	if (!name || fd < 0)
		return;
	r = ends_in(name, FINISHED_ZSTD_SUFFIX) ? unlinkat(s->directory.fd, temporary, 0) :
						  adopt_file(s, fd, temporary, name);
	if (r < 0)
		say(s->host, HEARTH_LOG_WARNING, "%s/%s was left by a writer that died and cannot be given "
		    "its name: %s", s->directory.path, temporary, strerror(-r));
}

static bool is_left_over(const struct series *s, const char *name)
{
	char prefix[160];

	if (name[0] != '.' || !(ends_in(name, SUFFIX ".part") || ends_in(name, SUFFIX FINISHED_ZSTD_SUFFIX ".part")))
		return false;
	series_prefix(s, prefix, sizeof(prefix));
	return strncmp(name + 1, prefix, strlen(prefix)) == 0;
}

static void adopt_all(struct series *s)
{
	int fd = openat(s->directory.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		closep(&fd);
		return;
	}
	while ((e = readdir(d)))
		if (is_left_over(s, e->d_name))
			adopt(s, e->d_name);
	closedir(d);
}

/* ---- beginning ---- */

static int check_fixed_name(const struct series *s, char **ret_why)
{
	_cleanup_free_ char *zstd_name = NULL;
	int r = outdir_check(&s->directory, s->fixed_name, ret_why);

	if (r < 0 || !s->wants_zstd)
		return r;
	if (asprintf(&zstd_name, "%s" FINISHED_ZSTD_SUFFIX, s->fixed_name) < 0)
		return -ENOMEM;
	return outdir_check(&s->directory, zstd_name, ret_why);
}

int series_open(struct series *s, const char *directory, char **ret_why)
{
	int r = outdir_open(&s->directory, directory, ret_why);

	if (r == 0 && s->fixed_name) {
		r = check_fixed_name(s, ret_why);
		if (r == -EEXIST && s->can_overwrite) {
			free(TAKE_PTR(*ret_why));
			r = 0;
		}
	}
	if (r == 0)
		adopt_all(s);
	return r;
}

/* Whoever looks for left-over files at this very moment may take it for one, and remove it. */
static int open_part(struct series *s)
{
	_cleanup_close_ int fd = openat(s->directory.fd, s->temporary,
					O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	struct stat st;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink ? perf_file_begin(&s->file, TAKE_FD(fd)) : -EAGAIN;
}

int series_begin(struct series *s, uint64_t start_ns, char **ret_why)
{
	unsigned int number = 1;
	int r;

	do {
		r = make_name(s, start_ns, number++);
	} while (r == 0 && !s->fixed_name && is_taken(s));
	if (r == 0 && s->fixed_name)
		(void)unlinkat(s->directory.fd, s->temporary, 0); /* of a recording that died */
	if (r == 0)
		r = open_part(s);
	if (r < 0) {
		refuse(ret_why, r, "cannot write %s/%s: %s", s->directory.path,
		       s->temporary ? s->temporary : "", strerror(-r));
		if (s->file.fd >= 0)
			(void)unlinkat(s->directory.fd, s->temporary, 0);
		forget_file(s);
	}
	return r;
}

void series_done(struct series *s)
{
	forget_file(s);
	for (size_t i = 0; i < s->n_unsent; i++)
		free(s->unsent[i].path);
	free(TAKE_PTR(s->unsent));
	s->n_unsent = 0;
	outdir_done(&s->directory);
}
