/* SPDX-License-Identifier: Apache-2.0 */
/* Breadth first, as the loader goes; a name that was seen is not looked for again. */
#include "libraries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_known(const struct libraries *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].name, name) == 0)
			return true;
	return false;
}

static void add(struct libraries *l, const char *name, const struct library *wanted_by,
		const struct loader_cache *cache, const struct file_source *source)
{
	struct library_wish wish = {
		.name = name,
		.run_path = wanted_by->traits.dynamic.run_path,
		.origin = wanted_by->path,
		.machine = wanted_by->traits.machine,
		.is_64 = wanted_by->traits.is_64,
	};
	struct library *item;
	struct elf_file f;

	if (l->n == LIBRARIES_MAX || is_known(l, name))
		return;
	item = &l->items[l->n++];
	memcpy(item->name, name, strlen(name) + 1); /* both are DYNAMIC_MAX_NAME */
	if (loader_cache_open(cache, &wish, source, &f, item->path) < 0) {
		item->path[0] = '\0';
		return;
	}
	traits_read(&f, item->path, source, &item->traits);
	file_source_close(&f.reader);
}

static void find_owners(struct libraries *l, const struct file_source *source)
{
	struct package_query queries[LIBRARIES_MAX] = {};
	size_t of[LIBRARIES_MAX], n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].path[0]) {
			queries[n].path = l->items[i].path;
			of[n++] = i;
		}
	package_find_owners(source, queries, n);
	for (size_t i = 0; i < n; i++)
		memcpy(l->items[of[i]].owner, queries[i].owner, sizeof(queries[i].owner));
}

int libraries_read(const struct elf_file *f, const char *path, const struct file_source *source,
		   struct libraries **ret)
{
	_cleanup_(libraries_freep) struct libraries *l = calloc(1, sizeof(*l));
	struct loader_cache *cache;
	int r;

	if (!l)
		return -ENOMEM;
	r = loader_cache_new(source, &cache);
	if (r < 0)
		return r;
	l->n = 1;
	snprintf(l->items[0].path, sizeof(l->items[0].path), "%s", path);
	traits_read(f, path, source, &l->items[0].traits);
	for (size_t i = 0; i < l->n; i++)
		for (uint32_t k = 0; k < l->items[i].traits.dynamic.n_needed; k++)
			add(l, l->items[i].traits.dynamic.needed[k], &l->items[i], cache, source);
	loader_cache_free(cache);
	find_owners(l, source);

	*ret = TAKE_PTR(l);
	return 0;
}

struct libraries *libraries_free(struct libraries *l)
{
	free(l);
	return NULL;
}
