/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table by type holds how a value is read and what it is called; walking option tables is
 * option.c's business. Text that could be a secret is never repeated.
 */
#include "config/value.h"

#include <errno.h>
#include <string.h>

#include "config/describe.h"
#include "config/secret.h"
#include "config/shorthand.h"
#include "config/units.h"
#include "config/yaml.h"
#include "util/buf.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_QUOTED 64

struct reading {
	const struct hearth_option *row;
	const struct node *node;
	struct option_value *value;
	char **ret_why;
};

struct value_type {
	int (*parse)(const char *text, int64_t *ret); /* numbers */
	int (*read)(const struct reading *r);         /* the rest */
};

static void found_write(struct buf *out, const struct hearth_option *row, const struct node *n)
{
	if (n->kind == NODE_NULL)
		(void)buf_append_string(out, "nothing");
	else if (n->kind == NODE_LIST)
		(void)buf_append_string(out, "a list");
	else if (n->kind == NODE_MAP)
		(void)buf_append_string(out, "a map");
	else if (row->flags & HEARTH_SECRET || row->type == HEARTH_SECRET_FILE)
		(void)buf_append_string(out, "a value that is not shown");
	else if (strlen(n->text) > MAX_QUOTED)
		(void)buf_printf(out, "\"%.*s…\"", MAX_QUOTED, n->text);
	else
		(void)buf_printf(out, "\"%s\"", n->text);
}

static int why_take(struct buf *out, char **ret_why)
{
	*ret_why = buf_take(out);
	return *ret_why ? -EINVAL : -ENOMEM;
}

/* hint: an allocated sentence or NULL; taken. */
static int refuse_with(const struct reading *r, char *hint)
{
	_cleanup_(buf_done) struct buf out = {};
	_cleanup_free_ char *owned = hint;

	(void)buf_printf(&out, "must be %s", option_article(r->row));
	(void)option_describe(r->row, &out);
	(void)buf_append_string(&out, "; found ");
	found_write(&out, r->row, r->node);
	if (owned)
		(void)buf_printf(&out, "; %s", owned);
	return why_take(&out, r->ret_why);
}

static int refuse(const struct reading *r)
{
	return refuse_with(r, NULL);
}

/* item: which one; taken. */
static int refuse_item(const struct reading *r, char *item)
{
	_cleanup_free_ char *owned = item;

	if (!owned)
		return -ENOMEM;
	*r->ret_why = str_format("must be a %s of text; %s is something else",
				 r->row->type == HEARTH_MAP ? "map" : "list", owned);
	return *r->ret_why ? -EINVAL : -ENOMEM;
}

static bool is_text(const struct node *n)
{
	return n->kind == NODE_SCALAR;
}

static int string_read(const struct reading *r)
{
	if (!is_text(r->node))
		return refuse(r);
	r->value->string = sys_strndup(r->node->text, strlen(r->node->text));
	if (!r->value->string)
		return -ENOMEM;
	if (!(r->row->flags & HEARTH_REPEAT))
		return 0;
	r->value->n_list = 1;
	return strv_append(&r->value->list, r->node->text);
}

static int choice_read(const struct reading *r)
{
	_cleanup_(strv_freep) char **choices = NULL;
	const char *near;
	int q;

	if (!is_text(r->node))
		return refuse(r);
	q = strv_split(r->row->choices ? r->row->choices : "", "|", &choices);
	if (q < 0)
		return q;
	for (char **c = choices; *c; c++)
		if (str_equal(*c, r->node->text))
			return string_read(r);
	near = str_suggest(r->node->text, (const char *const *)choices, strv_length(choices));
	return refuse_with(r, near ? str_format("did you mean \"%s\"?", near) : NULL);
}

static int list_read(const struct reading *r)
{
	struct option_value *v = r->value;
	int q;

	if (is_text(r->node) && !r->node->origin.line) {
		char *why = NULL;

		q = shorthand_list(r->node->text, &v->list, &why);
		v->n_list = strv_length(v->list);
		return why ? refuse_with(r, why) : q;
	}
	if (is_text(r->node))
		return refuse_with(r, str_format("write [a, b]"));
	if (r->node->kind != NODE_LIST)
		return refuse(r);
	v->list = strv_copy(NULL);
	if (!v->list)
		return -ENOMEM;
	for (size_t i = 0; i < r->node->n_children; i++) {
		const struct node *item = r->node->children[i];

		if (!is_text(item))
			return refuse_item(r, str_format("item %zu", i + 1));
		q = strv_append(&v->list, item->text);
		if (q < 0)
			return q;
		v->n_list++;
	}
	return 0;
}

static int label_append(struct option_value *v, const char *key, const char *text)
{
	struct hearth_label *more = sys_realloc(v->map, v->n_map + 1, sizeof(*more));
	_cleanup_free_ char *k = NULL, *t = NULL;

	if (!more)
		return -ENOMEM;
	v->map = more;
	k = sys_strndup(key, strlen(key));
	t = sys_strndup(text, strlen(text));
	if (!k || !t)
		return -ENOMEM;
	v->map[v->n_map++] = (struct hearth_label){TAKE_PTR(k), TAKE_PTR(t)};
	return 0;
}

static int map_read(const struct reading *r)
{
	_cleanup_(node_freep) struct node *parsed = NULL;
	const struct node *map = r->node;
	int q;

	if (is_text(map) && !map->origin.line) {
		char *why = NULL;

		q = shorthand_map(map->text, map->origin, &parsed, &why);
		if (q < 0)
			return why ? refuse_with(r, why) : q;
		map = parsed;
	}
	if (map->kind != NODE_MAP)
		return refuse(r);
	for (size_t i = 0; i < map->n_children; i++) {
		const struct node *item = map->children[i];

		if (!is_text(item))
			return refuse_item(r, str_format("\"%s\"", item->key));
		q = label_append(r->value, item->key, item->text);
		if (q < 0)
			return q;
	}
	return 0;
}

