/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the dynamic loader would find a library, without running it: the file's own run path, then
 * /etc/ld.so.cache, then the usual folders (ld.so(8)). LD_LIBRARY_PATH is not ours to guess.
 */
#pragma once

#include "dynamic.h"
#include "file_source.h"

struct loader_cache;

/* Reads /etc/ld.so.cache; a missing or damaged one reads as empty. 0 or -ENOMEM. */
int loader_cache_new(const struct file_source *source, struct loader_cache **ret);
struct loader_cache *loader_cache_free(struct loader_cache *c); /* NULL */

struct library_wish {
	const char *name;      /* DT_NEEDED */
	const char *run_path;  /* of the file that wants it */
	const char *origin;    /* that file's path, for $ORIGIN */
	uint16_t machine;      /* of which the library must be */
	bool is_64;
};

/*
 * Opens it: *ret is the caller's to close with its reader, ret_path gets where it is. -ENOENT:
 * nowhere.
 */
#define LIBRARY_MAX_PATH 1024u
int loader_cache_open(const struct loader_cache *c, const struct library_wish *w,
		      const struct file_source *source, struct elf_file *ret,
		      char ret_path[static LIBRARY_MAX_PATH]);
