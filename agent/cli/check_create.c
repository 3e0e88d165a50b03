/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth check-create INSTANCE`, for `hearth check`: creates one instance and says how it went. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core.h"
#include "plugin/check_create.h"

static int run(struct cli_call *call)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(core_freep) struct core *core = NULL;
	struct check_create_host host;
	int r;

	if (call->n_arguments != 1) {
		return cli_usage_error(call->name, "one instance is wanted");
	}
	r = config_load(&call->sources, &errors, &config);
	if (r < 0) {
		(void)check_create_refuse(CHECK_CREATE_FD,
					  errors.n ? errors.messages[0] : strerror(-r));
		return EXIT_CONFIG;
	}
	r = core_new(&(struct core_options){ .config = config }, &core);
	if (r < 0) {
		(void)check_create_refuse(CHECK_CREATE_FD, strerror(-r));
		return EXIT_FAILED;
	}
	host = (struct check_create_host){ .registry = core_registry(core),
					   .service = core_service,
					   .ctx = core };
	host.labels = core_labels(core, &host.n_labels);
	r = check_create_child(config, call->arguments[0], &host, CHECK_CREATE_FD);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

const struct cli_verb cli_check_create = {
	.name = CHECK_CREATE_VERB,
	.summary = "try one instance",
	.arguments = "INSTANCE",
	.is_hidden = true,
	.run = run,
};
