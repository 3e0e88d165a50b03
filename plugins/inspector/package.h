/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which package of the distribution a file came from, and so which package has its symbols. Read
 * from /etc/os-release and dpkg's own files; where the data base is rpm's, rpm is left to answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "file_source.h"

enum package_family { PACKAGE_UNKNOWN, PACKAGE_DEBIAN, PACKAGE_UBUNTU, PACKAGE_RPM };

struct distribution {
	enum package_family family;
	char codename[32]; /* "bookworm"; "" if it has none */
};

#define PACKAGE_MAX_NAME 128u

/* A file whose owner is wanted. */
struct package_query {
	const char *path;            /* absolute, without symbolic links */
	char owner[PACKAGE_MAX_NAME]; /* "" until it is found */
};

/* What cannot be read reads as PACKAGE_UNKNOWN. */
void distribution_read(const struct file_source *source, struct distribution *ret);

/* Fills in the owners that dpkg knows, of all queries in one go. */
void package_find_owners(const struct file_source *source, struct package_query *queries, size_t n);
