/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who could have written this file? A plugin is code that runs with Hearth's rights, so it and
 * every folder on the way to it must be writable by nobody but root and the owner of the running
 * executable. Symbolic links on the way are followed one by one, and the folder that holds each
 * is checked like the others; the file itself must not be one.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct trust {
	uid_t owner;         /* trusted beside root */
	bool is_development; /* root's sticky folders (/tmp) pass as parents */
};

/*
 * The rule for this process: the owner of its executable; a development build is one that has a
 * folder `plugins` beside it, as the build tree has and an installation has not.
 */
int trust_of_process(struct trust *ret);

/*
 * Opens a file for reading after checking it and all its parents. *ret_path gets its canonical
 * path, allocated. path is absolute. -EPERM: not trusted; or the errno of what failed. *ret_why
 * gets an allocated text that names the part of the path and the command that mends it.
 */
int trust_open(const struct trust *t, const char *path, int *ret_fd, char **ret_path,
	       char **ret_why);

/* The same for a folder; *ret_fd is O_PATH. ret_path may be NULL. */
int trust_open_dir(const struct trust *t, const char *path, int *ret_fd, char **ret_path,
		   char **ret_why);
