/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to files and back. What is found here is a wish: whether a file may be loaded is
 * decided by its descriptor, when trust.c opens it.
 */
#include "plugin/search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "util/sys.h"

#define SUFFIX ".so"

static bool is_other_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (stat(a, &sa) < 0 || stat(b, &sb) < 0)
		return true;
	return sa.st_dev != sb.st_dev || sa.st_ino != sb.st_ino;
}

/* The first folder wins; *ret_shadowed gets the next one's file, NULL if there is none. */
static int find(const char *name, char *const *dirs, char **ret_path, char **ret_shadowed)
{
	_cleanup_free_ char *found = NULL, *shadowed = NULL;

	for (; dirs && *dirs && !shadowed; dirs++) {
		_cleanup_free_ char *path = str_format("%s/%s" SUFFIX, *dirs, name);

		if (!path)
			return -ENOMEM;
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!found)
			found = TAKE_PTR(path);
		else if (is_other_file(found, path))
			shadowed = TAKE_PTR(path);
	}
	if (!found)
		return -ENOENT;
	*ret_path = TAKE_PTR(found);
	*ret_shadowed = TAKE_PTR(shadowed);
	return 0;
}

static int add_names_of_dir(const char *dir, char ***names)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d)
		return 0; /* whoever loads a plugin from it is told */
	while (r >= 0 && (e = readdir(d))) {
		size_t len = strlen(e->d_name);
		_cleanup_free_ char *name = NULL;

		if (len <= strlen(SUFFIX) || !str_equal(e->d_name + len - strlen(SUFFIX), SUFFIX))
			continue;
		name = sys_strndup(e->d_name, len - strlen(SUFFIX));
		r = name ? strv_append(names, name) : -ENOMEM;
	}
	(void)closedir(d);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int search_names(char *const *dirs, char ***ret)
{
	_cleanup_(strv_freep) char **names = NULL;
	size_t n, kept = 0;
	int r;

	for (; dirs && *dirs; dirs++) {
		r = add_names_of_dir(*dirs, &names);
		if (r < 0)
			return r;
	}
	n = strv_length(names);
	if (n > 0)
		qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && str_equal(names[i], names[kept - 1]))
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	if (names)
		names[kept] = NULL;
	*ret = TAKE_PTR(names);
	return 0;
}

static int explain_absence(const char *name, char *const *dirs, char **ret_why)
{
	_cleanup_(buf_done) struct buf text = {};
	_cleanup_(strv_freep) char **names = NULL;
	const char *near;
	int r;

	buf_printf(&text, "plugin \"%s\" is not installed: ", name);
	if (!dirs || !dirs[0])
		buf_append_string(&text, "plugin_dirs is empty");
	else
		buf_printf(&text, "no %s" SUFFIX " in ", name);
	for (size_t i = 0; dirs && dirs[i]; i++) {
		buf_printf(&text, "%s%s", i ? ", " : "", dirs[i]);
		if (access(dirs[i], R_OK | X_OK) < 0)
			buf_printf(&text, " (%s)", strerror(errno));
	}
	r = search_names(dirs, &names);
	if (r < 0)
		return r;
	near = str_suggest(name, (const char *const *)names, strv_length(names));
	if (near)
		buf_printf(&text, "; did you mean \"%s\"?", near);
	*ret_why = buf_take(&text);
	return *ret_why ? -ENOENT : -ENOMEM;
}

int search_file(const char *name, char *const *dirs, char **ret_path, char **ret_shadowed,
		char **ret_why)
{
	int r = find(name, dirs, ret_path, ret_shadowed);

	return r == -ENOENT ? explain_absence(name, dirs, ret_why) : r;
}
