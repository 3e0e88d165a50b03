/* SPDX-License-Identifier: Apache-2.0 */
/* Reads YAML back with libyaml: each scalar as "path=value", in the order of the text. */
#pragma once

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

struct yaml_leaves {
	char *items[64];
	size_t n;
};

static inline void yaml_walk_(yaml_document_t *d, yaml_node_t *node, const char *path,
			      struct yaml_leaves *out)
{
	char deeper[512];

	if (node->type == YAML_SCALAR_NODE) {
		size_t size = strlen(path) + node->data.scalar.length + 2;
		char *item = malloc(size);

		assert(item && out->n < 64);
		snprintf(item, size, "%s=%s", path, (const char *)node->data.scalar.value);
		out->items[out->n++] = item;
	} else if (node->type == YAML_SEQUENCE_NODE) {
		for (yaml_node_item_t *i = node->data.sequence.items.start;
		     i < node->data.sequence.items.top; i++) {
			snprintf(deeper, sizeof(deeper), "%s[]", path);
			yaml_walk_(d, yaml_document_get_node(d, *i), deeper, out);
		}
	} else {
		for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
		     p < node->data.mapping.pairs.top; p++) {
			yaml_node_t *key = yaml_document_get_node(d, p->key);

			snprintf(deeper, sizeof(deeper), "%s/%s", path,
				 (const char *)key->data.scalar.value);
			yaml_walk_(d, yaml_document_get_node(d, p->value), deeper, out);
		}
	}
}

/* False if libyaml refuses the text. */
static inline int yaml_leaves_read(const char *text, struct yaml_leaves *out)
{
	yaml_parser_t parser;
	yaml_document_t document;
	int ok;

	memset(out, 0, sizeof(*out));
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
	ok = yaml_parser_load(&parser, &document);
	if (ok) {
		yaml_walk_(&document, yaml_document_get_root_node(&document), "", out);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	return ok;
}

static inline int yaml_leaves_have(const struct yaml_leaves *l, const char *item)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i], item) == 0)
			return 1;
	return 0;
}

static inline void yaml_leaves_done(struct yaml_leaves *l)
{
	while (l->n)
		free(l->items[--l->n]);
}
