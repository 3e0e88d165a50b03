/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth reload`: has the running agent apply its configuration, and says how that went. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/running.h"
#include "util/clock.h"

/* Longer than any drain: the agent answers as soon as the new set runs. */
#define RELOAD_TIMEOUT_NS (60 * NS_PER_S)

static int run(struct cli_call *call)
{
	json_t *request = json_pack("{s:s}", "request", "reload"), *answer = NULL;
	_cleanup_free_ char *why = NULL;
	int r = running_agent_ask(call, request, RELOAD_TIMEOUT_NS, &answer, &why);

	json_decref(request);
	json_decref(answer);
	if (r == 0) {
		puts("reloaded");
		return EXIT_OK;
	}
	fprintf(stderr, "hearth: %s\n", why ? why : strerror(-r));
	if (r == -EINVAL)
		return EXIT_CONFIG;
	return r == -EACCES || r == -EPERM ? EXIT_PERMISSION : EXIT_FAILED;
}

const struct cli_verb cli_reload = {
	.name = "reload",
	.summary = "have the running agent apply its changed configuration",
	.description = "Prints \"reloaded\" once the new set of plugins runs. A configuration that is not "
		       "valid, or a plugin that does not start, changes nothing: the reason is printed and "
		       "the exit status is 3.",
	.run = run,
};
