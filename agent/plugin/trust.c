/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path is walked by file descriptors, one openat() per component, so that what was checked
 * is what is used: no name is resolved twice. realpath() would do that, and would hide the
 * folders in which symbolic links lie.
 */
#include "plugin/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/why.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_LINKS 40 /* as the kernel's own limit, MAXSYMLINKS */

struct walk {
	const struct trust *trust;
	char **ret_why;
	struct buf path; /* canonical, of fd; empty for the root */
	int fd;          /* O_PATH */
	char *rest;      /* components still to walk */
	int n_links;
};

static void walk_done(struct walk *w)
{
	buf_done(&w->path);
	closep(&w->fd);
	free(w->rest);
}

static const char *walk_path(const struct walk *w)
{
	return w->path.len ? buf_text(&w->path) : "/";
}

static int check_owner(const struct trust *t, const struct stat *st, const char *path,
		       char **ret_why)
{
	if (st->st_uid == 0 || st->st_uid == t->owner)
		return 0;
	return why(ret_why, -EPERM,
		   "%s belongs to uid %u, who is neither root nor the owner of hearth and could "
		   "replace code there; chown root '%s'",
		   path, st->st_uid, path);
}

static int check_mode(const struct trust *t, const struct stat *st, const char *path,
		      char **ret_why)
{
	bool by_group = st->st_mode & S_IWGRP, by_world = st->st_mode & S_IWOTH;

	if (!by_group && !by_world)
		return 0;
	if (t->is_development && S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == 0)
		return 0;
	return why(ret_why, -EPERM, "%s is writable by %s (mode %04o); chmod %s-w '%s'", path,
		   by_world ? "everyone" : "its group", st->st_mode & 07777,
		   by_group && by_world ? "go" : by_world ? "o" : "g", path);
}

static int check(const struct trust *t, const struct stat *st, const char *path, char **ret_why)
{
	int r = check_owner(t, st, path, ret_why);

	return r < 0 ? r : check_mode(t, st, path, ret_why);
}

static int walk_to_root(struct walk *w)
{
	struct stat st;

	closep(&w->fd);
	buf_done(&w->path);
	w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->fd < 0 || fstat(w->fd, &st) < 0)
		return why(w->ret_why, -errno, "cannot open /: %s", strerror(errno));
	return check(w->trust, &st, "/", w->ret_why);
}

/* Puts the target of a symbolic link in front of what is still to walk. */
static int walk_link(struct walk *w, int link, const struct stat *st, const char *path)
{
	char target[PATH_MAX];
	char *rest;
	ssize_t n;
	int r;

	r = check_owner(w->trust, st, path, w->ret_why);
	if (r < 0)
		return r;
	n = readlinkat(link, "", target, sizeof(target));
	if (n < 0 || (size_t)n == sizeof(target))
		return why(w->ret_why, n < 0 ? -errno : -ENAMETOOLONG, "cannot follow %s", path);
	if (++w->n_links > MAX_LINKS)
		return why(w->ret_why, -ELOOP, "%s: too many symbolic links", path);
	rest = str_format("%.*s/%s", (int)n, target, w->rest);
	if (!rest)
		return -ENOMEM;
	free(w->rest);
	w->rest = rest;
	return target[0] == '/' ? walk_to_root(w) : 0;
}

