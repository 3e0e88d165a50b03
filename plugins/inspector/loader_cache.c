/* SPDX-License-Identifier: Apache-2.0 */
/* Format of the cache: glibc, sysdeps/generic/dl-cache.h, struct cache_file_new. */
#include "loader_cache.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "cursor.h"

#define CACHE_PATH "/etc/ld.so.cache"
#define CACHE_MAGIC "glibc-ld.so.cache1.1"
#define CACHE_MAX_BYTES (16u << 20)

struct loader_cache {
	uint8_t *data; /* from the magic on */
	size_t size;
	uint32_t n;
};

struct cache_header {
	char magic[20];
	uint32_t n, len_strings;
	uint32_t flags, extension, unused[3];
};

struct cache_entry {
	int32_t flags;
	uint32_t key, value; /* name and path, offsets from the magic */
	uint32_t os_version;
	uint64_t hwcap;      /* 0: for every CPU */
};

static void cache_parse(struct loader_cache *c)
{
	struct cache_header h;

	if (c->size < sizeof(h))
		return;
	memcpy(&h, c->data, sizeof(h));
	if (memcmp(h.magic, CACHE_MAGIC, sizeof(h.magic)) == 0 &&
	    h.n <= (c->size - sizeof(h)) / sizeof(struct cache_entry))
		c->n = h.n;
}

int loader_cache_new(const struct file_source *source, struct loader_cache **ret)
{
	struct loader_cache *c = calloc(1, sizeof(*c));
	struct reader r;

	if (!c)
		return -ENOMEM;
	if (source->open(source->ctx, CACHE_PATH, &r) == 0) {
		c->size = r.size < CACHE_MAX_BYTES ? (size_t)r.size : 0;
		c->data = malloc(c->size + 1);
		if (c->data && reader_get(&r, 0, c->data, c->size) == 0)
			cache_parse(c);
		file_source_close(&r);
	}
	*ret = c;
	return 0;
}

struct loader_cache *loader_cache_free(struct loader_cache *c)
{
	if (c)
		free(c->data);
	free(c);
	return NULL;
}

static const char *cache_string(const struct loader_cache *c, uint32_t at)
{
	if (at >= c->size || !memchr(c->data + at, 0, c->size - at))
		return "";
	return (const char *)c->data + at;
}

/* A library of another machine may have the same name: the search then goes on. */
static int try(const char *path, const struct library_wish *w, const struct file_source *source,
	       struct elf_file *ret, char *ret_path)
{
	struct reader r;
	int k;

	k = path[0] == '/' ? source->open(source->ctx, path, &r) : -ENOENT;
	if (k < 0)
		return k;
	k = elf_open(ret, &r);
	if (k == 0 && (ret->machine != w->machine || ret->is_64 != w->is_64))
		k = -ENOEXEC;
	if (k < 0) {
		file_source_close(&r);
		return k;
	}
	snprintf(ret_path, LIBRARY_MAX_PATH, "%s", path);
	return 0;
}

static int try_in(const char *folder, size_t len, const struct library_wish *w,
		  const struct file_source *source, struct elf_file *ret, char *ret_path)
{
	char path[LIBRARY_MAX_PATH];
	int n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, folder, w->name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	return try(path, w, source, ret, ret_path);
}

/* $ORIGIN or ${ORIGIN} at its begin is the folder of the file; other tokens are rare. */
static int try_run_path(const char *folder, size_t len, const struct library_wish *w,
			const struct file_source *source, struct elf_file *ret, char *ret_path)
{
	static const char *const tokens[] = { "$ORIGIN", "${ORIGIN}" };
	const char *slash = strrchr(w->origin, '/');
	char whole[LIBRARY_MAX_PATH];

	for (size_t i = 0; i < ARRAY_SIZE(tokens) && slash; i++) {
		size_t token = strlen(tokens[i]);
		int n;

		if (len < token || memcmp(folder, tokens[i], token) != 0)
			continue;
		n = snprintf(whole, sizeof(whole), "%.*s%.*s", (int)(slash - w->origin), w->origin,
			     (int)(len - token), folder + token);
		if (n < 0 || (size_t)n >= sizeof(whole))
			return -ENAMETOOLONG;
		return try_in(whole, (size_t)n, w, source, ret, ret_path);
	}
	return len > 0 && folder[0] == '/' ? try_in(folder, len, w, source, ret, ret_path) : -ENOENT;
}

static int try_cache(const struct loader_cache *c, const struct library_wish *w,
		     const struct file_source *source, struct elf_file *ret, char *ret_path)
{
	for (uint32_t i = 0; i < c->n; i++) {
		struct cache_entry e;

		memcpy(&e, c->data + sizeof(struct cache_header) + (size_t)i * sizeof(e), sizeof(e));
		if (e.hwcap == 0 && strcmp(cache_string(c, e.key), w->name) == 0 &&
		    try(cache_string(c, e.value), w, source, ret, ret_path) == 0)
			return 0;
	}
	return -ENOENT;
}

static int try_usual(const struct library_wish *w, const struct file_source *source,
		     struct elf_file *ret, char *ret_path)
{
	static const char *const folders[] = {
		"/lib64", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
		"/lib", "/usr/lib",
	};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (try_in(folders[i], strlen(folders[i]), w, source, ret, ret_path) == 0)
			return 0;
	return -ENOENT;
}

int loader_cache_open(const struct loader_cache *c, const struct library_wish *w,
		      const struct file_source *source, struct elf_file *ret,
		      char ret_path[static LIBRARY_MAX_PATH])
{
	if (strchr(w->name, '/'))
		return w->name[0] == '/' ? try(w->name, w, source, ret, ret_path) : -ENOENT;
	for (const char *at = w->run_path; *at;) {
		size_t len = strcspn(at, ":");

		if (try_run_path(at, len, w, source, ret, ret_path) == 0)
			return 0;
		at += len + (at[len] == ':');
	}
	if (try_cache(c, w, source, ret, ret_path) == 0)
		return 0;
	return try_usual(w, source, ret, ret_path);
}
