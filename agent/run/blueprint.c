/* SPDX-License-Identifier: Apache-2.0 */
/* From names in a file to checked intentions: see blueprint.h. Nothing here calls a plugin. */
#include "run/blueprint.h"

#include <errno.h>
#include <string.h>

#include "util/log.h"
#include "util/str.h"

static int subject(const struct instance_config *c, char **ret)
{
	*ret = str_format("plugin \"%s\"", c->name);
	return *ret ? 0 : -ENOMEM;
}

static int make_options(const struct instance_config *c, const struct component *component,
			bool can_skip_secrets, struct config_errors *errors, struct option_set **ret)
{
	_cleanup_free_ char *who = NULL;
	int r = subject(c, &who);

	if (r < 0)
		return r;
	return option_set_new(&component->options, c->node, who, config_reserved_keys,
			      can_skip_secrets, errors, ret);
}

/* -ENOENT: it is not there and need not be. */
static int resolve(const struct instance_config *c, struct registry *registry,
		   struct config_errors *errors, const struct component **ret)
{
	_cleanup_free_ char *why = NULL;
	int r = registry_component(registry, c->plugin, ret, &why);

	if (r == -ENOENT && c->is_optional) {
		log_info("plugin \"%s\" is optional and not installed: left out", c->name);
		return r;
	}
	if (r < 0 && r != -ENOMEM)
		return config_error(errors, c->origin, "%s", why ? why : strerror(-r));
	return r;
}

/* Standing-by instances are checked like the others: a command may start them at any time. */
static int add_member(struct blueprint *b, const struct instance_config *c,
		      struct registry *registry, const struct blueprint_options *options,
		      struct config_errors *errors)
{
	_cleanup_(option_set_freep) struct option_set *set = NULL;
	const struct component *component = NULL;
	struct blueprint_member *m;
	int r;

	if (options->is_overlay_only && !c->is_of_overlay)
		return 0;
	r = resolve(c, registry, errors, &component);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (component->c.kind == HEARTH_HELPER)
		return config_error(errors, c->origin,
				    "plugin \"%s\" is a helper: Hearth starts it by itself; remove it "
				    "from `plugins:`", c->name);
	r = make_options(c, component, options->can_skip_secrets, errors, &set);
	if (r < 0 || !c->is_enabled ||
	    (options->has_no_sources && component->c.kind == HEARTH_SOURCE))
		return r;
	m = &b->members[b->n];
	m->name = options->run ? str_format("%s#%u", c->name, options->run) : strdup(c->name);
	if (!m->name)
		return -ENOMEM;
	m->config = c;
	m->component = component;
	m->options = TAKE_PTR(set);
	b->n++;
	return 0;
}

static int wire(struct blueprint *b, struct config_errors *errors)
{
	b->nodes = calloc(b->n + 1, sizeof(*b->nodes));
	if (!b->nodes)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++)
		b->nodes[i] = (struct wiring_node){
			/* inputs name instances as the config does, without the run's number */
			.name = b->members[i].config->name,
			.component = b->members[i].component,
			.inputs = b->members[i].config->inputs,
			.origin = b->members[i].config->origin,
			.inputs_origin = b->members[i].config->inputs_origin,
		};
	return wiring_make(b->nodes, b->n, errors, &b->wiring);
}

int blueprint_make(struct config *config, struct registry *registry,
		   const struct blueprint_options *options, struct config_errors *errors,
		   struct blueprint **ret)
{
	_cleanup_(blueprint_freep) struct blueprint *b = calloc(1, sizeof(*b));
	bool has_errors = false;
	int r;

	if (!b) {
		config_free(config);
		return -ENOMEM;
	}
	b->config = config;
	b->members = calloc(config->n_instances + 1, sizeof(*b->members));
	if (!b->members)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_instances; i++) {
		r = add_member(b, &config->instances[i], registry, options, errors);
		if (r < 0 && r != -EINVAL)
			return r;
		has_errors |= r < 0;
	}
	/* A member that is missing for its own error would make the wiring complain of others. */
	if (has_errors)
		return -EINVAL;
	r = wire(b, errors);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(b);
	return 0;
}

struct blueprint *blueprint_free(struct blueprint *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < b->n; i++) {
		free(b->members[i].name);
		option_set_free(b->members[i].options);
	}
	wiring_done(&b->wiring);
	free(b->nodes);
	free(b->members);
	config_free(b->config);
	free(b);
	return NULL;
}

struct blueprint_member *blueprint_find(const struct blueprint *b, const char *name)
{
	for (size_t i = 0; b && i < b->n; i++)
		if (str_equal(b->members[i].name, name))
			return &b->members[i];
	return NULL;
}

int blueprint_member_options(const struct blueprint_member *m, struct option_set **ret)
{
	struct config_errors errors = {};
	int r = make_options(m->config, m->component, false, &errors, ret);

	config_errors_done(&errors);
	return r;
}
