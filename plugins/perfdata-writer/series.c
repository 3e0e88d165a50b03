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
#include "digest.h"
#include "retention.h"

#define SUFFIX ".perf.data"
#define NS_PER_S 1000000000ull

struct series_artifact {
	char *path;
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

static bool is_taken(const struct series *s, const char *name)
{
	return faccessat(s->directory.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void forget_file(struct series *s)
{
	perf_file_close(&s->file);
	free(TAKE_PTR(s->name));
	free(TAKE_PTR(s->temporary));
}

/* ---- finished files ---- */

static int keep_artifact(struct series *s, const char *name, const struct hearth_artifact_row *row)
{
	struct series_artifact *p = realloc(s->unsent, (s->n_unsent + 1) * sizeof(*p));
	char *path;

	if (!p)
		return -ENOMEM;
	s->unsent = p;
	if (asprintf(&path, "%s/%s", s->directory.path, name) < 0)
		return -ENOMEM;
	p[s->n_unsent++] = (struct series_artifact){ path, *row };
	return 0;
}

static int give_name(const struct series *s, const char *temporary, const char *name, bool can_overwrite)
{
	int fd = s->directory.fd;

	if (can_overwrite)
		return renameat(fd, temporary, fd, name) < 0 ? -errno : 0;
	if (linkat(fd, temporary, fd, name, 0) < 0)
		return -errno;
	return unlinkat(fd, temporary, 0) < 0 ? -errno : 0;
}

static int finish_file(struct series *s, int fd, const char *temporary, const char *name,
		       const struct series_span *span)
{
	struct hearth_artifact_row row = {
		.window_start_ns = span->start_ns, .window_end_ns = span->end_ns,
	};
	int r = digest_file(fd, row.sha256, &row.size);

	if (r == 0)
		r = give_name(s, temporary, name, s->can_overwrite);
	if (r == 0)
		(void)fsync(s->directory.fd);
	return r < 0 ? r : keep_artifact(s, name, &row);
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
		int r = hearth_artifact_emit(s->host, a->path, "application/vnd.linux.perf.data",
					     "perf.data", &a->row);

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

static void adopt(struct series *s, const char *temporary)
{
	_cleanup_close_ int fd = openat(s->directory.fd, temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *name = strndup(temporary + 1, strlen(temporary) - 1 - strlen(".part"));
	struct series_span unknown = {};
	struct stat st;
	int r;

	if (!name || fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	r = finish_file(s, fd, temporary, name, &unknown);
	if (r == 0)
		say(s->host, HEARTH_LOG_NOTICE, "%s/%s was left by a writer that died; it is readable up to "
		    "its last window", s->directory.path, name);
	else
		say(s->host, HEARTH_LOG_WARNING, "%s/%s was left by a writer that died and cannot be given "
		    "its name: %s", s->directory.path, temporary, strerror(-r));
}

static bool is_left_over(const struct series *s, const char *name)
{
	size_t len = strlen(name), end = strlen(SUFFIX ".part");
	char prefix[160];

	if (name[0] != '.' || len <= end || strcmp(name + len - end, SUFFIX ".part") != 0)
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

int series_open(struct series *s, const char *directory, char **ret_why)
{
	int r = outdir_open(&s->directory, directory, ret_why);

	if (r == 0 && s->fixed_name) {
		r = outdir_check(&s->directory, s->fixed_name, ret_why);
		if (r == -EEXIST && s->can_overwrite) {
			free(TAKE_PTR(*ret_why));
			r = 0;
		}
	}
	if (r == 0)
		adopt_all(s);
	return r;
}

static int open_part(struct series *s)
{
	int fd = openat(s->directory.fd, s->temporary,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	(void)flock(fd, LOCK_EX | LOCK_NB);
	return perf_file_begin(&s->file, fd);
}

int series_begin(struct series *s, uint64_t start_ns, char **ret_why)
{
	unsigned int number = 1;
	int r;

	do {
		r = make_name(s, start_ns, number++);
	} while (r == 0 && !s->fixed_name && (is_taken(s, s->name) || is_taken(s, s->temporary)));
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
