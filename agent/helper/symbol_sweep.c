/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything is looked at each time, for another process may write to the folder as well; that is a
 * few microseconds per table, and only when one was added.
 */
#include "helper/symbol_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "helper/stored_key.h"
#include "util/cleanup.h"
#include "util/sys.h"

#define LEFT_BEHIND_S 3600 /* no table takes that long to be written */

struct found {
	char name[STORED_KEY_MAX_NAME];
	struct timespec used;
	uint64_t bytes;
};

struct found_list {
	int dir;
	struct found *rows;
	size_t n, capacity;
	uint64_t bytes; /* of all, those that are being written as well */
};

static void dir_closep(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* "BUILDID-HASH", both in hexadecimal digits; see stored_key_name(). */
static bool is_table(const char *name)
{
	size_t id_len = strspn(name, "0123456789abcdef");

	return name[id_len] == '-' && strspn(name + id_len + 1, "0123456789abcdef") == 16 &&
	       name[id_len + 17] == '\0' && id_len + 18 <= STORED_KEY_MAX_NAME;
}

static bool is_temporary(const char *name)
{
	size_t len = strlen(name), suffix_len = strlen(SYMBOL_TEMPORARY);

	return len > suffix_len && strcmp(name + len - suffix_len, SYMBOL_TEMPORARY) == 0;
}

static int list_add(struct found_list *l, const char *name, const struct stat *st)
{
	struct found *f;

	if (l->n == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 64;

		f = reallocarray(l->rows, capacity, sizeof(*f));
		if (!f)
			return -ENOMEM;
		l->rows = f;
		l->capacity = capacity;
	}
	f = &l->rows[l->n++];
	*f = (struct found){ .used = st->st_mtim, .bytes = (uint64_t)st->st_size };
	snprintf(f->name, sizeof(f->name), "%s", name);
	return 0;
}

static int look_at(void *ctx, const char *name)
{
	struct found_list *l = ctx;
	struct stat st;
	int dir = l->dir;

	if (!is_table(name) && !is_temporary(name))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (is_temporary(name)) {
		if (st.st_mtim.tv_sec + LEFT_BEHIND_S < time(NULL))
			(void)unlinkat(dir, name, 0);
		else
			l->bytes += (uint64_t)st.st_size;
		return 0;
	}
	l->bytes += (uint64_t)st.st_size;
	return list_add(l, name, &st);
}

int symbol_sweep_each(int dir, const char *prefix, int (*fn)(void *ctx, const char *name), void *ctx)
{
	size_t prefix_len = strlen(prefix);
	_cleanup_(dir_closep) DIR *d = NULL;
	_cleanup_close_ int fd = -1;
	struct dirent *e;
	int r = 0;

	fd = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	fd = -1; /* d closes it */
	while (r == 0 && (e = readdir(d)))
		r = strncmp(e->d_name, prefix, prefix_len) == 0 ? fn(ctx, e->d_name) : 0;
	return r;
}

static int by_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct found *)a)->used;
	const struct timespec *y = &((const struct found *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

int symbol_sweep(int dir, uint64_t max_bytes, uint64_t *ret_bytes, uint64_t *ret_evicted)
{
	struct found_list l = { .dir = dir };
	int r = symbol_sweep_each(dir, "", look_at, &l);

	if (r == 0 && l.bytes > max_bytes)
		qsort(l.rows, l.n, sizeof(*l.rows), by_use);
	for (size_t i = 0; r == 0 && i < l.n && l.bytes > max_bytes; i++)
		if (unlinkat(dir, l.rows[i].name, 0) == 0) {
			l.bytes -= l.rows[i].bytes;
			(*ret_evicted)++;
		}
	free(l.rows);
	if (r == 0)
		*ret_bytes = l.bytes;
	return r;
}
