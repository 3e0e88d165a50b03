/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a command line name places in a tree that only the files make known: "a.b.c=1" is
 * option c of instance "a.b" if there is one, else a key of the host.
 */
#include "config/override.h"

#include <errno.h>
#include <string.h>

#include "config/config.h"
#include "config/flatten.h"
#include "config/shorthand.h"
#include "util/str.h"

static struct origin origin_of(const char *option)
{
	return (struct origin){origin_file(option), 0, 0};
}

/* The instance whose name, with a dot behind it, begins the key; the longest wins. */
static const struct node *instance_find(const struct node *below, const char *key)
{
	const struct node *plugins = node_get(below, "plugins"), *best = NULL;

	for (size_t i = 0; plugins && plugins->kind == NODE_MAP && i < plugins->n_children; i++) {
		const struct node *n = plugins->children[i];
		size_t len = strlen(n->key);

		if (strncmp(key, n->key, len) == 0 && key[len] == '.' &&
		    (!best || len > strlen(best->key)))
			best = n;
	}
	return best;
}

/* Instances and host keys: what the first word of a key may be. */
static int words_list(const struct node *below, char ***ret)
{
	const struct node *plugins = node_get(below, "plugins");
	_cleanup_(strv_freep) char **words = strv_copy(NULL);
	int r = words ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && plugins && i < plugins->n_children; i++)
		if (plugins->children[i]->key)
			r = strv_append(&words, plugins->children[i]->key);
	for (size_t i = 0; r == 0 && i < config_host_table.n; i++)
		r = strv_append(&words, config_host_table.rows[i].name);
	if (r == 0)
		*ret = TAKE_PTR(words);
	return r;
}

/* Compared as a whole ("log.levl") and by the first word ("cpu-smapler.frequency"). */
static int unknown_report(const char *key, const struct node *below, struct config_errors *errors)
{
	_cleanup_free_ char *word = str_format("%.*s", (int)strcspn(key, "."), key);
	_cleanup_(strv_freep) char **words = NULL;
	const char *near;
	int r = words_list(below, &words);

	if (r < 0 || !word)
		return -ENOMEM;
	near = str_suggest(word, (const char *const *)words, strv_length(words));
	if (!near)
		near = str_suggest(key, (const char *const *)words, strv_length(words));
	if (near)
		return config_error(errors, origin_of("--set"),
				    "no plugin \"%s\" is configured; did you mean \"%s\"?", word, near);
	return config_error(errors, origin_of("--set"),
			    "no plugin \"%s\" is configured; a sink is added by --sink %s, others in hearth.yaml",
			    word, word);
}

static bool is_host_key(const char *key)
{
	_cleanup_free_ char *word = str_format("%.*s", (int)strcspn(key, "."), key);
	struct hearth_option row;

	if (word)
		shorthand_option_name(word);
	return word && (option_row_find(&config_host_table, word, &row) ||
			option_table_has_group(&config_host_table, word));
}

/* {plugins: {name: map}}; takes map. */
static int wrap(const char *name, struct node *map, struct node **ret)
{
	_cleanup_(node_freep) struct node *owned = map, *tree = NULL;
	struct node *plugins;
	int r;

	if (!map)
		return -ENOMEM;
	tree = node_new(NODE_MAP, map->origin);
	if (!tree)
		return -ENOMEM;
	plugins = node_new(NODE_MAP, map->origin);
	r = node_put(tree, "plugins", plugins);
	if (r == 0)
		r = node_put(plugins, name, TAKE_PTR(owned));
	if (r == 0)
		*ret = TAKE_PTR(tree);
	return r;
}

/* A map that holds one value at the end of a path. */
static int path_make(const char *path, const char *text, struct config_errors *errors,
		     struct node **ret)
{
	struct origin origin = origin_of("--set");
	_cleanup_(node_freep) struct node *map = node_new(NODE_MAP, origin);
	_cleanup_free_ char *name = str_format("%s", path);
	int r;

	if (!map || !name)
		return -ENOMEM;
	shorthand_option_name(name);
	r = node_put_path(map, name, shorthand_value(text, origin));
	if (r == -E2BIG)
		return config_error(errors, origin, "\"%.40s…\" has too many dots", path);
	if (r == 0)
		*ret = TAKE_PTR(map);
	return r;
}

static int instance_set(const struct node *instance, const char *path, const char *text,
			struct config_errors *errors, struct node **ret)
{
	struct node *map = NULL;
	int r = path_make(path, text, errors, &map);

	return r < 0 ? r : wrap(instance->key, map, ret);
}

int override_set(const char *text, const struct node *below, struct config_errors *errors,
		 struct node **ret)
{
	const char *value = strchr(text, '=');
	_cleanup_free_ char *key = NULL;
	const struct node *instance;
	const char *name;

	if (!value || value == text)
		return config_error(errors, origin_of("--set"),
				    "\"%s\" sets nothing; write plugin.option=value", text);
	key = str_format("%.*s", (int)(value - text), text);
	if (!key)
		return -ENOMEM;
	if (str_equal(key, "environment"))
		return config_error(errors, origin_of("--set"),
				    "environment decides which files are read; use --environment %s",
				    value + 1);
	name = str_starts(key, "plugins.") ? key + strlen("plugins.") : key;
	instance = instance_find(below, name);
	if (instance && (name != key || !is_host_key(key)))
		return instance_set(instance, name + strlen(instance->key) + 1, value + 1, errors, ret);
	return is_host_key(key) ? path_make(key, value + 1, errors, ret)
				: unknown_report(name, below, errors);
}

/* Who names a sink wants it, also one that is configured and stands by. */
static int enable(const char *name, const struct node *below, struct node *map)
{
	const struct node *configured = node_get(node_get(below, "plugins"), name);

	if (!node_get(configured, "enabled") || node_get(map, "enabled"))
		return 0;
	return node_put(map, "enabled", node_scalar("true", map->origin));
}

int override_sink(const char *text, const struct node *below, struct config_errors *errors,
		  struct node **ret)
{
	_cleanup_(node_freep) struct node *map = NULL;
	_cleanup_free_ char *name = NULL, *why = NULL;
	int r;

	r = shorthand_parse(text, origin_of("--sink"), &name, &map, &why);
	if (r == -EINVAL)
		return config_error(errors, origin_of("--sink"), "%s", why);
	if (r == 0)
		r = enable(name, below, map);
	return r < 0 ? r : wrap(name, TAKE_PTR(map), ret);
}
