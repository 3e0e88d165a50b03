/* SPDX-License-Identifier: Apache-2.0 */
/* The plugins of this process. Nothing is ever unloaded, so what is handed out stays good. */
#include "plugin/loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/search.h"
#include "plugin/why.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

struct registry {
	struct trust trust;
	char **dirs;
	struct plugin **plugins;
	size_t n;
	char *first_broken;
};

int registry_new_trusting(const struct trust *t, char *const *plugin_dirs, struct registry **ret)
{
	_cleanup_(registry_freep) struct registry *r = sys_alloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->trust = *t;
	if (plugin_dirs) {
		r->dirs = strv_copy(plugin_dirs);
		if (!r->dirs)
			return -ENOMEM;
	}
	*ret = TAKE_PTR(r);
	return 0;
}

int registry_new(char *const *plugin_dirs, struct registry **ret)
{
	struct trust t;
	int r = trust_of_process(&t);

	return r < 0 ? r : registry_new_trusting(&t, plugin_dirs, ret);
}

struct registry *registry_free(struct registry *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->n; i++)
		plugin_free(r->plugins[i]);
	free(r->plugins);
	free(r->first_broken);
	strv_free(r->dirs);
	free(r);
	return NULL;
}

static struct plugin *find_loaded(const struct registry *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_equal(r->plugins[i]->name, name))
			return r->plugins[i];
	return NULL;
}

static int add(struct registry *r, struct plugin *p)
{
	struct plugin **plugins = sys_realloc(r->plugins, r->n + 1, sizeof(*plugins));

	if (!plugins)
		return -ENOMEM;
	plugins[r->n++] = p;
	r->plugins = plugins;
	return 0;
}

static int load(struct registry *registry, const char *name, struct plugin **ret, char **ret_why)
{
	_cleanup_(plugin_freep) struct plugin *p = NULL;
	struct plugin *loaded = find_loaded(registry, name);
	int r;

	if (loaded) {
		*ret = loaded;
		return 0;
	}
	r = plugin_load_trusting(&registry->trust, name, registry->dirs, &p, ret_why);
	if (r < 0)
		return r;
	r = add(registry, p);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(p);
	return 0;
}

static const struct component *find_component(const struct plugin *p, const char *name)
{
	for (size_t i = 0; i < p->n_components; i++)
		if (str_equal(p->components[i].c.name, name))
			return &p->components[i];
	return NULL;
}

static int explain_missing(const struct plugin *p, const char *component, char **ret_why)
{
	_cleanup_(buf_done) struct buf text = {};

	buf_printf(&text, "plugin \"%s\" has no component \"%s\"", p->name, component);
	for (size_t i = 0; i < p->n_components; i++)
		buf_printf(&text, "%s\"%s/%s\"", i ? ", " : "; it has ", p->name,
			   p->components[i].c.name);
	*ret_why = buf_take(&text);
	return *ret_why ? -ESRCH : -ENOMEM;
}

int registry_component(struct registry *registry, const char *type, const struct component **ret,
		       char **ret_why)
{
	const char *slash = strchr(type, '/'), *wanted = slash ? slash + 1 : type;
	_cleanup_free_ char *name = NULL;
	const struct component *c;
	struct plugin *p;
	int r;

	name = sys_strndup(type, slash ? (size_t)(slash - type) : SIZE_MAX);
	if (!name)
		return -ENOMEM;
	r = load(registry, name, &p, ret_why);
	if (r < 0)
		return r;
	c = find_component(p, wanted);
	if (!c && !slash && p->n_components == 1)
		c = &p->components[0];
	if (!c)
		return explain_missing(p, wanted, ret_why);
	*ret = c;
	return 0;
}

/* The first complaint is kept: a verb that is not found may be that plugin's. */
static void note_broken(struct registry *registry, char *reason)
{
	log_debug("%s", reason);
	if (!registry->first_broken)
		registry->first_broken = reason;
	else
		free(reason);
}

int registry_verb(struct registry *registry, const char *name, const struct verb **ret)
{
	_cleanup_(strv_freep) char **names = NULL;
	int r;

	r = search_names(registry->dirs, &names);
	if (r < 0)
		return r;
	for (char **n = names; n && *n; n++) {
		char *reason = NULL;
		struct plugin *p;

		r = load(registry, *n, &p, &reason);
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			note_broken(registry, reason);
			continue;
		}
		for (size_t i = 0; i < p->n_verbs; i++)
			if (str_equal(p->verbs[i].v.name, name)) {
				*ret = &p->verbs[i];
				return 0;
			}
	}
	return -ENOENT;
}

const char *registry_first_broken(const struct registry *r)
{
	return r->first_broken;
}

int registry_each(struct registry *registry,
		  void (*fn)(void *ctx, const char *name, const struct plugin *p, const char *why),
		  void *ctx)
{
	_cleanup_(strv_freep) char **names = NULL;
	int r;

	r = search_names(registry->dirs, &names);
	if (r < 0)
		return r;
	for (char **n = names; n && *n; n++) {
		_cleanup_free_ char *reason = NULL;
		struct plugin *p = NULL;

		r = load(registry, *n, &p, &reason);
		if (r == -ENOMEM)
			return r;
		fn(ctx, *n, r < 0 ? NULL : p, reason);
	}
	return 0;
}
