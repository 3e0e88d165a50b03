/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files, variables and words to one tree. Each source is checked for what it may say before
 * it is laid on the others, because afterwards nobody can tell where a key came from.
 */
#include "config/layers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config/environ.h"
#include "config/overlay.h"
#include "config/override.h"
#include "config/paths.h"
#include "config/yaml.h"
#include "util/buf.h"
#include "util/str.h"

struct reading {
	const struct config_sources *sources;
	char *const *environ;
	struct config_errors *errors;
	struct layers *layers;
	char *folder; /* of hearth.yaml */
	int worst;
};

/* Of -ENOMEM and -EINVAL, the one that ends everything is kept. */
static void remember(struct reading *r, int error)
{
	if (error < 0 && r->worst != -ENOMEM)
		r->worst = error;
}

/* ---- what a layer may say ---- */

static int empties_check(const struct node *n, struct config_errors *errors)
{
	int worst = 0;

	for (size_t i = 0; n->kind == NODE_MAP && i < n->n_children; i++) {
		const struct node *child = n->children[i];
		int r;

		if (child->kind == NODE_NULL && child->text && !*child->text)
			r = config_error(errors, child->key_origin,
					 "\"%s\" has no value; write {} for an empty map, or null to remove it",
					 child->key);
		else
			r = empties_check(child, errors);
		worst = r ? r : worst;
	}
	return worst;
}

static int root_check(const struct node *n, struct config_errors *errors)
{
	if (n->kind == NODE_MAP)
		return empties_check(n, errors);
	return config_error(errors, n->origin, "must be a map of keys, such as \"service: checkout\"");
}

static int environment_refuse(const struct node *n, struct config_errors *errors)
{
	const struct node *environment = node_get(n, "environment");

	if (!environment)
		return 0;
	return config_error(errors, environment->key_origin,
			    "\"environment\" decides which files are read and cannot be set here; set it in "
			    "hearth.yaml, by HEARTH_ENVIRONMENT or by --environment");
}

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

/* Takes over. */
static int layer_add(struct reading *r, struct node *over)
{
	struct node *base = TAKE_PTR(r->layers->tree);

	return node_merge(base, over, &r->layers->tree);
}

/* ---- files ---- */

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
		q = root_check(n, r->errors);
	if (q == 0 && !is_base)
		q = environment_refuse(n, r->errors);
	if (q == 0)
		q = layer_add(r, TAKE_PTR(n));
	return q < 0 ? q : 1;
}

static int base_add(struct reading *r)
{
	const char *named = r->sources->path, *path = named;
	struct origin origin = {};
	int q;

	if (named)
		origin.file = "--config";
	else if ((named = path = environ_value(r->environ, "HEARTH_CONFIG")))
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

static int environment_missing(struct reading *r, struct origin origin, const char *name)
{
	_cleanup_free_ char *folder = str_format("%s/environments", r->folder);
	_cleanup_(strv_freep) char **names = NULL;
	_cleanup_(buf_done) struct buf list = {};

	if (!folder || names_list(folder, is_yaml, &names) == -ENOMEM)
		return -ENOMEM;
	for (char **p = names; p && *p; p++)
		(void)buf_printf(&list, "%s%.*s", p == names ? "there are " : ", ",
				 (int)(strlen(*p) - strlen(".yaml")), *p);
	return config_error(r->errors, origin, "environment \"%s\" has no file %s/%s.yaml; %s", name, folder,
			    name, list.len ? buf_text(&list) : "there are none");
}

static int environment_file_add(struct reading *r, struct origin origin, const char *name)
{
	_cleanup_free_ char *path = NULL;
	int q;

	if (!is_environment_name(name))
		return config_error(r->errors, origin,
				    "\"%.64s\" is not the name of an environment: letters, digits, \".\", \"_\", \"-\"",
				    name);
	path = str_format("%s/environments/%s.yaml", r->folder, name);
	if (!path)
		return -ENOMEM;
	q = file_add(r, path, false);
	if (q == 0 && access(path, F_OK) < 0)
		return environment_missing(r, origin, name);
	return q < 0 ? q : 0;
}

/* Afterwards the tree says which environment it is. */
static int environment_add(struct reading *r)
{
	const struct node *written = node_get(r->layers->tree, "environment");
	struct origin origin = {.file = "--environment"};
	const char *name = r->sources->environment;
	int q;

	if (!name && (name = environ_value(r->environ, "HEARTH_ENVIRONMENT")))
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
	_cleanup_free_ char *folder = str_format("%s/conf.d", r->folder);
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

		remember(r, path ? file_add(r, path, false) : -ENOMEM);
	}
	return q;
}

