/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "This server and its workers" must work when the workers exist already; only their parents
 * know them, so every process is asked for its parent, once.
 */
#include "descendants.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "proc.h"

struct relative {
	uint32_t pid, parent;
	bool is_given, is_found;
};

struct relatives {
	struct relative *rows;
	size_t n, capacity;
};

static int by_pid(const void *a, const void *b)
{
	const struct relative *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static struct relative *find(const struct relatives *r, uint32_t pid)
{
	struct relative key = { .pid = pid };

	return bsearch(&key, r->rows, r->n, sizeof(key), by_pid);
}

static int add(struct relatives *r, uint32_t pid, uint32_t parent)
{
	struct relative *more;

	if (r->n == r->capacity) {
		r->capacity = r->capacity ? r->capacity * 2 : 256;
		more = realloc(r->rows, r->capacity * sizeof(*more));
		if (!more)
			return -ENOMEM;
		r->rows = more;
	}
	r->rows[r->n++] = (struct relative){ .pid = pid, .parent = parent };
	return 0;
}

static int read_all(const char *proc_root, struct relatives *r)
{
	DIR *d = opendir(proc_root);
	struct dirent *e;
	int q = 0;

	if (!d)
		return -errno;
	while (q == 0 && (e = readdir(d))) {
		struct proc_stat stat;
		uint32_t pid = (uint32_t)strtoul(e->d_name, NULL, 10);

		if (pid && proc_read_stat(proc_root, pid, &stat) == 0)
			q = add(r, pid, stat.parent_pid);
	}
	closedir(d);
	if (r->n)
		qsort(r->rows, r->n, sizeof(*r->rows), by_pid);
	return q;
}

/* One generation further; false when nobody was added. */
static bool find_children(struct relatives *r)
{
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		struct relative *row = &r->rows[i], *parent = find(r, row->parent);

		if (row->is_found || row->is_given || !parent ||
		    !(parent->is_found || parent->is_given))
			continue;
		row->is_found = any = true;
	}
	return any;
}

int descendants_find(const char *proc_root, const uint32_t *pids, size_t n_pids, uint32_t **ret,
		     size_t *ret_n)
{
	struct relatives r = {};
	_cleanup_free_ uint32_t *found = NULL;
	size_t n = 0;
	int q = read_all(proc_root, &r);

	for (size_t i = 0; q == 0 && i < n_pids; i++) {
		struct relative *given = r.n ? find(&r, pids[i]) : NULL;

		if (given)
			given->is_given = true;
	}
	while (q == 0 && find_children(&r))
		;
	found = calloc(r.n ? r.n : 1, sizeof(*found));
	if (!found)
		q = -ENOMEM;
	for (size_t i = 0; q == 0 && i < r.n; i++)
		if (r.rows[i].is_found)
			found[n++] = r.rows[i].pid;
	free(r.rows);
	if (q < 0)
		return q;
	*ret = TAKE_PTR(found);
	*ret_n = n;
	return 0;
}
