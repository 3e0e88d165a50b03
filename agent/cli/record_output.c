/* SPDX-License-Identifier: Apache-2.0 */
/* See record_output.h. Sinks refuse to overwrite their own files before anything is sampled. */
#include "cli/record_output.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/exit.h"
#include "util/file.h"
#include "util/str.h"

static int exit_for(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS ? EXIT_PERMISSION : EXIT_FAILED;
}

static const char *mend_for(int r)
{
	switch (-r) {
	case ENOSPC:
	case EDQUOT:
		return "; free some space, or choose another folder with -o";
	case EACCES:
	case EPERM:
	case EROFS:
		return "; choose a folder that you may write to with -o";
	case ENOTDIR:
	case EEXIST:
		return "; choose another folder with -o";
	}
	return "";
}

int output_prepare(const char *verb, const char *folder, bool can_overwrite, bool *ret_is_made)
{
	_cleanup_free_ char *summary = str_format("%s/summary.json", folder);
	bool is_there = access(folder, F_OK) == 0;
	int r = dir_make(folder, 0755);

	if (!summary)
		return EXIT_FAILED;
	if (r == 0 && access(folder, W_OK | X_OK) < 0)
		r = -errno;
	if (r < 0) {
		fprintf(stderr, "hearth %s: cannot write to %s: %s%s\n", verb, folder, strerror(-r),
			mend_for(r));
		return exit_for(r);
	}
	if (!can_overwrite && faccessat(AT_FDCWD, summary, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		fprintf(stderr, "hearth %s: %s exists: there is a recording in this folder already; "
			"choose another with -o, or overwrite it with --force\n", verb, summary);
		return EXIT_FAILED;
	}
	*ret_is_made = !is_there;
	return 0;
}

int output_write_summary(const char *verb, const char *folder, const json_t *summary,
			 bool can_overwrite)
{
	_cleanup_free_ char *path = str_format("%s/summary.json", folder);
	_cleanup_free_ char *text = json_dumps(summary, JSON_INDENT(2));
	int r = path && text ? file_write_atomic(path, text, strlen(text), 0644, can_overwrite) :
			       -ENOMEM;

	if (r == 0)
		return 0;
	fprintf(stderr, "hearth %s: cannot write %s/summary.json: %s%s\n", verb, folder, strerror(-r),
		mend_for(r));
	return exit_for(r);
}

#define LAST "hearth-last"

static bool is_link(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* Whatever takes the name in between, a file that is not a link gets it back. */
static int link_exchange(int dir, const char *temporary)
{
	if (!is_link(dir, LAST))
		return -EEXIST;
	if (renameat2(dir, temporary, dir, LAST, RENAME_EXCHANGE) < 0)
		return renameat(dir, temporary, dir, LAST) < 0 ? -errno : 0;
	if (is_link(dir, temporary))
		return 0;
	(void)renameat2(dir, temporary, dir, LAST, RENAME_EXCHANGE);
	return -EEXIST;
}

static int link_renew(int dir, const char *target)
{
	char temporary[32];
	int r;

	snprintf(temporary, sizeof(temporary), "." LAST ".%d.tmp", (int)getpid());
	if (symlinkat(target, dir, temporary) < 0)
		return -EACCES; /* a stranger's file, or a folder that is not ours to write to */
	r = renameat2(dir, temporary, dir, LAST, RENAME_NOREPLACE) < 0 ? -errno : 0;
	if (r < 0)
		r = link_exchange(dir, temporary);
	if (is_link(dir, temporary))
		(void)unlinkat(dir, temporary, 0);
	return r;
}

void output_link_last(const char *verb, const char *folder)
{
	_cleanup_free_ char *parent = realpath(folder, NULL);
	_cleanup_close_ int dir = -1;
	char *name = parent ? strrchr(parent, '/') : NULL;
	int r;

	if (!name || !name[1] || str_equal(name + 1, LAST))
		return;
	*name++ = '\0';
	dir = open(*parent ? parent : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? -errno : link_renew(dir, name);
	if (r == -EEXIST)
		fprintf(stderr, "hearth %s: %s/" LAST " is no symbolic link and stays as it is; move it "
			"away to have a link to the last recording\n", verb, parent);
}

static bool read_id(const char *name, long *ret)
{
	const char *text = getenv(name);
	char *end;

	if (!text || !*text)
		return false;
	errno = 0;
	*ret = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret >= 0 && *ret <= INT32_MAX;
}

static void give(int dir, const char *name, uid_t uid, gid_t gid)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return; /* not what we wrote just now */
	(void)fchown(fd, uid, gid);
}

static void give_link(const char *folder, uid_t uid, gid_t gid)
{
	_cleanup_free_ char *path = str_format("%s/../" LAST, folder);
	struct stat st;

	if (path && lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid == 0)
		(void)lchown(path, uid, gid);
}

/* The name of an artifact below the folder; NULL for one that lies elsewhere. */
static const char *name_in(const char *folder, const json_t *artifact)
{
	_cleanup_free_ char *absolute = realpath(folder, NULL);
	const char *path = json_string_value(json_object_get(artifact, "path"));
	size_t len = absolute ? strlen(absolute) : 0;

	if (!path || !absolute || !str_starts(path, absolute) || path[len] != '/')
		return NULL;
	return strchr(path + len + 1, '/') ? NULL : path + len + 1;
}

void output_remove(const char *folder, const json_t *summary)
{
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;
	json_t *artifact;

	json_array_foreach(json_object_get(summary, "artifacts"), i, artifact)
		if (name_in(folder, artifact))
			(void)unlinkat(dir, name_in(folder, artifact), 0);
}

void output_give_to_user(const char *folder, bool is_folder_ours, const json_t *summary)
{
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	long uid, gid;
	size_t i;
	json_t *artifact;

	if (dir < 0 || geteuid() != 0 || !read_id("SUDO_UID", &uid) || !read_id("SUDO_GID", &gid))
		return;
	json_array_foreach(json_object_get(summary, "artifacts"), i, artifact) {
		const char *name = name_in(folder, artifact);

		if (name)
			give(dir, name, (uid_t)uid, (gid_t)gid);
	}
	give(dir, "summary.json", (uid_t)uid, (gid_t)gid);
	give_link(folder, (uid_t)uid, (gid_t)gid);
	if (is_folder_ours && fstat(dir, &st) == 0 && st.st_uid == 0)
		(void)fchown(dir, (uid_t)uid, (gid_t)gid);
}
