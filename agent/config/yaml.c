/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events as a tree. The subset keeps a configuration what it looks like: what is written
 * at a place is the value of that place, so aliases, tags and merge keys are refused, and so is a
 * key that stands twice. Bounds make a hostile file cost no more than its size.
 */
#include "config/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <yaml.h>

#include "config/yaml_syntax.h"
#include "util/file.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_TEXT (1u << 20)
#define MAX_DEPTH 64
#define MAX_NODES 100000

struct reader {
	yaml_parser_t parser;
	const char *text;
	size_t len;
	const char *file;
	struct config_errors *errors;
	unsigned int n_nodes;
};

static struct origin origin_at(const struct reader *r, yaml_mark_t mark)
{
	return yaml_origin(r->file, mark);
}

static int event_next(struct reader *r, yaml_event_t *ret)
{
	return yaml_parser_parse(&r->parser, ret)
		       ? 0
		       : yaml_syntax_error(&r->parser, r->file, r->text, r->len, r->errors);
}

static int unsupported(struct reader *r, const yaml_event_t *e, const char *what)
{
	return config_error(r->errors, origin_at(r, e->start_mark), "%s", what);
}

static int properties_check(struct reader *r, const yaml_event_t *e, const yaml_char_t *anchor,
			    const yaml_char_t *tag)
{
	if (anchor)
		return unsupported(r, e, "anchors (\"&name\") are not supported; write the value where it is used");
	if (tag)
		return unsupported(r, e, "tags (\"!name\") are not supported; put text that begins with \"!\" in quotes");
	return 0;
}

static bool text_is_null(const char *text)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_equal(text, words[i]))
			return true;
	return false;
}

static int text_read(struct reader *r, const yaml_event_t *e, char **ret)
{
	const char *text = (const char *)e->data.scalar.value;
	int q = properties_check(r, e, e->data.scalar.anchor, e->data.scalar.tag);

	if (q < 0)
		return q;
	if (strlen(text) != e->data.scalar.length)
		return unsupported(r, e, "text cannot hold a NUL character");
	*ret = sys_strndup(text, strlen(text));
	return *ret ? 0 : -ENOMEM;
}

static int scalar_read(struct reader *r, const yaml_event_t *e, struct node **ret)
{
	_cleanup_(node_freep) struct node *n = node_new(NODE_SCALAR, origin_at(r, e->start_mark));
	int q;

	if (!n)
		return -ENOMEM;
	q = text_read(r, e, &n->text);
	if (q < 0)
		return q;
	n->is_quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (!n->is_quoted && text_is_null(n->text))
		n->kind = NODE_NULL;
	*ret = TAKE_PTR(n);
	return 0;
}

static int node_read(struct reader *r, const yaml_event_t *e, unsigned int depth,
		     struct node **ret);

/* The next node; *ret stays NULL at the end of the list or map. */
static int child_read(struct reader *r, yaml_event_type_t end, unsigned int depth,
		      struct node **ret)
{
	yaml_event_t e;
	int q = event_next(r, &e);

	if (q < 0)
		return q;
	if (e.type != end)
		q = node_read(r, &e, depth, ret);
	yaml_event_delete(&e);
	return q;
}

static int list_read(struct reader *r, unsigned int depth, struct node *list)
{
	for (;;) {
		struct node *item = NULL;
		int q = child_read(r, YAML_SEQUENCE_END_EVENT, depth, &item);

		if (q < 0 || !item)
			return q;
		q = node_append(list, item);
		if (q < 0)
			return q;
	}
}

static int key_check(struct reader *r, const struct node *key)
{
	if (key->kind == NODE_LIST || key->kind == NODE_MAP)
		return config_error(r->errors, key->origin, "a key must be text, not a list or a map");
	if (!*key->text)
		return config_error(r->errors, key->origin, "a key is missing before \":\"");
	if (!key->is_quoted && str_equal(key->text, "<<"))
		return config_error(r->errors, key->origin,
				    "merge keys (\"<<\") are not supported; write the keys where they are used");
	return 0;
}

static int entry_read(struct reader *r, unsigned int depth, struct node *map, bool *ret_is_end)
{
	_cleanup_(node_freep) struct node *key = NULL, *value = NULL;
	int q = child_read(r, YAML_MAPPING_END_EVENT, depth, &key);

	if (q < 0)
		return q;
	*ret_is_end = !key;
	if (!key)
		return 0;
	q = key_check(r, key);
	if (q < 0)
		return q;
	q = child_read(r, YAML_NO_EVENT, depth, &value);
	if (q < 0)
		return q;
	value->key = TAKE_PTR(key->text);
	value->key_origin = key->origin;
	/* Not node_put(): duplicates are found at the end, at less than quadratic cost. */
	return node_append(map, TAKE_PTR(value));
}

static int compare_keys(const void *a, const void *b)
{
	const struct node *l = *(struct node *const *)a, *r = *(struct node *const *)b;
	int c = strcmp(l->key, r->key);

	if (c == 0)
		c = (l->key_origin.line > r->key_origin.line) -
		    (l->key_origin.line < r->key_origin.line);
	return c ? c : (int)l->key_origin.column - (int)r->key_origin.column;
}