static int walk_up(struct walk *w)
{
	int fd = openat(w->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return why(w->ret_why, -errno, "cannot leave %s: %s", walk_path(w),
			   strerror(errno));
	closep(&w->fd);
	w->fd = fd;
	while (w->path.len > 0 && w->path.data[--w->path.len] != '/')
		;
	if (w->path.data)
		w->path.data[w->path.len] = 0;
	return 0;
}

static int walk_into(struct walk *w, const char *component)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int r;

	path = str_format("%s/%s", buf_text(&w->path), component);
	if (!path)
		return -ENOMEM;
	fd = openat(w->fd, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return why(w->ret_why, -errno, "cannot open %s: %s", path, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return walk_link(w, fd, &st, path);
	if (!S_ISDIR(st.st_mode))
		return why(w->ret_why, -ENOTDIR, "%s is not a folder", path);
	r = check(w->trust, &st, path, w->ret_why);
	if (r < 0)
		return r;
	closep(&w->fd);
	w->fd = TAKE_FD(fd);
	return buf_printf(&w->path, "/%s", component);
}

static int walk_next(struct walk *w)
{
	_cleanup_free_ char *component = NULL;
	size_t n;

	n = strcspn(w->rest, "/");
	component = sys_strndup(w->rest, n);
	if (!component)
		return -ENOMEM;
	memmove(w->rest, w->rest + n, strlen(w->rest + n) + 1);
	if (str_equal(component, "."))
		return 0;
	return str_equal(component, "..") ? walk_up(w) : walk_into(w, component);
}

static int walk_all(struct walk *w, const char *path)
{
	int r;

	if (path[0] != '/')
		return why(w->ret_why, -EINVAL, "%s is not an absolute path", path);
	w->rest = sys_strndup(path, SIZE_MAX);
	if (!w->rest)
		return -ENOMEM;
	r = walk_to_root(w);
	while (r >= 0) {
		size_t slashes = strspn(w->rest, "/");

		memmove(w->rest, w->rest + slashes, strlen(w->rest + slashes) + 1);
		if (!w->rest[0])
			return 0;
		r = walk_next(w);
	}
	return r;
}

int trust_open_dir(const struct trust *t, const char *path, int *ret_fd, char **ret_path,
		   char **ret_why)
{
	_cleanup_(walk_done) struct walk w = { .trust = t, .ret_why = ret_why, .fd = -1 };
	char *canonical;
	int r;

	r = walk_all(&w, path);
	if (r < 0)
		return r;
	canonical = sys_strndup(walk_path(&w), SIZE_MAX);
	if (!canonical)
		return -ENOMEM;
	if (ret_path)
		*ret_path = canonical;
	else
		free(canonical);
	*ret_fd = TAKE_FD(w.fd);
	return 0;
}

static const char *kind_of_file(mode_t mode)
{
	return S_ISLNK(mode) ? "a symbolic link" :
	       S_ISDIR(mode) ? "a folder" :
	       S_ISFIFO(mode) ? "a FIFO" :
	       S_ISSOCK(mode) ? "a socket" : "a device";
}

/* The type is looked at before opening: opening a device may already do something. */
static int open_regular(int dir, const char *name, const char *path, int *ret_fd,
			struct stat *ret_stat, char **ret_why)
{
	_cleanup_close_ int fd = -1;
	struct stat before, st;

	if (fstatat(dir, name, &before, AT_SYMLINK_NOFOLLOW) < 0)
		return why(ret_why, -errno, "cannot open %s: %s", path, strerror(errno));
	if (!S_ISREG(before.st_mode))
		return why(ret_why, -EPERM,
			   "%s is %s; a plugin must be a regular file: put the file itself there",
			   path, kind_of_file(before.st_mode));
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return why(ret_why, -errno, "cannot open %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return why(ret_why, -EPERM, "%s changed while it was being opened; try again",
			   path);
	*ret_stat = st;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int trust_open(const struct trust *t, const char *path, int *ret_fd, char **ret_path,
	       char **ret_why)
{
	_cleanup_free_ char *folder = NULL, *canonical_folder = NULL, *canonical = NULL;
	_cleanup_close_ int dir = -1, fd = -1;
	const char *name = strrchr(path, '/');
	struct stat st = {};
	int r;

	if (path[0] != '/' || !name[1])
		return why(ret_why, -EINVAL, "%s is not the absolute path of a file", path);
	folder = str_format("%.*s/", (int)(name - path), path);
	if (!folder)
		return -ENOMEM;
	r = trust_open_dir(t, folder, &dir, &canonical_folder, ret_why);
	if (r < 0)
		return r;
	canonical = str_format("%s%s", str_equal(canonical_folder, "/") ? "" : canonical_folder,
			       name);
	if (!canonical)
		return -ENOMEM;
	r = open_regular(dir, name + 1, canonical, &fd, &st, ret_why);
	if (r < 0)
		return r;
	r = check(t, &st, canonical, ret_why);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	*ret_path = TAKE_PTR(canonical);
	return 0;
}

/* True if the executable has a folder `plugins` beside it. */
static int is_in_build_tree(bool *ret)
{
	_cleanup_free_ char *plugins = NULL;
	char exe[PATH_MAX];
	struct stat st;
	ssize_t n;

	n = readlink("/proc/self/exe", exe, sizeof(exe));
	if (n < 0)
		return -errno;
	while (n > 0 && exe[n - 1] != '/')
		n--;
	plugins = str_format("%.*splugins", (int)n, exe);
	if (!plugins)
		return -ENOMEM;
	*ret = stat(plugins, &st) == 0 && S_ISDIR(st.st_mode);
	return 0;
}

int trust_of_process(struct trust *ret)
{
	struct trust t = {};
	struct stat st;
	int r;

	if (stat("/proc/self/exe", &st) < 0)
		return -errno;
	r = is_in_build_tree(&t.is_development);
	if (r < 0)
		return r;
	t.owner = st.st_uid;
	*ret = t;
	return 0;
}
