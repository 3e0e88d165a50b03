/* SPDX-License-Identifier: Apache-2.0 */
/* Only names that this writer gives are looked at: a folder may hold other people's files. */
#include "retention.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

struct kept {
	char *name;
	uint64_t bytes;
};

struct found {
	struct kept *rows;
	size_t n, capacity;
};

/* 20261121T184500Z, and perhaps -2 where two began within a second. */
static bool is_of_series(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	const char *p = name + n;

	if (strncmp(name, prefix, n) != 0)
		return false;
	for (int i = 0; i < 16; i++, p++)
		if (i == 8 ? *p != 'T' : i == 15 ? *p != 'Z' : !isdigit((unsigned char)*p))
			return false;
	if (*p == '-')
		p += 1 + strspn(p + 1, "0123456789");
	return strcmp(p, ".perf.data") == 0 || strcmp(p, ".perf.data.zst") == 0;
}

static int add(struct found *f, const char *name, uint64_t bytes)
{
	if (f->n == f->capacity) {
		size_t more = f->capacity ? f->capacity * 2 : 32;
		struct kept *p = realloc(f->rows, more * sizeof(*p));

		if (!p)
			return -ENOMEM;
		f->rows = p;
		f->capacity = more;
	}
	f->rows[f->n].bytes = bytes;
	f->rows[f->n].name = strdup(name);
	return f->rows[f->n++].name ? 0 : -ENOMEM;
}

static void found_done(struct found *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->rows[i].name);
	free(f->rows);
}

static int find(struct found *f, DIR *d, const char *prefix)
{
	struct dirent *e;
	struct stat st;
	int r = 0;

	while (r == 0 && (e = readdir(d)))
		if (is_of_series(e->d_name, prefix) &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			r = add(f, e->d_name, (uint64_t)st.st_size);
	return r;
}

/* The number of a name that ends in …Z-2.perf.data; the first of its second has none. */
static unsigned long number_of(const char *after_time)
{
	return *after_time == '-' ? strtoul(after_time + 1, NULL, 10) : 1;
}

/* Newest first. */
static int compare(const void *a, const void *b)
{
	const char *x = ((const struct kept *)a)->name, *y = ((const struct kept *)b)->name;
	const char *x_end = strrchr(x, 'Z') + 1, *y_end = strrchr(y, 'Z') + 1;
	int by_time = strncmp(y, x, (size_t)(y_end - y));
	unsigned long m = number_of(x_end), n = number_of(y_end);

	return by_time ? by_time : m < n ? 1 : m > n ? -1 : 0;
}

/* An uploader that reads the file where it is holds a lock on it, LOCK_SH. */
static bool is_held(int directory, const char *name)
{
	_cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int remove_oldest(const struct found *f, int directory, uint64_t keep, uint64_t keep_bytes)
{
	uint64_t bytes = 0;
	int n = 0;

	for (size_t i = 0; i < f->n; i++) {
		bytes += f->rows[i].bytes;
		if (i == 0 || ((!keep || i < keep) && (!keep_bytes || bytes <= keep_bytes)))
			continue;
		if (!is_held(directory, f->rows[i].name) && unlinkat(directory, f->rows[i].name, 0) == 0)
			n++;
	}
	return n;
}

int retention_apply(int directory, const char *prefix, uint64_t keep, uint64_t keep_bytes)
{
	_cleanup_(found_done) struct found f = {};
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		r = -errno;
		closep(&fd);
		return r;
	}
	r = find(&f, d, prefix);
	closedir(d);
	if (r < 0)
		return r;
	qsort(f.rows, f.n, sizeof(*f.rows), compare);
	return remove_oldest(&f, directory, keep, keep_bytes);
}
