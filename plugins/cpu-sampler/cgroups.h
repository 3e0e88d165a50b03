/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups as people name them (a folder) and as the kernel does (a number within a hierarchy).
 * A number is a folder's inode; v1 has one hierarchy per controller, each with its own numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "why.h"

#define CGROUPS_V2 (-1)

struct cgroups {
	int32_t subsystem; /* CGROUPS_V2, or the kernel's index of a v1 controller */
	char **folders;
	uint64_t *ids;
	size_t n;
};

/*
 * Finds the cgroups at `paths`: folders, or names below the v2 mount as /proc/PID/cgroup has them.
 * 0, -ENOMEM, or another -errno with *why, which says what to write instead.
 */
int cgroups_find(char *const *paths, size_t n, struct cgroups *ret, struct why *why);
void cgroups_done(struct cgroups *c);

/* A service that was restarted has a new cgroup under its old name: true if a number changed. */
bool cgroups_refresh(struct cgroups *c);
