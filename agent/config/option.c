/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks an option table beside the map that it describes. One table is the only truth about an
 * option; this file turns it into values or into messages with a place.
 */
#include "config/option.h"

#include <errno.h>
#include <string.h>

#include "util/buf.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

struct walk {
	const struct option_table *table;
	const struct node *map;
	const char *subject;
	const char *const *reserved;
	bool can_skip_secrets;
	struct config_errors *errors;
	struct option_set *set;
};

void option_row(const struct option_table *t, size_t i, struct hearth_option *ret)
{
	size_t size = t->stride < sizeof(*ret) ? t->stride : sizeof(*ret);

	*ret = (struct hearth_option){};
	memcpy(ret, (const char *)t->rows + i * t->stride, size);
}

static bool row_index(const struct option_table *t, const char *name, size_t *ret)
{
	for (size_t i = 0; i < t->n; i++) {
		struct hearth_option row;

		option_row(t, i, &row);
		if (str_equal(row.name, name)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool option_row_find(const struct option_table *t, const char *name, struct hearth_option *ret)
{
	size_t i;

	if (!row_index(t, name, &i))
		return false;
	option_row(t, i, ret);
	return true;
}

static bool is_reserved(const struct walk *w, const char *key)
{
	for (const char *const *p = w->reserved; p && *p; p++)
		if (str_equal(*p, key))
			return true;
	return false;
}

/* `plugin "x": option "y"`, or `"y"` among the host's own keys. */
static char *option_called(const struct walk *w, const char *name)
{
	return w->subject ? str_format("%s: option \"%s\"", w->subject, name)
			  : str_format("\"%s\"", name);
}

/* Every name that may be meant, as one list. */
static int names_list(const struct walk *w, char ***ret)
{
	_cleanup_(strv_freep) char **names = strv_copy(NULL);
	int r = names ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < w->table->n; i++) {
		struct hearth_option row;

		option_row(w->table, i, &row);
		if (!(row.flags & HEARTH_HIDDEN))
			r = strv_append(&names, row.name);
	}
	for (const char *const *p = w->reserved; r == 0 && p && *p; p++)
		r = strv_append(&names, *p);
	if (r == 0)
		*ret = TAKE_PTR(names);
	return r;
}

/* `; did you mean "x"?`, or all there are. */
static int unknown_hint(const struct walk *w, const char *key, struct buf *out)
{
	_cleanup_(strv_freep) char **names = NULL;
	const char *near;
	int r = names_list(w, &names);

	if (r < 0)
		return r;
	near = str_suggest(key, (const char *const *)names, strv_length(names));
	if (near)
		return buf_printf(out, "; did you mean \"%s\"?", near);
	for (char **p = names; *p; p++)
		(void)buf_printf(out, "%s%s", p == names ? "; there are " : ", ", *p);
	return out->error;
}

static int unknown_report(const struct walk *w, const struct node *n)
{
	_cleanup_(buf_done) struct buf hint = {};
	int r = unknown_hint(w, n->key, &hint);

	if (r < 0)
		return r;
	return config_error(w->errors, n->key_origin, "%s%s \"%s\"%s",
			    w->subject ? w->subject : "", w->subject ? ": unknown option" : "unknown key",
			    n->key, buf_text(&hint));
}

static int unknown_check(const struct walk *w)
{
	bool is_map = w->map && w->map->kind == NODE_MAP;
	int worst = 0;

	for (size_t i = 0; is_map && i < w->map->n_children; i++) {
		const struct node *n = w->map->children[i];
		size_t row;
		int r = 0;

		if (!row_index(w->table, n->key, &row) && !is_reserved(w, n->key))
			r = unknown_report(w, n);
		if (r == -ENOMEM)
			return r;
		worst = r ? r : worst;
	}
	return worst;
}

static int default_take(const struct walk *w, const struct hearth_option *row,
			struct option_value *ret)
{
	_cleanup_free_ char *called = option_called(w, row->name), *why = NULL;
	struct origin none = {};
	int r;

	if (!called)
		return -ENOMEM;
	if (row->flags & HEARTH_REQUIRED)
		return config_error(w->errors, w->map ? w->map->origin : none, "%s is required%s%s",
				    called, row->help ? ": " : "", row->help ? row->help : "");
	r = option_value_default(row, ret, &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return config_error(w->errors, none,
				    "%s has a default that its own table refuses: it %s; this is a bug of the plugin",
				    called, why ? why : "is not valid YAML");
	return 0;
}

/* "--set" and its kind: words that every user of the machine can see. */
static bool is_from_argv(const struct node *n)
{
	return n->origin.file && n->origin.line == 0 && str_starts(n->origin.file, "--");
}

static int value_take(const struct walk *w, const struct hearth_option *row, const struct node *n,
		      struct option_value *ret)
{
	_cleanup_free_ char *called = option_called(w, row->name), *why = NULL;
	int r;

	if (!called)
		return -ENOMEM;
	if (row->flags & HEARTH_SECRET && is_from_argv(n))
		return config_error(w->errors, n->origin,
				    "%s is secret, and every user can read a command line; write it in hearth.yaml",
				    called);
	r = option_value_read(row, n, ret, &why);
	if (r == -EACCES && w->can_skip_secrets)
		return config_warning(w->errors, n->origin, "%s %s; it was not checked", called, why);
	if (r == 0 || r == -ENOMEM)
		return r;
	return config_error(w->errors, n->origin, "%s %s", called, why);
}

static int rows_take(const struct walk *w)
{
	int worst = 0;

	for (size_t i = 0; i < w->table->n; i++) {
		struct hearth_option row;
		const struct node *n;
		int r;

		option_row(w->table, i, &row);
		n = node_get(w->map, row.name);
		r = n && n->kind != NODE_NULL ? value_take(w, &row, n, &w->set->values[i])
					      : default_take(w, &row, &w->set->values[i]);
		if (r == -ENOMEM)
			return r;
		worst = r ? r : worst;
	}
	return worst;
}

int option_set_new(const struct option_table *t, const struct node *map, const char *subject,
		   const char *const *reserved, bool can_skip_secrets, struct config_errors *errors,
		   struct option_set **ret)
{
	_cleanup_(option_set_freep) struct option_set *s = sys_alloc(1, sizeof(*s));
	struct walk w = {t, map, subject, reserved, can_skip_secrets, errors, s};
	int r, q;

	if (!s)
		return -ENOMEM;
	s->table = *t;
	s->values = sys_alloc(t->n ? t->n : 1, sizeof(*s->values));
	if (!s->values)
		return -ENOMEM;
	r = unknown_check(&w);
	if (r == -ENOMEM)
		return r;
	q = rows_take(&w);
	if (r < 0 || q < 0)
		return q < 0 ? q : r;
	*ret = TAKE_PTR(s);
	return 0;
}

struct option_set *option_set_free(struct option_set *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; s->values && i < s->table.n; i++)
		option_value_done(&s->values[i]);
	free(s->values);
	free(s);
	return NULL;
}

bool option_set_equal(const struct option_set *a, const struct option_set *b)
{
	if (a->table.n != b->table.n)
		return false;
	for (size_t i = 0; i < a->table.n; i++)
		if (!option_value_equal(&a->values[i], &b->values[i]))
			return false;
	return true;
}

const struct option_value *option_set_find(const struct option_set *s, const char *name)
{
	size_t i;

	return row_index(&s->table, name, &i) ? &s->values[i] : NULL;
}

const struct option_value *option_set_value(const struct option_set *s, const char *name)
{
	const struct option_value *v = option_set_find(s, name);

	if (!v) {
		log_error("a plugin asked for option \"%s\", which is not in its table; this is a bug of the plugin",
			  name);
		abort();
	}
	return v;
}
