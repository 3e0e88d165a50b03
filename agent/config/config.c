/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One configuration from all its sources. Reading (layers.c), the host's keys (host.c) and the
 * instances (instances.c) are apart, so that every error of each is shown at once.
 */
#include "config/config.h"

#include <errno.h>
#include <unistd.h>

#include "config/host.h"
#include "config/instances.h"
#include "config/layers.h"
#include "util/str.h"
#include "util/sys.h"

int config_load(const struct config_sources *sources, struct config_errors *errors,
		struct config **ret)
{
	char *const *environment = sources->environ ? sources->environ : environ;
	_cleanup_(config_freep) struct config *c = sys_alloc(1, sizeof(*c));
	_cleanup_(layers_done) struct layers l = {};
	int r, q;

	if (!c)
		return -ENOMEM;
	r = layers_load(sources, environment, errors, &l);
	if (r < 0)
		return r;
	c->tree = TAKE_PTR(l.tree);
	c->path = TAKE_PTR(l.path);
	c->environment = TAKE_PTR(l.environment);
	r = host_read(c, environment, errors);
	if (r < 0 && r != -EINVAL)
		return r;
	q = instances_read(c, l.overlaid, errors);
	if (r < 0 || q < 0)
		return q < 0 ? q : r;
	*ret = TAKE_PTR(c);
	return 0;
}

static void labels_free(struct config *c)
{
	for (size_t i = 0; i < c->n_labels; i++) {
		free((char *)c->labels[i].key);
		free((char *)c->labels[i].value);
	}
	free(c->labels);
}

struct config *config_free(struct config *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->n_instances; i++)
		instance_config_done(&c->instances[i]);
	free(c->instances);
	labels_free(c);
	strv_free(c->plugin_dirs);
	free(c->service);
	free(c->service_version);
	free(c->state_dir);
	free(c->cache_dir);
	free(c->runtime_dir);
	free(c->log_file);
	free(c->path);
	free(c->environment);
	node_free(c->tree);
	free(c);
	return NULL;
}
