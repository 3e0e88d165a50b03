/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth helper opener|inspector|examiner`: what the host runs as a helper process, on a socket
 * that it passes as fd 3. Code that parses is a plugin's and comes through the same loader, with
 * the same checks, as every other; it is loaded before the process seals itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <hearth/helper.h>

#include "cli/cli.h"
#include "helper/examination.h"
#include "helper/helpers.h"
#include "helper/protocol.h"
#include "plugin/loader.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

static void host_log(const struct hearth_host *h, int32_t level, const char *message)
{
	log_write(level, h->instance, "%s", message);
}

static uint64_t host_now_ns(const struct hearth_host *h)
{
	(void)h;
	return clock_monotonic_ns();
}

static const void *host_service(const struct hearth_host *h, const char *id)
{
	(void)h;
	(void)id;
	return NULL;
}

/* All that a component of kind HEARTH_HELPER may use (hearth/helper.h). */
static const struct hearth_host inspector_host = {
	.size = sizeof(inspector_host),
	.abi_minor = HEARTH_ABI_MINOR,
	.instance = "inspector",
	.run = "",
	.log = host_log,
	.now_ns = host_now_ns,
	.service = host_service,
};

static const struct component *helper_component(const struct plugin *p)
{
	for (size_t i = 0; i < p->n_components; i++)
		if (p->components[i].c.kind == HEARTH_HELPER && p->components[i].c.create)
			return &p->components[i];
	return NULL;
}

static int inspector_load(char *const *dirs, struct hearth_inspector **ret)
{
	_cleanup_(plugin_freep) struct plugin *p = NULL;
	_cleanup_free_ char *why = NULL;
	const struct component *component;
	void *instance;
	int r;

	r = plugin_load("inspector", dirs, &p, &why);
	if (r < 0) {
		log_error("frames stay unnamed: %s", why ? why : "the inspector cannot be loaded");
		return r;
	}
	component = helper_component(p);
	if (!component) {
		log_error("%s is not the inspector: it has no component of kind helper", p->path);
		return -ESRCH;
	}
	r = component->c.create(&inspector_host, &instance);
	if (r < 0)
		return log_error_errno(r, "the inspector does not start: %m");
	*ret = instance;
	if (HEARTH_HAS(*ret, unwind))
		return 0;
	log_error("%s was built for another Hearth: its inspector lacks calls", p->path);
	return -EPROTO;
}

static int run_inspector(char *const *dirs)
{
	struct hearth_inspector *inspector;

	if (inspector_load(dirs, &inspector) < 0)
		return EXIT_FAILED;
	return helper_inspector_main(inspector);
}

static int run_examiner(const char *name, const char *component, char *const *dirs)
{
	_cleanup_(plugin_freep) struct plugin *p = NULL;
	_cleanup_free_ char *why = NULL;
	int r;

	r = plugin_load(name, dirs, &p, &why);
	if (r < 0)
		return log_error_errno(r, "%s", why ? why : "the plugin cannot be loaded"),
		       EXIT_FAILED;
	for (size_t i = 0; i < p->n_components; i++)
		if (str_equal(p->components[i].c.name, component) &&
		    p->components[i].c.diagnose_file)
			return helper_examiner_main(&p->components[i].c);
	log_error("%s has no component \"%s\" that diagnoses files", p->path, component);
	return EXIT_FAILED;
}

static int helper_run(struct cli_call *call)
{
	if (call->n_arguments == 0 || fcntl(HELPER_SOCKET, F_GETFD) < 0) {
		log_error("hearth helper is started by hearth itself, not by hand");
		return EXIT_USAGE;
	}
	if (str_equal(call->arguments[0], "opener"))
		return helper_opener_main(call->n_arguments > 1 ? call->arguments[1] : NULL);
	if (str_equal(call->arguments[0], "inspector"))
		return run_inspector(call->arguments + 1);
	if (str_equal(call->arguments[0], "examiner") && call->n_arguments >= 3)
		return run_examiner(call->arguments[1], call->arguments[2], call->arguments + 3);
	log_error("unknown helper \"%s\"", call->arguments[0]);
	return EXIT_USAGE;
}

const struct cli_verb cli_helper = {
	.name = "helper",
	.summary = "Runs a helper process",
	.arguments = "opener [PERF-STORE]|inspector [DIR…]|examiner PLUGIN COMPONENT [DIR…]",
	.is_hidden = true,
	.run = helper_run,
};