static int duplicates_check(struct reader *r, const struct node *map)
{
	_cleanup_free_ struct node **sorted = sys_alloc(map->n_children + 1, sizeof(*sorted));
	const struct node *first;
	int q = 0;

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, map->children, map->n_children * sizeof(*sorted));
	qsort(sorted, map->n_children, sizeof(*sorted), compare_keys);
	first = sorted[0];
	for (size_t i = 1; i < map->n_children; i++) {
		if (str_equal(first->key, sorted[i]->key))
			q = config_error(r->errors, sorted[i]->key_origin,
					 "\"%s\" was already given in line %u, column %u; keep one of the two",
					 first->key, first->key_origin.line, first->key_origin.column);
		else
			first = sorted[i];
	}
	return q;
}

static int map_read(struct reader *r, unsigned int depth, struct node *map)
{
	bool is_end = false;

	while (!is_end) {
		int q = entry_read(r, depth, map, &is_end);

		if (q < 0)
			return q;
	}
	return map->n_children ? duplicates_check(r, map) : 0;
}

static int collection_read(struct reader *r, const yaml_event_t *e, unsigned int depth,
			   struct node **ret)
{
	bool is_map = e->type == YAML_MAPPING_START_EVENT;
	_cleanup_(node_freep) struct node *n = NULL;
	int q;

	q = is_map ? properties_check(r, e, e->data.mapping_start.anchor, e->data.mapping_start.tag)
		   : properties_check(r, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	if (q < 0)
		return q;
	if (depth == MAX_DEPTH)
		return unsupported(r, e, "lists and maps are nested more than 64 deep");
	n = node_new(is_map ? NODE_MAP : NODE_LIST, origin_at(r, e->start_mark));
	if (!n)
		return -ENOMEM;
	q = is_map ? map_read(r, depth + 1, n) : list_read(r, depth + 1, n);
	if (q < 0)
		return q;
	*ret = TAKE_PTR(n);
	return 0;
}

static int node_read(struct reader *r, const yaml_event_t *e, unsigned int depth,
		     struct node **ret)
{
	if (++r->n_nodes > MAX_NODES)
		return unsupported(r, e, "the file holds more than 100,000 values");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return scalar_read(r, e, ret);
	case YAML_ALIAS_EVENT:
		return unsupported(r, e, "aliases (\"*name\") are not supported; write the value again");
	default:
		return collection_read(r, e, depth, ret);
	}
}

/* Takes the events up to the one that matters; what precedes a document is of no interest. */
static int document_read(struct reader *r, struct node **ret)
{
	_cleanup_(node_freep) struct node *root = NULL;
	yaml_event_t e;
	int q;

	for (;;) {
		yaml_event_type_t type;

		q = event_next(r, &e);
		if (q < 0)
			return q;
		type = e.type;
		if (type == YAML_DOCUMENT_START_EVENT && root)
			q = unsupported(r, &e, "a second document (\"---\"); keep one per file");
		else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
			 type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
			q = node_read(r, &e, 0, &root);
		yaml_event_delete(&e);
		if (q < 0)
			return q;
		if (type == YAML_STREAM_END_EVENT)
			break;
	}
	*ret = TAKE_PTR(root);
	return 0;
}

static int too_large(struct config_errors *errors, const char *file)
{
	return config_error(errors, ((struct origin){file, 0, 0}),
			    "more than 1 MiB; split it over conf.d/");
}

int yaml_parse(const char *name, const char *text, size_t len, struct config_errors *errors,
	       struct node **ret)
{
	struct reader r = {.text = text, .len = len, .file = origin_file(name), .errors = errors};
	_cleanup_(node_freep) struct node *root = NULL;
	int q;

	if (!r.file)
		return -ENOMEM;
	if (len > MAX_TEXT)
		return too_large(errors, r.file);
	if (!yaml_parser_initialize(&r.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	q = document_read(&r, &root);
	yaml_parser_delete(&r.parser);
	if (q < 0)
		return q;
	if (!root || root->kind == NODE_NULL) {
		node_free(TAKE_PTR(root));
		root = node_new(NODE_MAP, (struct origin){r.file, 1, 1});
	}
	if (!root)
		return -ENOMEM;
	*ret = TAKE_PTR(root);
	return 0;
}

/* Not file_read(): /dev/null, and the pipe of `--config <(…)`, are as good as a file. */
static int text_read_all(const char *path, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = sys_open(path, O_RDONLY | O_NOCTTY, 0);

	return fd < 0 ? fd : fd_read_all(fd, MAX_TEXT, ret, ret_len);
}

int yaml_load(const char *path, struct config_errors *errors, struct node **ret)
{
	_cleanup_free_ char *text = NULL;
	struct origin origin = {origin_file(path), 0, 0};
	size_t len;
	int r;

	r = text_read_all(path, &text, &len);
	if (r == -ENOENT || r == -ENOMEM)
		return r;
	if (r == -EFBIG)
		return too_large(errors, origin.file);
	if (r < 0)
		return config_error(errors, origin, "cannot be read: %s", strerror(-r));
	return yaml_parse(path, text, len, errors, ret);
}
