/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--sink flamegraph:title=x` changes an instance that record has made already, so the pieces
 * are merged before they become text: a YAML map must not name a key twice.
 */
#include "overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/yaml_text.h"

static void option_clear(struct overlay_option *o)
{
	for (size_t i = 0; i < o->n_values; i++)
		free(o->values[i]);
	free(o->values);
	o->values = NULL;
	o->n_values = 0;
}

void overlay_done(struct overlay *o)
{
	for (size_t i = 0; i < o->n_instances; i++) {
		struct overlay_instance *n = &o->instances[i];

		for (size_t k = 0; k < n->n_options; k++) {
			option_clear(&n->options[k]);
			free(n->options[k].key);
		}
		free(n->options);
		free(n->name);
	}
	free(o->instances);
	memset(o, 0, sizeof(*o));
}

static struct overlay_instance *instance_get(struct overlay *o, const char *name)
{
	struct overlay_instance *more, *n;

	for (size_t i = 0; i < o->n_instances; i++)
		if (strcmp(o->instances[i].name, name) == 0)
			return &o->instances[i];
	more = realloc(o->instances, (o->n_instances + 1) * sizeof(*more));
	if (!more)
		return NULL;
	o->instances = more;
	n = &more[o->n_instances];
	memset(n, 0, sizeof(*n));
	n->name = strdup(name);
	if (!n->name)
		return NULL;
	o->n_instances++;
	return n;
}

static int option_is(const struct overlay_option *o, const char *key, const char *value)
{
	return strcmp(o->key, key) == 0 && o->n_values == 1 && strcmp(o->values[0], value) == 0;
}

int overlay_has(const struct overlay *o, const char *key, const char *value)
{
	for (size_t i = 0; i < o->n_instances; i++)
		for (size_t k = 0; k < o->instances[i].n_options; k++)
			if (option_is(&o->instances[i].options[k], key, value))
				return 1;
	return 0;
}

int overlay_is_set(const struct overlay *o, const char *instance, const char *key)
{
	for (size_t i = 0; i < o->n_instances; i++)
		for (size_t k = 0; k < o->instances[i].n_options; k++)
			if (strcmp(o->instances[i].name, instance) == 0 &&
			    strcmp(o->instances[i].options[k].key, key) == 0 &&
			    o->instances[i].options[k].n_values > 0)
				return 1;
	return 0;
}

int overlay_fill(struct overlay *o, const char *instance, const char *key, const char *value)
{
	return overlay_is_set(o, instance, key) ? 0 : overlay_set(o, instance, key, value);
}

static struct overlay_option *option_get(struct overlay_instance *n, const char *key)
{
	struct overlay_option *more, *o;

	for (size_t i = 0; i < n->n_options; i++)
		if (strcmp(n->options[i].key, key) == 0)
			return &n->options[i];
	more = realloc(n->options, (n->n_options + 1) * sizeof(*more));
	if (!more)
		return NULL;
	n->options = more;
	o = &more[n->n_options];
	memset(o, 0, sizeof(*o));
	o->key = strdup(key);
	if (!o->key)
		return NULL;
	n->n_options++;
	return o;
}

int overlay_add(struct overlay *o, const char *instance)
{
	return instance_get(o, instance) ? 0 : -ENOMEM;
}

int overlay_set_list(struct overlay *o, const char *instance, const char *key,
		     const char *const *values, size_t n)
{
	struct overlay_instance *i = instance_get(o, instance);
	struct overlay_option *option = i ? option_get(i, key) : NULL;

	if (!option)
		return -ENOMEM;
	option_clear(option);
	option->is_list = 1;
	option->values = calloc(n ? n : 1, sizeof(*option->values));
	if (!option->values)
		return -ENOMEM;
	for (; option->n_values < n; option->n_values++) {
		option->values[option->n_values] = strdup(values[option->n_values]);
		if (!option->values[option->n_values])
			return -ENOMEM;
	}
	return 0;
}

int overlay_set(struct overlay *o, const char *instance, const char *key, const char *value)
{
	int r = overlay_set_list(o, instance, key, &value, 1);

	if (r == 0)
		option_get(instance_get(o, instance), key)->is_list = 0;
	return r;
}

int overlay_set_default(struct overlay *o, const char *key, const char *value)
{
	int r = 0;

	for (size_t i = 1; i < o->n_instances && r == 0; i++)
		r = overlay_fill(o, o->instances[i].name, key, value);
	return r;
}

/* ---- words ---- */

static int refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

/* The value at *s into `out`, which has room for all of *s; moves *s behind it. */
static int value_take(const char **s, char *out, const char **ret_why)
{
	const char *at = *s;

	if (*at != '"') {
		size_t n = strcspn(at, ",");

		memcpy(out, at, n);
		out[n] = 0;
		*s = at + n;
		return 0;
	}
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		*out++ = *at;
	}
	*out = 0;
	if (*at != '"')
		return refuse(ret_why, "a quoted value has no end");
	if (at[1] && at[1] != ',')
		return refuse(ret_why, "a \",\" is missing behind a quoted value");
	*s = at + 1;
	return 0;
}

static int pair_take(struct overlay *o, const char *instance, const char **s, const char **ret_why)
{
	size_t len = strcspn(*s, "=,");
	_cleanup_free_ char *key = strndup(*s, len), *value = strdup(*s);
	int r;

	if (!key || !value)
		return -ENOMEM;
	if (len == 0)
		return refuse(ret_why, "an option's name is missing");
	for (char *c = key; *c && *c != '.'; c++)
		if (*c == '-')
			*c = '_';
	*s += len;
	if (**s != '=')
		return overlay_set(o, instance, key, "true");
	(*s)++;
	r = value_take(s, value, ret_why);
	return r < 0 ? r : overlay_set(o, instance, key, value);
}

int overlay_add_word(struct overlay *o, const char *word, const char **ret_why)
{
	size_t len = strcspn(word, ":");
	_cleanup_free_ char *name = strndup(word, len);
	const char *at = word + len;
	int r;

	if (!name)
		return -ENOMEM;
	if (len == 0)
		return refuse(ret_why, "a plugin's name is missing");
	r = overlay_add(o, name);
	while (r == 0 && *at) {
		at++; /* ":" or "," */
		if (*at || at[-1] == ',')
			r = pair_take(o, name, &at, ret_why);
	}
	return r;
}

/* ---- text ---- */

static void write_option(struct yaml_text *y, const struct overlay_option *o)
{
	yaml_plain(y, "    ");
	yaml_quoted(y, o->key);
	yaml_plain(y, o->is_list ? ": [" : ": ");
	for (size_t i = 0; i < o->n_values; i++) {
		if (i)
			yaml_plain(y, ", ");
		yaml_quoted(y, o->values[i]);
	}
	yaml_plain(y, o->is_list ? "]\n" : "\n");
}

int overlay_write(const struct overlay *o, char **ret)
{
	struct yaml_text y = {};

	yaml_plain(&y, o->n_instances ? "plugins:\n" : "plugins: {}\n");
	for (size_t i = 0; i < o->n_instances; i++) {
		const struct overlay_instance *n = &o->instances[i];

		yaml_plain(&y, "  ");
		yaml_quoted(&y, n->name);
		yaml_plain(&y, n->n_options ? ":\n" : ": {}\n");
		for (size_t k = 0; k < n->n_options; k++)
			write_option(&y, &n->options[k]);
	}
	return yaml_text_take(&y, ret);
}
