/* SPDX-License-Identifier: Apache-2.0 */
/* One reader of comma-separated pieces, with three faces: list, map, and name with options. */
#include "config/shorthand.h"

#include <errno.h>
#include <string.h>

#include "util/buf.h"
#include "util/str.h"

static int refuse(char **ret_why, char *sentence)
{
	*ret_why = sentence;
	return sentence ? -EINVAL : -ENOMEM;
}

static int quoted_read(const char **s, struct buf *out, char **ret_why)
{
	const char *p = *s + 1;

	for (; *p && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		(void)buf_append(out, p, 1);
	}
	if (!*p)
		return refuse(ret_why, str_format("a quote is never closed"));
	p++;
	if (*p && *p != ',')
		return refuse(ret_why, str_format("a \",\" is missing behind a quoted value"));
	*s = p;
	return out->error;
}

/* Up to the comma or the end, where *s then stands. */
static int value_read(const char **s, char **ret, char **ret_why)
{
	_cleanup_(buf_done) struct buf out = {};
	int r;

	if (**s == '"') {
		r = quoted_read(s, &out, ret_why);
	} else {
		size_t len = strcspn(*s, ",");

		r = buf_append(&out, *s, len);
		*s += len;
	}
	if (r < 0)
		return r;
	*ret = buf_take(&out);
	return *ret ? 0 : -ENOMEM;
}

int shorthand_list(const char *text, char ***ret, char **ret_why)
{
	_cleanup_(strv_freep) char **list = strv_copy(NULL);
	const char *s = text;

	if (!list)
		return -ENOMEM;
	while (*s) {
		_cleanup_free_ char *piece = NULL;
		bool is_quoted = *s == '"';
		int r = value_read(&s, &piece, ret_why);

		if (r == 0 && (*piece || is_quoted))
			r = strv_append(&list, piece);
		if (r < 0)
			return r;
		s += *s == ',';
	}
	*ret = TAKE_PTR(list);
	return 0;
}

struct node *shorthand_value(const char *text, struct origin origin)
{
	if (str_equal(text, "null"))
		return node_new(NODE_NULL, origin);
	return node_scalar(text, origin);
}

void shorthand_option_name(char *name)
{
	for (; *name && *name != '.'; name++)
		if (*name == '-')
			*name = '_';
}

/* "key=value" or "key", which is true. */
static int pair_read(const char **s, struct origin origin, char **ret_key, struct node **ret_value,
		     char **ret_why)
{
	_cleanup_free_ char *key = NULL, *text = NULL;
	size_t len = strcspn(*s, "=,");
	bool has_value = (*s)[len] == '=';
	int r;

	if (len == 0)
		return refuse(ret_why, str_format("a name is missing before \"%.20s\"", *s));
	key = str_format("%.*s", (int)len, *s);
	if (!key)
		return -ENOMEM;
	*s += len + has_value;
	if (has_value) {
		bool is_quoted = **s == '"';

		r = value_read(s, &text, ret_why);
		if (r < 0)
			return r;
		*ret_value = is_quoted ? node_scalar(text, origin) : shorthand_value(text, origin);
	} else {
		*ret_value = node_scalar("true", origin);
	}
	if (!*ret_value)
		return -ENOMEM;
	*ret_key = TAKE_PTR(key);
	return 0;
}

/* Paths make maps ("log.level"), names of options are spelt as in YAML. */
static int pairs_read(const char *text, struct origin origin, bool are_options, struct node **ret,
		      char **ret_why)
{
	_cleanup_(node_freep) struct node *map = node_new(NODE_MAP, origin);
	const char *s = text;

	if (!map)
		return -ENOMEM;
	while (*s) {
		_cleanup_free_ char *key = NULL;
		struct node *value = NULL;
		int r = pair_read(&s, origin, &key, &value, ret_why);

		if (r < 0)
			return r;
		if (are_options)
			shorthand_option_name(key);
		r = are_options ? node_put_path(map, key, value) : node_put(map, key, value);
		if (r == -E2BIG)
			return refuse(ret_why, str_format("a name has too many dots"));
		if (r < 0)
			return r;
		s += *s == ',';
	}
	*ret = TAKE_PTR(map);
	return 0;
}

int shorthand_map(const char *text, struct origin origin, struct node **ret, char **ret_why)
{
	return pairs_read(text, origin, false, ret, ret_why);
}

int shorthand_parse(const char *text, struct origin origin, char **ret_name, struct node **ret_map,
		    char **ret_why)
{
	size_t len = strcspn(text, ":");
	_cleanup_free_ char *name = str_format("%.*s", (int)len, text);
	int r;

	if (!name)
		return -ENOMEM;
	if (len == 0)
		return refuse(ret_why, str_format("a name is missing; write name:option=value,…"));
	r = pairs_read(text + len + (text[len] == ':'), origin, true, ret_map, ret_why);
	if (r < 0)
		return r;
	*ret_name = TAKE_PTR(name);
	return 0;
}
