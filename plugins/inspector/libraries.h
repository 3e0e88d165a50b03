/* SPDX-License-Identifier: Apache-2.0 */
/* A program and the libraries it is loaded with, each with its traits and its package. */
#pragma once

#include "common/cleanup.h"
#include "loader_cache.h"
#include "package.h"
#include "traits.h"

#define LIBRARIES_MAX 64u /* with the program */

struct library {
	char name[DYNAMIC_MAX_NAME];
	char path[LIBRARY_MAX_PATH]; /* "": not found, traits are empty */
	char owner[PACKAGE_MAX_NAME]; /* "": none that is known */
	struct traits traits;
};

/* items[0] is the program itself; the others follow in the order in which they are loaded. */
struct libraries {
	size_t n;
	struct library items[LIBRARIES_MAX];
};

/* `path`: of f, absolute and without symbolic links. 0 or -ENOMEM. */
int libraries_read(const struct elf_file *f, const char *path, const struct file_source *source,
		   struct libraries **ret);
struct libraries *libraries_free(struct libraries *l); /* NULL */
DEFINE_CLEANUP(struct libraries *, libraries_free)
