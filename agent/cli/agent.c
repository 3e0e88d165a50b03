/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth agent`: runs the configured pipeline until a signal ends it. */
#include "agent.h"
#include "cli/cli.h"

static int run(struct cli_call *call)
{
	struct agent_options options = { .sources = &call->sources };

	return agent_main(&options);
}

const struct cli_verb cli_agent = {
	.name = "agent",
	.summary = "run the configured plugins until a signal ends it",
	.description =
		"Reads the configuration, starts every enabled plugin and keeps going. SIGHUP or "
		"`hearth reload` applies a changed configuration, and keeps everything as it was if that "
		"is not valid. SIGTERM ends sampling, completes every output and exits; a second one "
		"exits at once.\n"
		"\n"
		"As long as /run/hearth/off exists no Hearth process samples.",
	.run = run,
};
