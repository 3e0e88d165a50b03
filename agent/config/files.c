/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth.yaml says which environment it is; environments/NAME.yaml and conf.d lie beside it. A file
 * that is broken does not keep the others from being read, so that all errors are seen at once.
 */
#include "config/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config/environ.h"
#include "config/paths.h"
#include "config/yaml.h"
#include "util/buf.h"
#include "util/str.h"

/* What a verb in a process of its own takes from the files of the agent. */
static void keys_filter(struct node *n)
{
	static const char *const wanted[] = {"labels", "service", "service_version", "environment",
					     "plugin_dirs", "log"};
	size_t kept = 0;

	for (size_t i = 0; i < n->n_children; i++) {
		bool is_wanted = false;

		for (size_t k = 0; k < ARRAY_SIZE(wanted); k++)
			is_wanted |= str_equal(n->children[i]->key, wanted[k]);
		if (is_wanted)
			n->children[kept++] = n->children[i];
		else
			node_free(n->children[i]);
	}
	n->n_children = kept;
}

static bool is_unreadable(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0 && errno == EACCES;
}

/* 1: read and merged; 0: there is none, or nobody needs it. */
static int file_add(struct reading *r, const char *path, bool is_base)
{
	_cleanup_(node_freep) struct node *n = NULL;
	int q;

	if (r->sources->has_no_files && is_unreadable(path)) {
		config_warning(r->errors, ((struct origin){origin_file(path), 0, 0}),
			       "cannot be read: %s; its service and labels are not used", strerror(EACCES));
		return 0;
	}
	q = yaml_load(path, r->errors, &n);
	if (q == -ENOENT)
		return 0;
	if (q == 0 && r->sources->has_no_files && n->kind == NODE_MAP)
		keys_filter(n);
	if (q == 0)
		q = layer_check(n, r->errors);
	if (q == 0 && !is_base)
		q = layer_refuse_environment(n, r->errors);
	if (q == 0)
		q = reading_add(r, TAKE_PTR(n));
	return q < 0 ? q : 1;
}

static int base_add(struct reading *r)
{
	const char *named = r->sources->path, *path = named;
	struct origin origin = {};
	int q;

	if (named)
		origin.file = "--config";
	else if ((named = path = environ_value(r->variables, "HEARTH_CONFIG")))
		origin.file = "HEARTH_CONFIG";
	else
		path = HEARTH_CONFIG_DIR "/hearth.yaml";
	r->folder = path_folder(path);
	if (!r->folder)
		return -ENOMEM;
	q = file_add(r, path, true);
	if (q == 0 && named && access(path, F_OK) < 0)
		return config_error(r->errors, origin, "there is no file %s", path);
	if (q <= 0)
		return q;
	r->layers->path = str_format("%s", path);
	return r->layers->path ? 0 : -ENOMEM;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && *name != '.' && str_equal(name + n - s, suffix);
}

static int is_yaml(const struct dirent *d)
{
	return has_suffix(d->d_name, ".yaml");
}

static int is_yml(const struct dirent *d)
{
	return has_suffix(d->d_name, ".yml");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Names in a folder that pass, sorted by bytes; none if there is no such folder. */
static int names_list(const char *folder, int (*filter)(const struct dirent *), char ***ret)
{
	_cleanup_(strv_freep) char **names = strv_copy(NULL);
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, filter, by_name), r = names ? 0 : -ENOMEM;

	if (n < 0)
		r = errno == ENOENT || errno == ENOTDIR ? r : -errno;
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = strv_append(&names, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (r == 0)
		*ret = TAKE_PTR(names);
	return r;
}

/* ---- the environment's file ---- */

static bool is_environment_name(const char *s)
{
	return *s && *s != '.' && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					       "0123456789._-")];
}

static char *environment_path(const struct reading *r, const char *name)
{
	_cleanup_free_ char *file = str_format("environments/%s.yaml", name);

	return file ? path_join(r->folder, file) : NULL;
}

