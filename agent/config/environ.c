/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Few variables on purpose: a file says more and can be checked. Whoever brings one that we do not
 * read, misspelt or of another tool, learns what to use instead.
 */
#include "config/environ.h"

#include <errno.h>
#include <string.h>

#include "util/str.h"

static const char *const known[] = {
	"HEARTH_CONFIG", "HEARTH_ENVIRONMENT", "HEARTH_SERVICE", "HEARTH_SERVER", "HEARTH_FAILPOINT",
#ifdef HEARTH_FAILPOINTS
	"HEARTH_CONFIG_SITES",
#endif
};

#define TOKEN_ADVICE \
	"is not read: other processes can see an environment; write the token to a file that only " \
	"its owner can read (chmod 600) and set heartbeat.token_file to its path"

static const struct {
	const char *name, *advice;
} foreign[] = {
	{"GPROFILER_TOKEN", TOKEN_ADVICE},
	{"GPROFILER_SERVICE", "is not read; set HEARTH_SERVICE, or service in hearth.yaml"},
	{"GPROFILER_SERVER", "is not read; set HEARTH_SERVER, or heartbeat.server in hearth.yaml"},
	{"HEARTH_TOKEN", TOKEN_ADVICE},
#ifndef HEARTH_FAILPOINTS
	{"HEARTH_FAILPOINT", "is ignored: this hearth was built without failpoints"},
#endif
};

const char *environ_value(char *const *variables, const char *name)
{
	size_t len = strlen(name);

	for (char *const *e = variables; e && *e; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return (*e)[len + 1] ? *e + len + 1 : NULL;
	return NULL;
}

static struct origin origin_of(const char *name)
{
	return (struct origin){origin_file(name), 0, 0};
}

/* What there is to say about a variable; NULL: nothing. Allocated. */
static char *advice_for(const char *name)
{
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (str_equal(name, foreign[i].name))
			return str_format("%s", foreign[i].advice);
	if (!str_starts(name, "HEARTH_"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_equal(name, known[i]))
			return NULL;
	near = str_suggest(name, known, ARRAY_SIZE(known));
	if (near)
		return str_format("is not a variable that Hearth reads; did you mean \"%s\"?", near);
	return str_format("is not a variable that Hearth reads; use --set plugin.option=value or hearth.yaml");
}

static void variables_check(char *const *variables, struct config_errors *errors)
{
	for (char *const *e = variables; e && *e; e++) {
		_cleanup_free_ char *name = str_format("%.*s", (int)strcspn(*e, "="), *e);
		_cleanup_free_ char *advice = name ? advice_for(name) : NULL;

		if (advice)
			config_warning(errors, origin_of(name), "%s", advice);
	}
}

static bool is_heartbeat(const struct node *instance)
{
	const struct node *plugin = node_get(instance, "plugin");

	if (plugin && plugin->kind == NODE_SCALAR)
		return str_equal(plugin->text, "heartbeat");
	return str_equal(instance->key, "heartbeat");
}

static int server_put(struct node *tree, const char *instance, const char *server)
{
	struct origin origin = origin_of("HEARTH_SERVER");
	struct node *plugins = node_get(tree, "plugins"), *map;
	int r = 0;

	if (!plugins) {
		plugins = node_new(NODE_MAP, origin);
		r = node_put(tree, "plugins", plugins);
	}
	if (r < 0)
		return r;
	map = node_new(NODE_MAP, origin);
	r = node_put(plugins, instance, map);
	return r < 0 ? r : node_put(map, "server", node_scalar(server, origin));
}

/* For every heartbeat that is configured; a server alone does not make one. */
static int server_read(const char *server, const struct node *below, struct config_errors *errors,
		       struct node *tree)
{
	const struct node *plugins = node_get(below, "plugins");
	bool is_used = false;

	for (size_t i = 0; plugins && plugins->kind == NODE_MAP && i < plugins->n_children; i++) {
		int r;

		if (!is_heartbeat(plugins->children[i]))
			continue;
		r = server_put(tree, plugins->children[i]->key, server);
		if (r < 0)
			return r;
		is_used = true;
	}
	if (!is_used)
		config_warning(errors, origin_of("HEARTH_SERVER"),
			       "has no effect: no heartbeat plugin is configured");
	return 0;
}

int environ_read(char *const *variables, const struct node *below, bool has_heartbeats,
		 struct config_errors *errors, struct node **ret)
{
	const char *service = environ_value(variables, "HEARTH_SERVICE");
	const char *server = environ_value(variables, "HEARTH_SERVER");
	struct origin origin = origin_of("HEARTH_SERVICE");
	_cleanup_(node_freep) struct node *tree = node_new(NODE_MAP, origin);
	int r = tree ? 0 : -ENOMEM;

	variables_check(variables, errors);
	if (r == 0 && service)
		r = node_put(tree, "service", node_scalar(service, origin));
	if (r == 0 && server && has_heartbeats)
		r = server_read(server, below, errors, tree);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(tree);
	return 0;
}
