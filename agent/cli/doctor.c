/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth doctor`: whether Hearth can work on this machine, and the command that mends what keeps
 * it from it. The host looks at its own needs; each component knows the rest about itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/diagnosis.h"
#include "cli/doctor_file.h"
#include "cli/doctor_instances.h"
#include "cli/running.h"
#include "core.h"
#include "plugin/crash.h"
#include "plugin/loader.h"
#include "plugin/search.h"
#include "plugin/trust.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

#define STATUS_TIMEOUT_NS (2 * NS_PER_S)
#define NEXT "hearth record -d 10 -o DIR"

/* What tests/vm boots: BPF ring buffers, CO-RE, and the perf fixes that the sampler relies on. */
enum { KERNEL_MAJOR = 6, KERNEL_MINOR = 1 };

struct doctor {
	struct diagnosis diagnosis;
	struct diagnosis unloadable; /* plugins that are not wanted need not load */
	struct cli_call *call;
	struct config *config; /* by defaults if the configured one is broken */
	struct registry *registry;
};

static void add(struct doctor *d, enum severity severity, const char *subject, const char *text,
		const char *mend)
{
	diagnosis_add(&d->diagnosis, severity, subject, text, mend);
}

static int look_at_config(struct doctor *d)
{
	static char *const no_environment[] = { NULL };
	const struct config_sources defaults = { .path = "/dev/null", .has_no_files = true,
						 .environ = no_environment };
	_cleanup_(config_errors_done) struct config_errors errors = {};

	if (config_load(&d->call->sources, &errors, &d->config) >= 0) {
		_cleanup_free_ char *text =
			d->config->path ? str_format("%s is valid", d->config->path) :
					  str_format("no file, the built-in defaults are taken");

		add(d, SEVERITY_OK, "configuration", text, NULL);
		return 0;
	}
	for (size_t i = 0; i < errors.n; i++)
		add(d, SEVERITY_BROKEN, "configuration", errors.messages[i], NULL);
	return config_load(&defaults, &errors, &d->config);
}

static void look_at_kernel(struct doctor *d)
{
	_cleanup_free_ char *text = NULL;
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2) {
		add(d, SEVERITY_COSTS, "kernel", "its release cannot be told", NULL);
		return;
	}
	text = str_format("%s, at least %d.%d is needed", u.release, KERNEL_MAJOR, KERNEL_MINOR);
	if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR))
		add(d, SEVERITY_OK, "kernel", text, NULL);
	else
		add(d, SEVERITY_BROKEN, "kernel", text, "install a newer kernel and reboot");
}

static void look_at_plugin_dir(struct doctor *d, const struct trust *trust, const char *dir)
{
	_cleanup_free_ char *why = NULL, *text = NULL;
	_cleanup_(strv_freep) char **names = NULL;
	_cleanup_close_ int fd = -1;
	char *const dirs[] = { (char *)dir, NULL };
	int r;

	r = trust_open_dir(trust, dir, &fd, NULL, &why);
	if (r >= 0)
		r = search_names(dirs, &names);
	if (r < 0) {
		add(d, r == -ENOENT ? SEVERITY_COSTS : SEVERITY_BROKEN, "plugin folder",
		    why ? why : strerror(-r), NULL);
		return;
	}
	text = str_format("%s holds %zu plugins", dir, strv_length(names));
	add(d, SEVERITY_OK, "plugin folder", text, NULL);
}

static void look_at_plugin_dirs(struct doctor *d)
{
	struct trust trust;
	int r = trust_of_process(&trust);

	if (r < 0) {
		add(d, SEVERITY_BROKEN, "plugin folders", "the owner of hearth cannot be told",
		    "mount -t proc proc /proc");
		return;
	}
	for (char **dir = d->config->plugin_dirs; dir && *dir; dir++)
		look_at_plugin_dir(d, &trust, *dir);
}

/* A folder that is not there yet is made by the agent, if its nearest parent allows it. */
static void look_at_writable(struct doctor *d, int severity, const char *subject, const char *dir)
{
	_cleanup_free_ char *path = strdup(dir), *text = NULL, *mend = NULL;
	bool is_there = true;

	while (path && path[0] && access(path, F_OK) < 0 && errno == ENOENT) {
		char *slash = strrchr(path, '/');

		is_there = false;
		if (!slash)
			break;
		slash[slash == path] = 0; /* leaves the root */
	}
	if (path && access(path, W_OK | X_OK) == 0) {
		text = str_format("%s can be %s", dir, is_there ? "written" : "made");
		add(d, SEVERITY_OK, subject, text, NULL);
		return;
	}
	text = str_format("%s cannot be %s: %s", dir, is_there ? "written" : "made",
			  strerror(errno));
	mend = str_format("sudo install -d -o %u %s", geteuid(), dir);
	add(d, severity, subject, text, mend);
}

static void look_at_symbol_cache(struct doctor *d)
{
	_cleanup_free_ char *folder = helpers_symbols_folder(d->config->cache_dir), *text = NULL;
	int r = folder ? symbol_store_check(folder) : 0;

	if (!folder)
		return;
	if (d->config->symbols_cache_bytes == 0) {
		add(d, SEVERITY_OK, "symbol cache", "is off: symbols.cache_size is 0", NULL);
	} else if (r == -EPERM) {
		text = str_format("%s belongs to someone else, or others may write to it: it is "
				  "not used", folder);
		add(d, SEVERITY_COSTS, "symbol cache", text, "remove it, or set cache_dir");
	} else if (r == -EREMOTE) {
		text = str_format("%s is on a network or FUSE file system: it is not used", folder);
		add(d, SEVERITY_COSTS, "symbol cache", text, "set cache_dir to a folder on a disk");
	} else {
		look_at_writable(d, SEVERITY_COSTS, "symbol cache", folder);
	}
}

static void look_at_switch(struct doctor *d)
{
	if (access(KILL_SWITCH_PATH, F_OK) == 0)
		add(d, SEVERITY_COSTS, "kill switch", KILL_SWITCH_PATH " stops all sampling",
		    "sudo rm " KILL_SWITCH_PATH);
	else
		add(d, SEVERITY_OK, "kill switch", KILL_SWITCH_PATH " is not there", NULL);
}

static bool has_outdated(const json_t *status)
{
	const json_t *instance;
	size_t i;

	json_array_foreach(json_object_get(status, "instances"), i, instance)
		if (json_is_true(json_object_get(instance, "is_outdated")))
			return true;
	return false;
}

static void look_at_agent(struct doctor *d)
{
	json_t *request = json_pack("{s:s}", "request", "status"), *status = NULL;
	_cleanup_free_ char *why = NULL, *text = NULL;

	if (running_agent_ask(d->call, request, STATUS_TIMEOUT_NS, &status, &why) < 0) {
		add(d, SEVERITY_OK, "agent", "none answers", NULL);
	} else if (has_outdated(status)) {
		add(d, SEVERITY_COSTS, "agent", "has older plugins loaded than are installed",
		    "sudo systemctl restart hearth");
	} else {
		text = str_format("runs as process %lld",
				  (long long)json_integer_value(json_object_get(status, "pid")));
		add(d, SEVERITY_OK, "agent", text, NULL);
	}
	json_decref(request);
	json_decref(status);
}

static void look_at_component(struct doctor *d, const struct component *c)
{
	bool is_main = str_equal(c->c.name, c->plugin->name);
	_cleanup_free_ char *title = str_format("%s%s%s", c->plugin->name, is_main ? "" : "/",
						is_main ? "" : c->c.name);

	if (!c->c.diagnose || !title)
		return;
	crash_enter(c->c.name, "diagnose");
	c->c.diagnose(&d->diagnosis.d);
	crash_leave();
	diagnosis_print(&d->diagnosis, title);
}

static void look_at_plugin(void *ctx, const char *name, const struct plugin *p, const char *why)
{
	struct doctor *d = ctx;

	if (!p) {
		diagnosis_add(&d->unloadable, SEVERITY_COSTS, name, why, NULL);
		return;
	}
	for (size_t i = 0; i < p->n_components; i++)
		look_at_component(d, &p->components[i]);
}

static int conclude(const struct doctor *d)
{
	size_t n_broken = d->diagnosis.n_broken;
	size_t n_costs = d->diagnosis.n_costs + d->unloadable.n_costs;

	if (n_broken > 0)
		printf("\n%zu broken, %zu with a cost. Behind → stands what mends it; then run "
		       "hearth doctor again.\n", n_broken, n_costs);
	else if (n_costs > 0)
		printf("\nEverything works, %zu with a cost. Next: " NEXT "\n", n_costs);
	else
		puts("\nEverything works. Next: " NEXT);
	return n_broken ? EXIT_FAILED : EXIT_OK;
}

static int look(struct doctor *d)
{
	int r = look_at_config(d);

	if (r < 0)
		return r;
	look_at_kernel(d);
	look_at_plugin_dirs(d);
	look_at_writable(d, SEVERITY_BROKEN, "state folder", d->config->state_dir);
	look_at_writable(d, SEVERITY_BROKEN, "runtime folder", d->config->runtime_dir);
	look_at_symbol_cache(d);
	look_at_switch(d);
	look_at_agent(d);
	diagnosis_print(&d->diagnosis, "hearth");
	r = registry_new(d->config->plugin_dirs, &d->registry);
	if (r >= 0)
		r = registry_each(d->registry, look_at_plugin, d);
	diagnosis_print(&d->unloadable, "plugins that do not load");
	if (r >= 0)
		r = doctor_look_at_instances(d->registry, d->config, &d->diagnosis);
	if (r >= 0)
		r = d->diagnosis.error ? d->diagnosis.error : d->unloadable.error;
	return r;
}

static int run(struct cli_call *call)
{
	struct doctor d = { .call = call };
	int r, status;

	if (call->n_arguments > 1)
		return cli_usage_error(call->name, "unexpected argument \"%s\"",
				       call->arguments[1]);
	if (call->n_arguments == 1)
		return doctor_look_at_file(call, call->arguments[0]);
	(void)crash_init();
	diagnosis_init(&d.diagnosis);
	diagnosis_init(&d.unloadable);
	r = look(&d);
	if (r < 0)
		log_error("cannot look at this machine: %s", strerror(-r));
	status = r < 0 ? EXIT_FAILED : conclude(&d);
	diagnosis_done(&d.diagnosis);
	diagnosis_done(&d.unloadable);
	registry_free(d.registry);
	config_free(d.config);
	return status;
}

const struct cli_verb cli_doctor = {
	.name = "doctor",
	.summary = "say whether Hearth can work on this machine, and what mends it",
	.arguments = "[BINARY]",
	.description = "Looks at the configuration, the folders and the kernel, then asks every "
		       "plugin. Each line is OK, costs (works, with the cost that it names) or "
		       "broken, with the command that mends it. The exit status is 1 if something "
		       "is broken.\n\n"
		       "With BINARY, a path or a name from PATH, it looks at that program and the "
		       "libraries it needs instead: what their part of a profile will lack, and the "
		       "package or compiler flag that mends it. The file is read, never executed.",
	.run = run,
};
