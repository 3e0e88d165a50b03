/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Editors check a file against a JSON schema while it is typed. Text that `hearth check` would
 * read as a number ("10s") is a string here; ranges of plain numbers are kept.
 */
#include "cli/schema.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "config/config.h"
#include "util/buf.h"
#include "util/str.h"

/* No plugin is called so: their names are in lower case. */
#define INSTANCE "Instance"
#define SCHEMA_ID "https://json-schema.org/draft/2020-12/schema"

struct writing {
	json_t *definitions; /* plugin name → options; borrowed */
	int error;
};

/* "a|b|c" → ["a", "b", "c"] */
static json_t *choices(const char *text)
{
	_cleanup_(strv_freep) char **words = NULL;
	json_t *list = json_array();

	if (strv_split(text ? text : "", "|", &words) < 0)
		return list;
	for (char **p = words; *p; p++)
		json_array_append_new(list, json_string(*p));
	return list;
}

static json_t *integer(const struct hearth_option *row)
{
	json_t *o = json_pack("{ss}", "type", "integer");

	if (row->min != 0 || row->max != 0) {
		json_object_set_new(o, "minimum", json_integer(row->min));
		if (row->max >= row->min)
			json_object_set_new(o, "maximum", json_integer(row->max));
	}
	return o;
}

static json_t *value(const struct hearth_option *row)
{
	switch (row->type) {
	case HEARTH_INT:
		return integer(row);
	case HEARTH_BOOL:
		return json_pack("{ss}", "type", "boolean");
	case HEARTH_DURATION:
	case HEARTH_BYTES:
		return json_pack("{s[ss]}", "type", "string", "number");
	case HEARTH_PERCENT:
		return json_pack("{ssss}", "type", "string", "pattern", "^[0-9.]+%$");
	case HEARTH_CHOICE:
		return json_pack("{so}", "enum", choices(row->choices));
	case HEARTH_LIST:
		return json_pack("{sss{s[sss]}}", "type", "array", "items", "type", "string", "number",
				 "boolean");
	case HEARTH_MAP:
		return json_pack("{sss{s[ssss]}}", "type", "object", "additionalProperties", "type",
				 "string", "number", "boolean", "null");
	default:
		return json_pack("{s[sss]}", "type", "string", "number", "boolean");
	}
}

static json_t *describe(const struct hearth_option *row)
{
	json_t *o = json_object(), *options = json_array();
	_cleanup_(buf_done) struct buf text = {};

	(void)buf_printf(&text, "%s: ", row->help ? row->help : row->name);
	(void)option_describe(row, &text);
	json_object_set_new(o, "description", json_string(buf_text(&text)));
	if (row->def)
		json_object_set_new(o, "default", json_string(row->def));
	/* null removes what a file below has set. */
	json_array_append_new(options, value(row));
	json_array_append_new(options, json_pack("{ss}", "type", "null"));
	json_object_set_new(o, "anyOf", options);
	return o;
}

/* The map that a dotted name lies in: "log" of "log.level". */
static json_t *group(json_t *properties, const char *name, size_t len)
{
	_cleanup_free_ char *key = str_format("%.*s", (int)len, name);
	json_t *o = key ? json_object_get(properties, key) : NULL;

	if (!key)
		return NULL;
	if (!o) {
		o = json_pack("{s[ss]s{}sb}", "type", "object", "null", "properties",
			      "additionalProperties", 0);
		json_object_set_new(properties, key, o);
	}
	return json_object_get(o, "properties");
}

static void properties_add(json_t *properties, const struct option_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row;
		const char *dot;
		json_t *map = properties;

		option_row(t, i, &row);
		if (row.flags & HEARTH_HIDDEN)
			continue;
		dot = strchr(row.name, '.');
		if (dot)
			map = group(properties, row.name, (size_t)(dot - row.name));
		json_object_set_new(map, dot ? dot + 1 : row.name, describe(&row));
	}
}

/* The options of a component and the keys that every instance has. */
static json_t *component_definition(const struct component *c)
{
	json_t *o = json_pack("{sss[ss]s{}sb}", "description", c->c.summary ? c->c.summary : "", "type",
			      "object", "null", "properties", "additionalProperties", 0);

	properties_add(json_object_get(o, "properties"), &config_instance_table);
	properties_add(json_object_get(o, "properties"), &c->options);
	return o;
}

static void plugin_add(void *ctx, const char *name, const struct plugin *p, const char *why)
{
	struct writing *w = ctx;

	(void)name;
	(void)why;
	for (size_t i = 0; p && i < p->n_components; i++)
		if (p->components[i].c.kind != HEARTH_HELPER)
			w->error |= json_object_set_new(w->definitions, p->components[i].c.name,
							component_definition(&p->components[i]));
}

/* `plugin: X` → the options of X. One rule per plugin; an unknown plugin may have any option. */
static json_t *rules(json_t *definitions)
{
	json_t *all = json_array(), *definition;
	const char *name;

	json_object_foreach(definitions, name, definition) {
		_cleanup_free_ char *ref = str_format("#/$defs/%s", name);

		json_array_append_new(all, json_pack("{s{s[s]s{s{ss}}}s{ss}}", "if", "required", "plugin",
						     "properties", "plugin", "const", name, "then", "$ref",
						     ref ? ref : "#"));
	}
	return json_pack("{so}", "allOf", all);
}

/* Without `plugin:` an instance that is called like a plugin has that plugin's options. */
static json_t *instances(json_t *definitions)
{
	json_t *o = json_pack("{s[ss]s{}s{ss}}", "type", "object", "null", "properties",
			      "additionalProperties", "$ref", "#/$defs/" INSTANCE);
	json_t *definition;
	const char *name;

	json_object_foreach(definitions, name, definition) {
		_cleanup_free_ char *ref = str_format("#/$defs/%s", name);

		json_object_set_new(json_object_get(o, "properties"), name,
				    json_pack("{s[{ss}{s{s[s]}s{ss}}]}", "allOf", "$ref", "#/$defs/" INSTANCE,
					      "if", "required", "plugin", "else", "$ref", ref ? ref : "#"));
	}
	return o;
}

int schema_write(struct registry *plugins, struct buf *out)
{
	json_t *root = json_pack("{ssssss s{} sb s{}}", "$schema", SCHEMA_ID, "title", "hearth.yaml",
				 "type", "object", "properties", "additionalProperties", 0, "$defs");
	struct writing w = {root ? json_object_get(root, "$defs") : NULL, 0};
	char *text;
	int r;

	if (!root)
		return -ENOMEM;
	(void)registry_each(plugins, plugin_add, &w);
	properties_add(json_object_get(root, "properties"), &config_host_table);
	json_object_set_new(json_object_get(root, "properties"), "plugins", instances(w.definitions));
	json_object_set_new(w.definitions, INSTANCE, rules(w.definitions));
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (!text || w.error)
		r = -ENOMEM;
	else
		r = buf_printf(out, "%s\n", text);
	free(text);
	return r;
}
