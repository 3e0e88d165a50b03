/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `config show` ends up in tickets and chats. What an option table marks as secret is left out, and
 * without a table whatever is called like one; a path of a secret file is shown if it is one.
 */
#include "config/dump.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/buf.h"
#include "util/str.h"

#define REDACTED "\"(not shown)\""

struct dumping {
	const struct dump_style *style;
	struct buf *out;
	const struct node *instance; /* whose options are written, or NULL */
};

bool dump_name_is_secret(const char *name)
{
	static const char *const words[] = {"secret", "token", "password", "passwd", "api_key", "apikey",
					    "private_key", "access_key", "credential", "authorization",
					    "headers"};
	size_t len = strlen(name);

	/* "token_file" holds a path. */
	if (len > 5 && str_equal(name + len - 5, "_file"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

/* Plain if it reads back as the same text: what has a meaning in YAML gets quotes. */
static bool is_plain(const char *text)
{
	static const char *const words[] = {"~", "null", "Null", "NULL"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_equal(text, words[i]))
			return false;
	return *text && !strchr("-. ", *text) && strspn(text, "abcdefghijklmnopqrstuvwxyz"
							      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							      "0123456789_-./%") == strlen(text);
}

/* What YAML does not take as it is, or takes for a line break; terminals obey some of it. */
static bool is_escaped(unsigned int code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0x2028 || code == 0x2029 ||
	       code == 0xfeff || code == 0xfffe || code == 0xffff;
}

static unsigned int code_point(const char *s, size_t n)
{
	unsigned int code = (unsigned char)s[0];

	if (n > 1)
		code &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3fu);
	return code;
}

/* A double-quoted scalar. What is not UTF-8 cannot be here: the reader refuses it. */
static void quoted_write(struct buf *out, const char *text)
{
	(void)buf_append_string(out, "\"");
	while (*text) {
		size_t n = str_utf8_length(text) ? str_utf8_length(text) : 1;
		unsigned int code = code_point(text, n);

		if (*text == '"' || *text == '\\')
			(void)buf_printf(out, "\\%c", *text);
		else if (*text == '\n' || *text == '\t')
			(void)buf_append_string(out, *text == '\n' ? "\\n" : "\\t");
		else if (is_escaped(code))
			(void)buf_printf(out, "\\u%04x", code);
		else
			(void)buf_append(out, text, n);
		text += n;
	}
	(void)buf_append_string(out, "\"");
}

static void text_write(struct buf *out, const char *text, bool is_quoted)
{
	if (!is_quoted && is_plain(text))
		(void)buf_append_string(out, text);
	else
		quoted_write(out, text);
}

static void origin_write(const struct dumping *d, struct origin o)
{
	if (d->style->want_origin && o.file && o.line)
		(void)buf_printf(d->out, "  # %s:%u:%u", o.file, o.line, o.column);
	else if (d->style->want_origin && o.file)
		(void)buf_printf(d->out, "  # %s", o.file);
	(void)buf_append(d->out, "\n", 1);
}

static bool is_secret(const struct dumping *d, const struct node *n)
{
	if (!d->instance)
		return false;
	if (d->style->is_secret)
		return d->style->is_secret(d->style->ctx, d->instance, n);
	return dump_name_is_secret(n->key);
}

static void indent(struct buf *out, unsigned int depth)
{
	for (; depth; depth--)
		(void)buf_append_string(out, "  ");
}

static void node_write(struct dumping *d, const struct node *n, unsigned int depth);

static void entry_write(struct dumping *d, const struct node *n, unsigned int depth)
{
	indent(d->out, depth);
	text_write(d->out, n->key, false);
	(void)buf_append_string(d->out, ":");
	if (is_secret(d, n)) {
		(void)buf_append_string(d->out, " " REDACTED);
		origin_write(d, n->origin);
		return;
	}
	node_write(d, n, depth + 1);
}

static void map_write(struct dumping *d, const struct node *n, unsigned int depth)
{
	if (n->n_children == 0) {
		(void)buf_append_string(d->out, " {}");
		origin_write(d, n->origin);
		return;
	}
	(void)buf_append(d->out, "\n", 1);
	for (size_t i = 0; i < n->n_children; i++)
		entry_write(d, n->children[i], depth);
}

/* A list of lists or maps stands in brackets: rare, and no option takes one. */
static void flow_write(struct dumping *d, const struct node *n)
{
	const char *ends = n->kind == NODE_MAP ? "{}" : "[]";

	if (n->kind == NODE_SCALAR) {
		text_write(d->out, n->text, n->is_quoted);
		return;
	}
	if (n->kind == NODE_NULL) {
		(void)buf_append_string(d->out, "null");
		return;
	}
	(void)buf_append(d->out, &ends[0], 1);
	for (size_t i = 0; i < n->n_children; i++) {
		(void)buf_append_string(d->out, i ? ", " : "");
		if (n->kind == NODE_MAP) {
			text_write(d->out, n->children[i]->key, false);
			(void)buf_append_string(d->out, ": ");
		}
		flow_write(d, n->children[i]);
	}
	(void)buf_append(d->out, &ends[1], 1);
}

static void node_write(struct dumping *d, const struct node *n, unsigned int depth)
{
	if (n->kind == NODE_MAP) {
		map_write(d, n, depth);
		return;
	}
	(void)buf_append(d->out, " ", 1);
	flow_write(d, n);
	origin_write(d, n->origin);
}

static void plugins_write(struct dumping *d, const struct node *plugins)
{
	(void)buf_append_string(d->out, "plugins:\n");
	for (size_t i = 0; i < plugins->n_children; i++) {
		const struct node *n = plugins->children[i];

		indent(d->out, 1);
		text_write(d->out, n->key, false);
		(void)buf_append_string(d->out, ":");
		d->instance = n;
		node_write(d, n, 2);
		d->instance = NULL;
	}
}

int dump_yaml(const struct node *tree, const struct dump_style *style, struct buf *out)
{
	struct dumping d = {style, out, NULL};

	for (size_t i = 0; i < tree->n_children; i++) {
		const struct node *n = tree->children[i];

		if (str_equal(n->key, "plugins") && n->kind == NODE_MAP && n->n_children)
			plugins_write(&d, n);
		else
			entry_write(&d, n, 0);
	}
	return out->error;
}
