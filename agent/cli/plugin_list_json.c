/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins for programs. A value that jansson has no memory for is left out by json_pack() and
 * json_array_append_new(), which both take what they are given: the whole is NULL then, or says
 * less.
 */
#include "cli/plugin_list.h"
#include "config/option.h"
#include "util/buf.h"
#include "util/str.h"

/* A blank-separated list as an array. */
static json_t *words(const char *list)
{
	_cleanup_(strv_freep) char **v = NULL;
	json_t *array = json_array();

	if (list && strv_split(list, " ", &v) == 0)
		for (char **s = v; s && *s; s++)
			json_array_append_new(array, json_string(*s));
	return array;
}

static json_t *option_json(const struct hearth_option *row)
{
	_cleanup_(buf_done) struct buf type = {};

	option_describe(row, &type);
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:b, s:b}", "name", row->name, "value",
			 buf_text(&type), "default", row->def, "unit", row->unit, "help", row->help,
			 "is_required", (row->flags & HEARTH_REQUIRED) != 0, "is_secret",
			 (row->flags & HEARTH_SECRET) || row->type == HEARTH_SECRET_FILE);
}

static json_t *options_json(const struct option_table *t)
{
	json_t *array = json_array();

	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row;

		option_row(t, i, &row);
		if (!(row.flags & HEARTH_HIDDEN))
			json_array_append_new(array, option_json(&row));
	}
	return array;
}

static json_t *component_json(const struct component *c)
{
	const struct hearth_component *d = &c->c;

	return json_pack("{s:s, s:s, s:s?, s:b, s:o, s:o, s:o, s:o}", "name", d->name, "kind",
			 component_kind_name(d->kind), "summary", d->summary, "is_finite",
			 (d->flags & HEARTH_FINITE) != 0, "capabilities", words(d->capabilities),
			 "accepts", words(d->accepts), "emits", words(d->emits), "options",
			 options_json(&c->options));
}

static json_t *components_json(const struct plugin *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_components; i++)
		json_array_append_new(array, component_json(&p->components[i]));
	return array;
}

static json_t *verbs_json(const struct plugin *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_verbs; i++) {
		const struct verb *v = &p->verbs[i];

		json_array_append_new(array, json_pack("{s:s, s:s?, s:o}", "name", v->v.name,
						       "summary", v->v.summary, "options",
						       options_json(&v->options)));
	}
	return array;
}

json_t *plugin_entry_json(const struct plugin_entry *e)
{
	const struct plugin *p = e->plugin;

	if (!p)
		return json_pack("{s:s, s:s?}", "name", e->name, "error", e->why);
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:o, s:o}", "name", p->name, "version",
			 p->version, "license", p->license, "path", p->path, "shadowed",
			 p->shadowed, "is_outdated", e->is_outdated, "components",
			 components_json(p), "verbs", verbs_json(p));
}
