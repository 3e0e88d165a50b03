/* SPDX-License-Identifier: Apache-2.0 */
/* Where the control socket is, is the configuration's to say: the agent read the same one. */
#include "cli/running.h"

#include <errno.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ctl/client.h"
#include "util/str.h"

static char *socket_path(const struct cli_call *call)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(config_freep) struct config *config = NULL;
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (config_load(&call->sources, &errors, &config) == 0)
		return str_format("%s/status.sock", config->runtime_dir);
	if (geteuid() != 0 && runtime)
		return str_format("%s/hearth/status.sock", runtime);
	return strdup("/run/hearth/status.sock");
}

int running_agent_ask(struct cli_call *call, const json_t *request, uint64_t timeout_ns, json_t **ret,
		      char **ret_why)
{
	_cleanup_free_ char *path = socket_path(call);

	return path ? client_call(path, request, timeout_ns, ret, ret_why) : -ENOMEM;
}
