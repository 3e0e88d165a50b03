/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance is its name, a few keys that the host acts on, and options that only its plugin
 * knows. The host's keys go through a table here; the rest waits for the plugin's.
 */
#include "config/instances.h"

#include <errno.h>
#include <string.h>

#include "config/flatten.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

#define NAME_MAX_LENGTH 63
#define NAME_FIRST "abcdefghijklmnopqrstuvwxyz0123456789"
#define NAME_RULE \
	"lower-case letters, digits, \".\", \"_\" and \"-\", beginning with a letter or digit, at most 63"

const char *const config_reserved_keys[] = {"plugin", "enabled", "optional", "inputs", "queue",
					     "log", NULL};

static const struct hearth_option rows[] = {
	{"plugin", NULL, "the plugin, where it is not called like the instance", .type = HEARTH_STRING},
	{"enabled", "true", "false: known and loaded, but standing by", .type = HEARTH_BOOL},
	{"optional", "false", "true: left out where its plugin is not installed", .type = HEARTH_BOOL},
	{"inputs", NULL, "instances that this one gets its data from; inferred where left out",
	 .type = HEARTH_LIST},
	{"queue", "8MiB", "memory for what waits in front of this instance, per route", .min = 64 << 10,
	 .max = 1 << 30, .type = HEARTH_BYTES},
	{"log.level", NULL, "what of this instance is worth a line; the host's level if left out",
	 .choices = "error|warning|notice|info|debug", .type = HEARTH_CHOICE},
};

const struct option_table config_instance_table = {rows, ARRAY_SIZE(rows), sizeof(rows[0])};

static bool is_name(const char *s, size_t len)
{
	return len > 0 && len <= NAME_MAX_LENGTH && strchr(NAME_FIRST, *s) &&
	       strspn(s, NAME_FIRST "._-") >= len;
}

/* "name" or "plugin/component" */
static bool is_plugin_name(const char *s)
{
	size_t len = strcspn(s, "/");

	return is_name(s, len) && (!s[len] || is_name(s + len + 1, strlen(s + len + 1)));
}

/* The host's part of an instance's map. */
static int reserved_copy(const struct node *map, struct node **ret)
{
	_cleanup_(node_freep) struct node *own = node_new(NODE_MAP, map->origin);

	if (!own)
		return -ENOMEM;
	for (const char *const *key = config_reserved_keys; *key; key++) {
		const struct node *n = node_get(map, *key);
		int r = n ? node_put(own, *key, node_copy(n)) : 0;

		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(own);
	return 0;
}

static int host_options(const struct node *map, const char *subject, struct config_errors *errors,
			struct option_set **ret)
{
	_cleanup_(node_freep) struct node *own = NULL, *flat = NULL;
	int r = reserved_copy(map, &own);

	if (r == 0)
		r = node_flatten(own, &config_instance_table, subject, errors, &flat);
	if (r < 0)
		return r;
	return option_set_new(&config_instance_table, flat, subject, NULL, false, errors, ret);
}

static int plugin_take(const struct option_set *s, const char *subject, struct instance_config *i,
		       struct config_errors *errors)
{
	const struct option_value *v = option_set_value(s, "plugin");

	if (v->is_set && !is_plugin_name(v->string))
		return config_error(errors, v->origin, "%s: \"%.64s\" is not the name of a plugin: " NAME_RULE,
				    subject, v->string);
	i->plugin = str_format("%s", v->is_set ? v->string : i->name);
	return i->plugin ? 0 : -ENOMEM;
}

static int fields_take(const struct option_set *s, struct instance_config *i)
{
	const struct option_value *level = option_set_value(s, "log.level");
	const struct option_value *inputs = option_set_value(s, "inputs");

	i->is_enabled = option_set_value(s, "enabled")->number;
	i->is_optional = option_set_value(s, "optional")->number;
	i->queue_bytes = (uint64_t)option_set_value(s, "queue")->number;
	i->log_level = level->is_set ? log_level_parse(level->string) : -1;
	if (!inputs->is_set)
		return 0;
	i->inputs_origin = inputs->origin;
	i->inputs = strv_copy(inputs->list);
	return i->inputs ? 0 : -ENOMEM;
}

static int instance_read(struct node *n, struct config_errors *errors, struct instance_config *ret)
{
	_cleanup_free_ char *subject = str_format("plugin \"%s\"", n->key);
	_cleanup_(instance_config_done) struct instance_config i = {.node = n, .origin = n->key_origin};
	_cleanup_(option_set_freep) struct option_set *s = NULL;
	int r;

	if (!subject)
		return -ENOMEM;
	if (!is_name(n->key, strlen(n->key)))
		return config_error(errors, n->key_origin, "plugins: \"%.64s\" is not a name: " NAME_RULE,
				    n->key);
	if (n->kind != NODE_MAP)
		return config_error(errors, n->origin, "%s must be a map of options; write {} for its defaults",
				    subject);
	r = host_options(n, subject, errors, &s);
	if (r < 0)
		return r;
	i.name = str_format("%s", n->key);
	r = i.name ? plugin_take(s, subject, &i, errors) : -ENOMEM;
	if (r == 0)
		r = fields_take(s, &i);
	if (r < 0)
		return r;
	*ret = i;
	i = (struct instance_config){};
	return 0;
}

static bool is_listed(char *const *list, const char *name)
{
	for (char *const *p = list; p && *p; p++)
		if (str_equal(*p, name))
			return true;
	return false;
}

int instances_read(struct config *c, char *const *overlaid, struct config_errors *errors)
{
	const struct node *plugins = node_get(c->tree, "plugins");
	int worst = 0;

	if (!plugins)
		return 0;
	if (plugins->kind != NODE_MAP)
		return config_error(errors, plugins->origin,
				    "\"plugins\" must be a map of instances, such as \"cpu-sampler: {}\"");
	c->instances = sys_alloc(plugins->n_children + 1, sizeof(*c->instances));
	if (!c->instances)
		return -ENOMEM;
	for (size_t i = 0; i < plugins->n_children; i++) {
		struct instance_config *instance = &c->instances[c->n_instances];
		int r = instance_read(plugins->children[i], errors, instance);

		if (r == -ENOMEM)
			return r;
		worst = r ? r : worst;
		if (r < 0)
			continue;
		instance->is_of_overlay = is_listed(overlaid, instance->name);
		c->n_instances++;
	}
	return worst;
}

void instance_config_done(struct instance_config *i)
{
	free(i->name);
	free(i->plugin);
	strv_free(i->inputs);
	*i = (struct instance_config){};
}