static int secret_file_read(const struct reading *r)
{
	const char *named_in = r->node->origin.line ? r->node->origin.file : NULL;
	_cleanup_free_ char *why = NULL;
	int q;

	if (!is_text(r->node))
		return refuse(r);
	q = secret_read(r->node->text, named_in, &r->value->secret_path, &r->value->string, &why);
	if (!why)
		return q;
	*r->ret_why = str_format("names a secret file: %s", why);
	return *r->ret_why ? q : -ENOMEM;
}

static int bool_parse(const char *text, int64_t *ret)
{
	bool b;
	int r = units_parse_bool(text, &b);

	if (r == 0)
		*ret = b;
	return r;
}

static const struct value_type types[] = {
	[HEARTH_STRING] = {.read = string_read},
	[HEARTH_INT] = {.parse = units_parse_int},
	[HEARTH_BOOL] = {.parse = bool_parse},
	[HEARTH_DURATION] = {.parse = units_parse_duration},
	[HEARTH_BYTES] = {.parse = units_parse_bytes},
	[HEARTH_CHOICE] = {.read = choice_read},
	[HEARTH_LIST] = {.read = list_read},
	[HEARTH_MAP] = {.read = map_read},
	[HEARTH_SECRET_FILE] = {.read = secret_file_read},
	[HEARTH_PERCENT] = {.parse = units_parse_percent},
};

static const struct value_type *value_type(const struct hearth_option *row)
{
	static const struct value_type unknown = {.read = refuse};

	return row->type && row->type < ARRAY_SIZE(types) ? &types[row->type] : &unknown;
}

/* A table says "at least" by a max below its min: {1, 0}. */
static bool is_in_range(const struct hearth_option *row, int64_t number)
{
	if (!option_is_bounded(row))
		return true;
	return number >= row->min && (row->max < row->min || number <= row->max);
}

static int number_read(const struct reading *r, const struct value_type *type)
{
	int q;

	if (!is_text(r->node))
		return refuse(r);
	q = type->parse(r->node->text, &r->value->number);
	if (q == -EINVAL && option_example(r->row))
		return refuse_with(r, str_format("write %s", option_example(r->row)));
	if (q < 0 || !is_in_range(r->row, r->value->number))
		return refuse(r);
	return 0;
}

int option_value_read(const struct hearth_option *row, const struct node *node,
		      struct option_value *ret, char **ret_why)
{
	_cleanup_(option_value_done) struct option_value v = {.is_set = true, .origin = node->origin};
	const struct reading reading = {row, node, &v, ret_why};
	const struct value_type *type = value_type(row);
	int r = type->parse ? number_read(&reading, type) : type->read(&reading);

	if (r < 0)
		return r;
	*ret = v;
	v = (struct option_value){};
	return 0;
}

int option_value_parse(const struct hearth_option *row, const char *text, struct option_value *ret,
		       char **ret_why)
{
	_cleanup_(node_freep) struct node *n = node_scalar(text, (struct origin){});

	return n ? option_value_read(row, n, ret, ret_why) : -ENOMEM;
}

/* Defaults of lists and maps may be YAML, as in the file that they stand for. */
static int default_node(const struct hearth_option *row, struct node **ret)
{
	bool is_yaml = (row->type == HEARTH_LIST || row->type == HEARTH_MAP) &&
		       (*row->def == '[' || *row->def == '{');

	if (is_yaml)
		return yaml_parse("default", row->def, strlen(row->def), NULL, ret);
	*ret = node_scalar(row->def, (struct origin){});
	return *ret ? 0 : -ENOMEM;
}

int option_value_default(const struct hearth_option *row, struct option_value *ret, char **ret_why)
{
	_cleanup_(node_freep) struct node *n = NULL;
	struct option_value v = {};
	int r;

	if (row->def) {
		r = default_node(row, &n);
		if (r == 0)
			r = option_value_read(row, n, &v, ret_why);
		if (r < 0)
			return r;
		v.is_default = true;
		v.origin = (struct origin){};
	}
	*ret = v;
	return 0;
}

void option_value_done(struct option_value *v)
{
	for (size_t i = 0; i < v->n_map; i++) {
		free((char *)v->map[i].key);
		free((char *)v->map[i].value);
	}
	if (v->secret_path && v->string)
		explicit_bzero(v->string, strlen(v->string));
	free(v->map);
	free(v->string);
	free(v->secret_path);
	strv_free(v->list);
	*v = (struct option_value){};
}

static bool texts_equal(const char *a, const char *b)
{
	return a && b ? str_equal(a, b) : a == b;
}

static bool lists_equal(const struct option_value *a, const struct option_value *b)
{
	if (a->n_list != b->n_list)
		return false;
	for (size_t i = 0; i < a->n_list; i++)
		if (!str_equal(a->list[i], b->list[i]))
			return false;
	return true;
}

static bool maps_equal(const struct option_value *a, const struct option_value *b)
{
	if (a->n_map != b->n_map)
		return false;
	for (size_t i = 0; i < a->n_map; i++)
		if (!str_equal(a->map[i].key, b->map[i].key) ||
		    !str_equal(a->map[i].value, b->map[i].value))
			return false;
	return true;
}

bool option_value_equal(const struct option_value *a, const struct option_value *b)
{
	return a->is_set == b->is_set && a->number == b->number &&
	       texts_equal(a->string, b->string) && texts_equal(a->secret_path, b->secret_path) &&
	       lists_equal(a, b) && maps_equal(a, b);
}