/* path: of the file that is not there */
static int environment_missing(struct reading *r, struct origin origin, const char *name,
			       const char *path)
{
	_cleanup_free_ char *folder = path_join(r->folder, "environments");
	_cleanup_(strv_freep) char **names = NULL;
	_cleanup_(buf_done) struct buf list = {};

	if (!folder || names_list(folder, is_yaml, &names) == -ENOMEM)
		return -ENOMEM;
	for (char **p = names; p && *p; p++)
		(void)buf_printf(&list, "%s%.*s", p == names ? "there are " : ", ",
				 (int)(strlen(*p) - strlen(".yaml")), *p);
	return config_error(r->errors, origin, "environment \"%s\" has no file %s; %s", name, path,
			    list.len ? buf_text(&list) : "there are none");
}

static int environment_file_add(struct reading *r, struct origin origin, const char *name)
{
	_cleanup_free_ char *path = NULL;
	int q;

	if (!is_environment_name(name))
		return config_error(r->errors, origin,
				    "\"%.64s\" is not the name of an environment: letters, digits, \".\", \"_\", \"-\"",
				    name);
	path = environment_path(r, name);
	if (!path)
		return -ENOMEM;
	q = file_add(r, path, false);
	if (q == 0 && access(path, F_OK) < 0)
		return environment_missing(r, origin, name, path);
	return q < 0 ? q : 0;
}

/* Afterwards the tree says which environment it is. */
static int environment_add(struct reading *r)
{
	const struct node *written = node_get(r->layers->tree, "environment");
	struct origin origin = {.file = "--environment"};
	const char *name = r->sources->environment;
	int q;

	if (!name && (name = environ_value(r->variables, "HEARTH_ENVIRONMENT")))
		origin.file = "HEARTH_ENVIRONMENT";
	if (!name && written && written->kind == NODE_SCALAR) {
		name = written->text;
		origin = written->origin;
	}
	if (!name)
		return 0;
	r->layers->environment = str_format("%s", name);
	if (!r->layers->environment)
		return -ENOMEM;
	q = environment_file_add(r, origin, r->layers->environment);
	if (q < 0)
		return q;
	return node_put(r->layers->tree, "environment", node_scalar(r->layers->environment, origin));
}

/* ---- conf.d ---- */

static int drop_ins_refuse(struct reading *r, const char *folder)
{
	_cleanup_(strv_freep) char **names = NULL;
	int q = names_list(folder, is_yml, &names);

	for (char **p = names; p && *p; p++) {
		_cleanup_free_ char *path = str_format("%s/%s", folder, *p);

		if (path)
			config_warning(r->errors, ((struct origin){origin_file(path), 0, 0}),
				       "is not read; rename it to end in .yaml");
	}
	return q;
}

static int drop_ins_add(struct reading *r)
{
	_cleanup_free_ char *folder = path_join(r->folder, "conf.d");
	_cleanup_(strv_freep) char **names = NULL;
	int q;

	if (!folder)
		return -ENOMEM;
	q = names_list(folder, is_yaml, &names);
	if (q == 0)
		q = drop_ins_refuse(r, folder);
	if (q == -EACCES && r->sources->has_no_files)
		return 0;
	if (q < 0 && q != -ENOMEM)
		return config_error(r->errors, ((struct origin){origin_file(folder), 0, 0}),
				    "cannot be read: %s", strerror(-q));
	for (char **p = names; q >= 0 && *p; p++) {
		_cleanup_free_ char *path = str_format("%s/%s", folder, *p);

		reading_remember(r, path ? file_add(r, path, false) : -ENOMEM);
	}
	return q;
}

void files_add(struct reading *r)
{
	reading_remember(r, base_add(r));
	/* Which environment a broken file wanted is anybody's guess. */
	if (r->worst == 0)
		reading_remember(r, environment_add(r));
	if (r->folder)
		reading_remember(r, drop_ins_add(r));
}
