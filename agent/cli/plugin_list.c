/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers the plugins of all folders; a broken one is an entry like the others, with its reason. */
#include "cli/plugin_list.h"

#include <errno.h>
#include <string.h>

#include "util/str.h"
#include "util/sys.h"

struct collector {
	struct plugin_list list;
	int error;
};

static void collect(void *ctx, const char *name, const struct plugin *p, const char *why)
{
	struct collector *c = ctx;
	struct plugin_entry *entries, e = { .plugin = p };

	e.name = sys_strndup(name, SIZE_MAX);
	e.why = why ? sys_strndup(why, SIZE_MAX) : NULL;
	entries = sys_realloc(c->list.entries, c->list.n + 1, sizeof(*entries));
	if (entries)
		c->list.entries = entries;
	if (!entries || !e.name || (why && !e.why)) {
		free(e.name);
		free(e.why);
		c->error = -ENOMEM;
		return;
	}
	entries[c->list.n++] = e;
}

int plugin_list_make(struct registry *plugins, struct plugin_list *ret)
{
	struct collector c = {};
	int r = registry_each(plugins, collect, &c);

	if (r >= 0)
		r = c.error;
	if (r < 0) {
		plugin_list_done(&c.list);
		return r;
	}
	*ret = c.list;
	return 0;
}

void plugin_list_done(struct plugin_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->entries[i].name);
		free(l->entries[i].why);
	}
	free(l->entries);
	*l = (struct plugin_list){};
}

struct plugin_entry *plugin_list_find(const struct plugin_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_equal(l->entries[i].name, name))
			return &l->entries[i];
	return NULL;
}

void plugin_list_mark_outdated(struct plugin_list *l, const json_t *status)
{
	const json_t *instance;
	size_t i;

	json_array_foreach(json_object_get(status, "instances"), i, instance) {
		const char *type = json_string_value(json_object_get(instance, "plugin"));
		_cleanup_free_ char *name = type ? sys_strndup(type, strcspn(type, "/")) : NULL;
		struct plugin_entry *e = name ? plugin_list_find(l, name) : NULL;

		if (e && json_is_true(json_object_get(instance, "is_outdated")))
			e->is_outdated = true;
	}
}
