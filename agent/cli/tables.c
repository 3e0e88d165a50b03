/* SPDX-License-Identifier: Apache-2.0 */
/* Docs that are written by hand go stale; these tables are the ones that the parser reads. */
#include "cli/tables.h"

#include <errno.h>

#include "cli/exit.h"
#include "cli/pages.h"
#include "config/config.h"
#include "util/buf.h"
#include "util/str.h"

/* "|" would end the cell. */
static void cell(struct buf *out, const char *text)
{
	for (const char *s = text; *s; s++)
		(void)buf_append(out, *s == '|' ? "\\|" : s, *s == '|' ? 2 : 1);
}

static void option_write(const struct hearth_option *row, struct buf *out)
{
	_cleanup_(buf_done) struct buf type = {};

	(void)option_describe(row, &type);
	(void)buf_printf(out, "| `%s` | ", row->name);
	cell(out, buf_text(&type));
	(void)buf_append_string(out, " | ");
	if (row->flags & HEARTH_REQUIRED)
		(void)buf_append_string(out, "required");
	else if (row->def)
		(void)buf_printf(out, "`%s`", row->def);
	(void)buf_append_string(out, " | ");
	cell(out, row->help ? row->help : "");
	(void)buf_append_string(out, " |\n");
}

static void options_write(const struct option_table *t, struct buf *out)
{
	if (t->n == 0) {
		(void)buf_append_string(out, "It has no options.\n");
		return;
	}
	(void)buf_append_string(out, "| option | value | default | |\n|---|---|---|---|\n");
	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row;

		option_row(t, i, &row);
		if (!(row.flags & HEARTH_HIDDEN))
			option_write(&row, out);
	}
}

static void host_write(struct registry *plugins, struct buf *out)
{
	(void)plugins;
	options_write(&config_host_table, out);
}

static void instance_write(struct registry *plugins, struct buf *out)
{
	(void)plugins;
	options_write(&config_instance_table, out);
}

static void plugin_write(void *ctx, const char *name, const struct plugin *p, const char *why)
{
	struct buf *out = ctx;

	(void)name;
	(void)why;
	for (size_t i = 0; p && i < p->n_components; i++) {
		const struct component *c = &p->components[i];

		/* Helpers are the host's own business: nobody configures one. */
		if (c->c.kind == HEARTH_HELPER)
			continue;
		(void)buf_printf(out, "%s### %s\n\n%s.\n\n", out->len ? "\n" : "", c->c.name,
				 c->c.summary ? c->c.summary : "");
		options_write(&c->options, out);
	}
}

static void plugins_write(struct registry *plugins, struct buf *out)
{
	(void)registry_each(plugins, plugin_write, out);
}

static void verbs_write(struct registry *plugins, struct buf *out)
{
	_cleanup_(pages_done) struct page_list list = {};

	if (pages_collect(plugins, &list) < 0)
		return;
	(void)buf_append_string(out, "| verb | |\n|---|---|\n");
	for (size_t i = 0; i < list.n; i++) {
		(void)buf_printf(out, "| `%s` | ", list.pages[i].verb);
		cell(out, list.pages[i].summary);
		(void)buf_append_string(out, " |\n");
	}
}

static void exits_write(struct registry *plugins, struct buf *out)
{
	(void)plugins;
	(void)buf_append_string(out, "| status | means |\n|---|---|\n");
	for (size_t i = 0; i < exit_table_n; i++)
		(void)buf_printf(out, "| %d | %s |\n", exit_table[i].code, exit_table[i].meaning);
}

int tables_write(const char *what, struct registry *plugins, struct buf *out)
{
	static const struct {
		const char *name;
		void (*write)(struct registry *plugins, struct buf *out);
	} tables[] = {
		{"host", host_write},   {"instance", instance_write}, {"plugins", plugins_write},
		{"verbs", verbs_write}, {"exits", exits_write},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (!str_equal(tables[i].name, what))
			continue;
		tables[i].write(plugins, out);
		return out->error;
	}
	return -ENOENT;
}