/* ---- variables, words, overlay ---- */

static int environ_add(struct reading *r)
{
	struct node *n = NULL;
	int q = environ_read(r->environ, r->layers->tree, r->errors, &n);

	return q < 0 ? q : layer_add(r, n);
}

typedef int (*override_fn)(const char *text, const struct node *below, struct config_errors *errors,
			   struct node **ret);

static void words_add(struct reading *r, char *const *words, override_fn fn)
{
	for (char *const *p = words; p && *p; p++) {
		struct node *n = NULL;
		int q = fn(*p, r->layers->tree, r->errors, &n);

		remember(r, q < 0 ? q : layer_add(r, n));
	}
}

static int command_line_add(struct reading *r)
{
	if (r->sources->command_line) {
		struct node *n = node_copy(r->sources->command_line);
		int q = n ? layer_add(r, n) : -ENOMEM;

		if (q < 0)
			return q;
	}
	words_add(r, r->sources->sinks, override_sink);
	words_add(r, r->sources->set, override_set);
	return 0;
}

static int overlaid_remember(struct reading *r, const struct node *overlay)
{
	const struct node *plugins = node_get(overlay, "plugins");

	for (size_t i = 0; plugins && plugins->kind == NODE_MAP && i < plugins->n_children; i++) {
		int q = strv_append(&r->layers->overlaid, plugins->children[i]->key);

		if (q < 0)
			return q;
	}
	return 0;
}

static int overlay_add(struct reading *r)
{
	const struct config_sources *s = r->sources;
	_cleanup_(node_freep) struct node *n = NULL;
	int q;

	if (!s->overlay)
		return 0;
	q = yaml_parse(s->is_run_overlay ? "run" : "control overlay", s->overlay, strlen(s->overlay),
		       r->errors, &n);
	if (q == 0)
		q = root_check(n, r->errors);
	if (q == 0 && s->is_run_overlay)
		q = environment_refuse(n, r->errors);
	if (q == 0 && !s->is_run_overlay)
		q = overlay_check(n, r->layers->tree, r->errors);
	if (q == 0)
		q = overlaid_remember(r, n);
	return q < 0 ? q : layer_add(r, TAKE_PTR(n));
}

static void files_add(struct reading *r)
{
	remember(r, base_add(r));
	/* Which environment a broken file wanted is anybody's guess. */
	if (r->worst == 0)
		remember(r, environment_add(r));
	if (r->folder)
		remember(r, drop_ins_add(r));
}

/* Later sources are judged by what the files configured, so only if those are sound. */
static void rest_add(struct reading *r)
{
	bool is_verb = r->sources->has_no_files;

	if (r->worst == 0 && is_verb)
		remember(r, overlay_add(r));
	if (r->worst == 0)
		remember(r, environ_add(r));
	if (r->worst == 0)
		remember(r, command_line_add(r));
	if (r->worst == 0 && !is_verb)
		remember(r, overlay_add(r));
}

int layers_load(const struct config_sources *sources, char *const *environ,
		struct config_errors *errors, struct layers *ret)
{
	_cleanup_(layers_done) struct layers l = {};
	struct reading r = {sources, environ, errors, &l, NULL, 0};

	l.tree = node_new(NODE_MAP, (struct origin){});
	if (!l.tree)
		return -ENOMEM;
	files_add(&r);
	rest_add(&r);
	free(r.folder);
	if (r.worst < 0)
		return r.worst;
	*ret = l;
	l = (struct layers){};
	return 0;
}

void layers_done(struct layers *l)
{
	node_free(l->tree);
	free(l->path);
	free(l->environment);
	strv_free(l->overlaid);
	*l = (struct layers){};
}
