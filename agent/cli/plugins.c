/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth plugins`: what is installed, what it can do, which options it has. It has to answer
 * also while the configuration is broken, for the names of options are looked up here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/plugin_list.h"
#include "cli/running.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

#define STATUS_TIMEOUT_NS (2 * NS_PER_S)

static const struct hearth_option options[] = {
	{ .name = "json", .type = HEARTH_BOOL, .def = "false", .help = "print JSON" },
};

/* Whether code is outdated only the agent that has loaded it can say. */
static void ask_agent(struct cli_call *call, struct plugin_list *l)
{
	json_t *request = json_pack("{s:s}", "request", "status"), *answer = NULL;
	_cleanup_free_ char *why = NULL;

	if (running_agent_ask(call, request, STATUS_TIMEOUT_NS, &answer, &why) == 0)
		plugin_list_mark_outdated(l, answer);
	json_decref(request);
	json_decref(answer);
}

/* Leaves the entries that the command line names, in its order. */
static int choose(const struct plugin_list *l, char *const *names, size_t n_names,
		  struct plugin_list *ret)
{
	struct plugin_list chosen = { .entries = calloc(n_names, sizeof(*chosen.entries)) };

	if (!chosen.entries)
		return -ENOMEM;
	for (; *names; names++) {
		const struct plugin_entry *e = plugin_list_find(l, *names);

		if (!e) {
			log_error("no plugin \"%s\"; `hearth plugins` lists them", *names);
			free(chosen.entries);
			return -ENOENT;
		}
		chosen.entries[chosen.n++] = *e;
	}
	*ret = chosen;
	return 0;
}

static int print_json(const struct plugin_list *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(array, plugin_entry_json(&l->entries[i]));
	(void)json_dumpf(array, stdout, JSON_INDENT(2));
	json_decref(array);
	puts("");
	return EXIT_OK;
}

static size_t count_broken(const struct plugin_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += !l->entries[i].plugin;
	return n;
}

static int print_text(const struct plugin_list *l, char *const *dirs, bool is_verbose)
{
	_cleanup_(buf_done) struct buf out = {};

	if (!is_verbose && l->n > 0)
		plugin_list_write(l, &out);
	for (size_t i = 0; is_verbose && i < l->n; i++) {
		plugin_entry_write(&l->entries[i], &out);
		buf_append_string(&out, "\n");
	}
	buf_printf(&out, "%s%zu plugins in", is_verbose || l->n == 0 ? "" : "\n", l->n);
	for (char *const *d = dirs; d && *d; d++)
		buf_printf(&out, "%s %s", d == dirs ? "" : ",", *d);
	if (count_broken(l))
		buf_printf(&out, "; %zu of them broken", count_broken(l));
	buf_printf(&out, "%s\n", is_verbose ? "" : "; their options: hearth plugins -v");
	return cli_print(&out);
}

static int print(struct cli_call *call, const struct plugin_list *l, char *const *dirs)
{
	if (option_set_value(&call->options, "json")->number)
		return print_json(l);
	return print_text(l, dirs, call->is_verbose);
}

/* As the configuration says, or by the built-in defaults if it is broken. */
static int load_config(const struct cli_call *call, struct config **ret)
{
	static char *const no_environment[] = { NULL };
	const struct config_sources defaults = { .path = "/dev/null", .has_no_files = true,
						 .environ = no_environment };
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config_sources sources = call->sources;

	sources.has_no_files = true;
	if (config_load(&sources, &errors, ret) >= 0)
		return 0;
	log_warning("%s; taking the default plugin_dirs",
		    errors.n ? errors.messages[0] : "the configuration cannot be read");
	return config_load(&defaults, &errors, ret);
}

static int run(struct cli_call *call)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(registry_freep) struct registry *registry = NULL;
	_cleanup_(plugin_list_done) struct plugin_list all = {};
	struct plugin_list chosen;
	int r;

	r = load_config(call, &config);
	if (r >= 0)
		r = registry_new(config->plugin_dirs, &registry);
	if (r >= 0)
		r = plugin_list_make(registry, &all);
	if (r < 0) {
		log_error("cannot list the plugins: %s", strerror(-r));
		return EXIT_FAILED;
	}
	ask_agent(call, &all);
	if (call->n_arguments == 0)
		return print(call, &all, config->plugin_dirs);
	r = choose(&all, call->arguments, call->n_arguments, &chosen);
	if (r < 0)
		return EXIT_FAILED;
	r = print(call, &chosen, config->plugin_dirs);
	free(chosen.entries);
	return r;
}

const struct cli_verb cli_plugins = {
	.name = "plugins",
	.summary = "list the plugins, with -v their options",
	.arguments = "[NAME…]",
	.description = "Lists what the folders of plugin_dirs hold: version, kind and purpose of "
		       "each component, and the verbs that plugins add to hearth. A plugin that "
		       "does not load is listed with the reason. With --verbose: files, "
		       "capabilities, what is accepted and emitted, and the option tables.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.run = run,
};
