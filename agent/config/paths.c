/* SPDX-License-Identifier: Apache-2.0 */
/* Default places: the system's for root, the XDG ones for everybody else, the build's for us. */
#include "config/paths.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/environ.h"
#include "util/str.h"

char *path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return str_format(".");
	return slash == path ? str_format("/") : str_format("%.*s", (int)(slash - path), path);
}

char *path_join(const char *folder, const char *name)
{
	return str_equal(folder, ".") ? str_format("%s", name) : str_format("%s/%s", folder, name);
}

static int give(char *path, char **ret)
{
	if (!path)
		return -ENOMEM;
	*ret = path;
	return 0;
}

int path_state_default(char *const *variables, char **ret)
{
	const char *state = environ_value(variables, "XDG_STATE_HOME");
	const char *home = environ_value(variables, "HOME");

	if (geteuid() == 0)
		return give(str_format("/var/lib/hearth"), ret);
	/* The XDG specification: a relative path is to be ignored. */
	if (state && *state == '/')
		return give(str_format("%s/hearth", state), ret);
	if (home && *home == '/')
		return give(str_format("%s/.local/state/hearth", home), ret);
	return give(str_format("/var/lib/hearth"), ret);
}

int path_runtime_default(char *const *variables, char **ret)
{
	const char *runtime = environ_value(variables, "XDG_RUNTIME_DIR");
	_cleanup_free_ char *state = NULL;
	int r;

	if (geteuid() == 0)
		return give(str_format("/run/hearth"), ret);
	if (runtime && *runtime == '/')
		return give(str_format("%s/hearth", runtime), ret);
	r = path_state_default(variables, &state);
	if (r < 0)
		return r;
	return give(str_format("%s/run", state), ret);
}

int path_cache_default(char *const *variables, char **ret)
{
	const char *systemd = environ_value(variables, "CACHE_DIRECTORY");
	const char *cache = environ_value(variables, "XDG_CACHE_HOME");
	const char *home = environ_value(variables, "HOME");

	/* Of several, separated by colons, the first. */
	if (systemd && *systemd == '/')
		return give(str_format("%.*s", (int)strcspn(systemd, ":"), systemd), ret);
	if (geteuid() == 0)
		return give(str_format("/var/cache/hearth"), ret);
	if (cache && *cache == '/')
		return give(str_format("%s/hearth", cache), ret);
	if (home && *home == '/')
		return give(str_format("%s/.cache/hearth", home), ret);
	return give(str_format("/var/cache/hearth"), ret);
}

/* The folder of the running executable, or NULL. */
static char *executable_folder(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	return path_folder(exe);
}

int path_plugin_dirs_default(char ***ret)
{
	_cleanup_free_ char *folder = executable_folder(), *built = NULL;
	_cleanup_(strv_freep) char **dirs = NULL;
	struct stat st;
	int r;

	built = folder ? str_format("%s/plugins", folder) : NULL;
	if (built && stat(built, &st) == 0 && S_ISDIR(st.st_mode))
		r = strv_append(&dirs, built);
	else
		r = strv_append(&dirs, HEARTH_PLUGIN_DIR);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(dirs);
	return 0;
}

static int absolute(const char *path, char **ret)
{
	char here[PATH_MAX];

	if (*path == '/')
		return give(str_format("%s", path), ret);
	if (!getcwd(here, sizeof(here)))
		return -errno;
	return give(str_format("%s/%s", here, path), ret);
}

int path_resolve(const char *path, struct origin named_at, char **ret)
{
	_cleanup_free_ char *folder = NULL, *joined = NULL;

	if (*path == '/' || !named_at.line)
		return absolute(path, ret);
	folder = path_folder(named_at.file);
	joined = folder ? path_join(folder, path) : NULL;
	return joined ? absolute(joined, ret) : -ENOMEM;
}
