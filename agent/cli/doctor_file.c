/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host knows nothing about what is in a program: it finds the file and opens it, and plugins
 * look at it, each in a sealed process of its own (helper/examination.h).
 */
#include "cli/doctor_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/diagnosis.h"
#include "helper/examination.h"
#include "helper/plain_file.h"
#include "plugin/loader.h"
#include "util/log.h"
#include "util/str.h"

struct file_doctor {
	struct diagnosis diagnosis;
	const struct config *config;
	const char *path;
	int fd;
	unsigned int n_asked;
};

/* As a shell would find it, but for a file of that name in the working folder, which comes first. */
static int find_in_path(const char *name, char *ret)
{
	_cleanup_(strv_freep) char **folders = NULL;
	const char *path = getenv("PATH");
	int r;

	if (realpath(name, ret))
		return 0;
	if (strchr(name, '/') || errno != ENOENT || !path)
		return -errno;
	r = strv_split(path, ":", &folders);
	if (r < 0)
		return r;
	for (char **folder = folders; folder && *folder; folder++) {
		_cleanup_free_ char *candidate = str_format("%s/%s", *folder, name);

		if (candidate && access(candidate, X_OK) == 0 && realpath(candidate, ret))
			return 0;
	}
	return -ENOENT;
}

static void add_line(void *ctx, int32_t severity, const char *subject, const char *finding,
		     const char *mend)
{
	struct file_doctor *d = ctx;

	d->diagnosis.d.line(&d->diagnosis.d, severity, subject, finding, mend);
}

static void ask_component(struct file_doctor *d, const struct component *c)
{
	const struct examination e = {
		.plugin_dirs = d->config->plugin_dirs,
		.plugin = c->plugin->name,
		.component = c->c.name,
		.fd = d->fd,
		.path = d->path,
		.line = add_line,
		.ctx = d,
	};
	_cleanup_free_ char *why = NULL, *text = NULL;

	d->n_asked++;
	if (examination_run(&e, &why) == 0)
		return;
	text = str_format("what looks at it %s", why ? why : "failed");
	diagnosis_add(&d->diagnosis, SEVERITY_BROKEN, c->plugin->name, text,
		      "report this, with the file, to the author of the plugin");
}

static void ask_plugin(void *ctx, const char *name, const struct plugin *p, const char *why)
{
	struct file_doctor *d = ctx;

	if (!p)
		log_debug("%s is left out: %s", name, why);
	for (size_t i = 0; p && i < p->n_components; i++)
		if (p->components[i].c.diagnose_file)
			ask_component(d, &p->components[i]);
}

static int conclude(const struct file_doctor *d)
{
	const struct diagnosis *found = &d->diagnosis;

	if (found->n_broken > 0)
		printf("\n%zu broken, %zu with a cost: Hearth cannot say more about this file.\n",
		       found->n_broken, found->n_costs);
	else if (found->n_costs > 0)
		printf("\n%zu with a cost. Behind → stands what mends it.\n", found->n_costs);
	else
		printf("\nProfiles of it are complete. Next: hearth record -- %s\n", d->path);
	return found->n_broken ? EXIT_FAILED : EXIT_OK;
}

static int look(struct file_doctor *d)
{
	_cleanup_(registry_freep) struct registry *registry = NULL;
	int r;

	r = registry_new(d->config->plugin_dirs, &registry);
	if (r >= 0)
		r = registry_each(registry, ask_plugin, d);
	if (r < 0)
		return r;
	diagnosis_print(&d->diagnosis, d->path);
	return d->diagnosis.error;
}

static int open_file(const char *name, char *ret_path, int *ret_fd)
{
	int r = find_in_path(name, ret_path);

	if (r == 0)
		r = plain_file_open(ret_path, true, ret_fd);
	if (r == -ENOTSUP)
		log_error("%s is not a regular file; name a program or a library", name);
	else if (r < 0)
		log_error("cannot open %s: %s", name, strerror(-r));
	return r;
}

int doctor_look_at_file(struct cli_call *call, const char *name)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_close_ int fd = -1;
	struct file_doctor d = { .path = NULL };
	char path[PATH_MAX];
	int r, status;

	status = cli_load_config(call, &config);
	if (status != EXIT_OK)
		return status;
	r = open_file(name, path, &fd);
	if (r < 0)
		return r == -EACCES ? EXIT_PERMISSION : EXIT_FAILED;
	d.config = config;
	d.path = path;
	d.fd = fd;
	diagnosis_init(&d.diagnosis);
	r = look(&d);
	if (r < 0)
		log_error("cannot look at %s: %s", path, strerror(-r));
	else if (d.n_asked == 0)
		log_error("no plugin knows what is in a program; install the plugin inspector");
	status = r < 0 || d.n_asked == 0 ? EXIT_FAILED : conclude(&d);
	diagnosis_done(&d.diagnosis);
	return status;
}
