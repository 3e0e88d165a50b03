/* SPDX-License-Identifier: Apache-2.0 */
/* The plugins at hand, broken ones too, as `hearth plugins` shows them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "plugin/loader.h"

struct plugin_entry {
	char *name;
	const struct plugin *plugin; /* NULL: broken */
	char *why;                   /* what is wrong with a broken one */
	bool is_outdated;            /* a running agent has older code of it loaded */
};

struct plugin_list {
	struct plugin_entry *entries; /* by name */
	size_t n;
};

/* Loads all there are. The registry must outlive the list. */
int plugin_list_make(struct registry *plugins, struct plugin_list *ret);
void plugin_list_done(struct plugin_list *l);
struct plugin_entry *plugin_list_find(const struct plugin_list *l, const char *name);
/* Marks what an agent's answer to "status" calls outdated. */
void plugin_list_mark_outdated(struct plugin_list *l, const json_t *status);

struct buf;
/* One line per component and verb. */
void plugin_list_write(const struct plugin_list *l, struct buf *out);
/* Everything that a plugin declares, option tables included. */
void plugin_entry_write(const struct plugin_entry *e, struct buf *out);
/* The same as JSON; NULL without memory. */
json_t *plugin_entry_json(const struct plugin_entry *e);
