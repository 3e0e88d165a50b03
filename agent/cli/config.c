/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth config show`: what the configuration came to. `hearth config graph`: who reads whom. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "config/dump.h"
#include "config/secret.h"
#include "config/yaml.h"
#include "plugin/loader.h"
#include "run/blueprint.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/str.h"

static const struct hearth_option options[] = {
	{"origin", "false", "show: name file and line, variable or option behind each value",
	 .type = HEARTH_BOOL},
	{"defaults", "false", "show: also what nobody has set", .type = HEARTH_BOOL},
};

static int fail(int r)
{
	log_error("cannot print the configuration: %s", strerror(-r));
	return EXIT_FAILED;
}

/* ---- show ---- */

static const char *type_of(const struct node *instance)
{
	const struct node *plugin = node_get(instance, "plugin");

	return plugin && plugin->kind == NODE_SCALAR ? plugin->text : instance->key;
}

/* The option table of an instance; false if its plugin cannot be loaded. */
static bool table_find(struct registry *plugins, const struct node *instance, struct option_table *ret)
{
	_cleanup_free_ char *why = NULL;
	const struct component *c;

	if (registry_component(plugins, type_of(instance), &c, &why) < 0)
		return false;
	*ret = c->options;
	return true;
}

static bool is_secret(void *ctx, const struct node *instance, const struct node *option)
{
	const char *named_in = option->origin.line ? option->origin.file : NULL;
	struct hearth_option row;
	struct option_table t;

	if (!table_find(ctx, instance, &t) || !option_row_find(&t, option->key, &row))
		return dump_name_is_secret(option->key);
	/* A token that was written in place of its path. */
	if (row.type == HEARTH_SECRET_FILE)
		return option->kind != NODE_SCALAR || !secret_text_is_path(option->text, named_in);
	return row.flags & HEARTH_SECRET;
}

static int default_node(const struct hearth_option *row, struct node **ret)
{
	struct origin origin = {origin_file("default"), 0, 0};

	if (row->def[0] == '[' || row->def[0] == '{')
		return yaml_parse("default", row->def, strlen(row->def), NULL, ret);
	*ret = node_scalar(row->def, origin);
	return *ret ? 0 : -ENOMEM;
}

static int defaults_put(struct node *map, const struct option_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row;
		struct node *n = NULL;
		int r;

		option_row(t, i, &row);
		if (!row.def || row.flags & HEARTH_HIDDEN || node_find(map, row.name))
			continue;
		r = default_node(&row, &n);
		if (r == 0)
			r = node_put_path(map, row.name, n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int all_defaults_put(struct node *tree, struct registry *plugins)
{
	struct node *instances = node_get(tree, "plugins");
	int r = defaults_put(tree, &config_host_table);

	for (size_t i = 0; r == 0 && instances && i < instances->n_children; i++) {
		struct node *instance = instances->children[i];
		struct option_table t;

		r = defaults_put(instance, &config_instance_table);
		if (r == 0 && table_find(plugins, instance, &t))
			r = defaults_put(instance, &t);
	}
	return r;
}

static int show(const struct cli_call *call, const struct config *c, struct registry *plugins)
{
	struct dump_style style = {option_set_value(&call->options, "origin")->number, is_secret, plugins};
	_cleanup_(node_freep) struct node *tree = node_copy(c->tree);
	_cleanup_(buf_done) struct buf text = {};
	int r = tree ? 0 : -ENOMEM;

	if (r == 0 && option_set_value(&call->options, "defaults")->number)
		r = all_defaults_put(tree, plugins);
	if (r == 0)
		r = dump_yaml(tree, &style, &text);
	return r < 0 ? fail(r) : cli_print(&text);
}

/* ---- graph ---- */

/* Takes c. */
static int graph(struct config *c, struct registry *plugins)
{
	const struct blueprint_options how = {.can_skip_secrets = geteuid() != 0};
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(blueprint_freep) struct blueprint *b = NULL;
	_cleanup_(buf_done) struct buf text = {};
	int r = blueprint_make(c, plugins, &how, &errors, &b);

	if (cli_print_errors(&errors) != EXIT_OK)
		return EXIT_CONFIG;
	if (r == 0)
		r = wiring_print(&b->wiring, b->nodes, &text);
	return r < 0 ? fail(r) : cli_print(&text);
}

static int config_run(struct cli_call *call)
{
	const char *what = call->n_arguments ? call->arguments[0] : "show";
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_(registry_freep) struct registry *plugins = NULL;
	int r, status;

	if (call->n_arguments > 1)
		return cli_usage_error(call->name, "unexpected argument \"%s\"", call->arguments[1]);
	if (!str_equal(what, "show") && !str_equal(what, "graph"))
		return cli_usage_error(call->name, "\"%s\" is neither show nor graph", what);
	status = cli_load_config(call, &c);
	if (status != EXIT_OK)
		return status;
	r = registry_new(c->plugin_dirs, &plugins);
	if (r < 0)
		return fail(r);
	return str_equal(what, "show") ? show(call, c, plugins) : graph(TAKE_PTR(c), plugins);
}

const struct cli_verb cli_config = {
	.name = "config",
	.summary = "show what the configuration came to, or who reads whom",
	.arguments = "show|graph",
	.description = "show prints the configuration after all files, variables and options were merged; "
		       "secrets are left out.\n"
		       "\n"
		       "graph prints which instance gets its data from which.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.run = config_run,
};
