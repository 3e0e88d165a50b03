/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins for people: aligned columns, one line per fact. */
#include <string.h>

#include "cli/page.h"
#include "cli/plugin_list.h"
#include "config/option.h"
#include "util/buf.h"
#include "util/str.h"

#define KEY_WIDTH 14 /* "capabilities" and two blanks */

static const char outdated[] = "the running agent has an older file loaded: restart it";

static int widest_name(const struct plugin_list *l)
{
	size_t width = strlen("plugin");

	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->entries[i].name) > width)
			width = strlen(l->entries[i].name);
	return (int)width;
}

static int widest_version(const struct plugin_list *l)
{
	size_t width = strlen("version");

	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].plugin && strlen(l->entries[i].plugin->version) > width)
			width = strlen(l->entries[i].plugin->version);
	return (int)width;
}

struct columns {
	struct buf *out;
	int name_width, version_width;
	const char *name, *version; /* of the plugin; "" once they have been written */
};

static void write_row(struct columns *c, const char *kind, const char *called, const char *summary)
{
	buf_printf(c->out, "%-*s  %-*s  %-10s  %s%s%s\n", c->name_width, c->name, c->version_width,
		   c->version, kind, called, called[0] && summary ? ": " : "",
		   summary ? summary : "");
	c->name = c->version = "";
}

/* A component that is called like its plugin needs no name of its own. */
static void write_rows(struct columns *c, const struct plugin *p)
{
	for (size_t i = 0; i < p->n_components; i++) {
		const struct hearth_component *component = &p->components[i].c;
		bool is_main = str_equal(component->name, p->name);

		write_row(c, component_kind_name(component->kind), is_main ? "" : component->name,
			  component->summary);
	}
	for (size_t i = 0; i < p->n_verbs; i++)
		write_row(c, "verb", p->verbs[i].v.name, p->verbs[i].v.summary);
	if (p->shadowed)
		write_row(c, "", "not used", p->shadowed);
}

void plugin_list_write(const struct plugin_list *l, struct buf *out)
{
	struct columns c = { .out = out, .name_width = widest_name(l),
			     .version_width = widest_version(l) };

	buf_printf(out, "%-*s  %-*s  %-10s  %s\n", c.name_width, "plugin", c.version_width,
		   "version", "kind", "what it does");
	for (size_t i = 0; i < l->n; i++) {
		const struct plugin_entry *e = &l->entries[i];

		c.name = e->name;
		c.version = e->plugin ? e->plugin->version : "-";
		if (e->plugin)
			write_rows(&c, e->plugin);
		else
			write_row(&c, "broken", "", e->why);
		if (e->is_outdated)
			write_row(&c, "", "", outdated);
	}
}

static void write_fact(struct buf *out, const char *key, const char *value)
{
	if (value && value[0])
		buf_printf(out, "    %-*s%s\n", KEY_WIDTH, key, value);
}

static int widest_option(const struct option_table *t)
{
	struct hearth_option row;
	size_t width = KEY_WIDTH - 2;

	for (size_t i = 0; i < t->n; i++) {
		option_row(t, i, &row);
		if (strlen(row.name) > width)
			width = strlen(row.name);
	}
	return (int)width;
}

static void write_options(struct buf *out, const struct option_table *t)
{
	int width = widest_option(t);

	for (size_t i = 0; i < t->n; i++) {
		_cleanup_(buf_done) struct buf type = {};
		struct hearth_option row;

		option_row(t, i, &row);
		if (row.flags & HEARTH_HIDDEN)
			continue;
		option_describe(&row, &type);
		buf_printf(out, "    %-*s  %s", width, row.name, row.help ? row.help : "");
		buf_printf(out, "%s(%s", row.help ? " " : "", buf_text(&type));
		if (row.def && row.def[0])
			buf_printf(out, "; default %s", row.def);
		buf_printf(out, "%s)\n", row.flags & HEARTH_REQUIRED ? "; required" : "");
	}
}

static void write_component(struct buf *out, const struct component *c)
{
	buf_printf(out, "  %s %s%s%s\n", component_kind_name(c->c.kind), c->c.name,
		   c->c.summary ? ": " : "", c->c.summary ? c->c.summary : "");
	write_fact(out, "capabilities", c->c.capabilities);
	write_fact(out, "accepts", c->c.accepts);
	write_fact(out, "emits", c->c.emits);
	write_options(out, &c->options);
}

static void write_verb(struct buf *out, const struct verb *v)
{
	buf_printf(out, "  verb %s%s%s\n", v->v.name, v->v.summary ? ": " : "",
		   v->v.summary ? v->v.summary : "");
	buf_printf(out, "    %-*shearth %s --help\n", KEY_WIDTH, "options", v->v.name);
}

void plugin_entry_write(const struct plugin_entry *e, struct buf *out)
{
	const struct plugin *p = e->plugin;

	if (!p) {
		buf_printf(out, "%s  broken\n  %s\n", e->name, e->why ? e->why : "");
		return;
	}
	buf_printf(out, "%s  %s  %s\n  %s\n", p->name, p->version, p->license, p->path);
	if (p->shadowed)
		buf_printf(out, "  not used, because the one above comes first: %s\n", p->shadowed);
	if (e->is_outdated)
		buf_printf(out, "  %s\n", outdated);
	for (size_t i = 0; i < p->n_components; i++)
		write_component(out, &p->components[i]);
	for (size_t i = 0; i < p->n_verbs; i++)
		write_verb(out, &p->verbs[i]);
}
