/* SPDX-License-Identifier: Apache-2.0 */
/* Anything may lie where a state file is expected, folders included: it still has to go. */
#include "plugin/tree.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/sys.h"

static FTS *open_tree(const char *path, char **ret_copy)
{
	char *copy = sys_strndup(path, SIZE_MAX);
	char *const paths[] = { copy, NULL };
	FTS *tree;

	if (!copy)
		return NULL;
	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	*ret_copy = copy;
	return tree;
}

int tree_bytes(const char *path, uint64_t *ret)
{
	_cleanup_free_ char *copy = NULL;
	FTS *tree = open_tree(path, &copy);
	uint64_t bytes = 0;
	FTSENT *e;

	if (!tree)
		return -ENOMEM;
	while ((e = fts_read(tree)))
		if (e->fts_info == FTS_F)
			bytes += (uint64_t)e->fts_statp->st_size;
	(void)fts_close(tree);
	*ret = bytes;
	return 0;
}

int tree_remove(const char *path)
{
	_cleanup_free_ char *copy = NULL;
	FTS *tree = open_tree(path, &copy);
	FTSENT *e;
	int r = 0;

	if (!tree)
		return -ENOMEM;
	while ((e = fts_read(tree)))
		if (e->fts_info != FTS_D && remove(e->fts_accpath) < 0 && errno != ENOENT)
			r = -errno;
	(void)fts_close(tree);
	return r;
}
