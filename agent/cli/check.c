/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth check`: the whole configuration as the agent would see it, without privileges and without
 * starting anything.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "plugin/check_create.h"
#include "plugin/loader.h"
#include "run/blueprint.h"
#include "util/log.h"

static void shadowed_tell(const struct blueprint *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct plugin *p = b->members[i].component->plugin;

		if (p->shadowed)
			log_notice("%s is not used: %s comes first in plugin_dirs", p->shadowed, p->path);
	}
}

/* Everything but create(): plugins, options, wiring. Takes c; ret owns it. */
static int plan_check(struct config *c, struct config_errors *errors, struct blueprint **ret)
{
	const struct blueprint_options how = {.can_skip_secrets = geteuid() != 0};
	_cleanup_(config_freep) struct config *owned = c;
	_cleanup_(registry_freep) struct registry *plugins = NULL;
	int r = registry_new(c->plugin_dirs, &plugins);

	if (r == 0)
		r = blueprint_make(TAKE_PTR(owned), plugins, &how, errors, ret);
	if (r == 0)
		shadowed_tell(*ret);
	return r;
}

static int whole_check(const struct cli_call *call, struct config_errors *errors,
		       struct blueprint **ret)
{
	const struct check_create how = {.sources = &call->sources};
	_cleanup_(blueprint_freep) struct blueprint *b = NULL;
	struct config *c;
	int r = config_load(&call->sources, errors, &c);

	if (r == 0)
		r = plan_check(c, errors, &b);
	if (r == 0)
		r = check_create_all(&how, b->config, errors);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(b);
	return 0;
}

static int check_run(struct cli_call *call)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(blueprint_freep) struct blueprint *b = NULL;
	int r;

	if (call->n_arguments)
		return cli_usage_error(call->name, "unexpected argument \"%s\"; a file is named by --config",
				       call->arguments[0]);
	r = whole_check(call, &errors, &b);
	if (cli_print_errors(&errors) != EXIT_OK)
		return EXIT_CONFIG;
	if (r < 0) {
		log_error("cannot check the configuration: %s", strerror(-r));
		return EXIT_FAILED;
	}
	printf("%s: good, %zu of %zu instances enabled\n",
	       b->config->path ? b->config->path : "no configuration file", b->n, b->config->n_instances);
	return EXIT_OK;
}

const struct cli_verb cli_check = {
	.name = "check",
	.summary = "check the configuration, options of plugins included",
	.description = "Reads everything that the agent would read and prints every error with its file, line "
		       "and column. Needs no privileges: a secret file that only root can read is a warning.",
	.run = check_run,
};
