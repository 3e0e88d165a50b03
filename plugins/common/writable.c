/* SPDX-License-Identifier: Apache-2.0 */
/* access(2) answers for the effective user only if asked to (AT_EACCESS), as writing would. */
#include "common/writable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define MAX_LINE 1024

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Cuts the path back to its parent: "." of a bare name, "/" of the root. */
static void cut_to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
	else
		memcpy(path, ".", 2); /* a name has a character at least */
}

static int can_write_into(const char *path)
{
	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0)
		return -errno;
	return is_folder(path) ? 0 : -ENOTDIR;
}

static void say(const struct hearth_diagnosis *d, const char *path, const char *verb, int error,
		const char *folder)
{
	char finding[MAX_LINE], mend[MAX_LINE];

	if (error == 0) {
		snprintf(finding, sizeof(finding), "%s can be %s", path, verb);
		d->line(d, 0, "output", finding, NULL);
		return;
	}
	snprintf(finding, sizeof(finding), "%s cannot be %s: %s", path, verb, strerror(-error));
	snprintf(mend, sizeof(mend), "sudo install -d -o %u %s", geteuid(), folder);
	d->line(d, 2, "output", finding,
		error == -ENOTDIR || error == -EISDIR ? "name another place in its options" : mend);
}

void writable_diagnose_folder(const struct hearth_diagnosis *d, const char *path)
{
	_cleanup_free_ char *at = strdup(path[0] ? path : ".");
	bool is_there = true;
	int r;

	if (!at)
		return;
	while ((r = can_write_into(at)) == -ENOENT && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
		is_there = false;
		cut_to_parent(at);
	}
	say(d, path, is_there ? "written into" : "made", r, path);
}

void writable_diagnose_file(const struct hearth_diagnosis *d, const char *path)
{
	_cleanup_free_ char *folder = strdup(path);
	int r;

	if (!folder || !path[0])
		return;
	cut_to_parent(folder);
	r = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 ? -errno : is_folder(path) ? -EISDIR : 0;
	say(d, path, r == -ENOENT ? "made" : "written", r == -ENOENT ? can_write_into(folder) : r,
	    folder);
}
