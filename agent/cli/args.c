/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getopt_long() knows neither types nor ranges nor suggestions; with an option table at hand a
 * small parser gives better messages and the same one to the verbs of plugins.
 */
#include "cli/args.h"

#include <errno.h>
#include <string.h>

#include "util/buf.h"
#include "util/str.h"
#include "util/sys.h"

struct parser {
	const struct option_table *table;
	char **words; /* the next one to look at */
	struct args *args;
	char **ret_why;
};

static int refuse(const struct parser *p, char *sentence)
{
	*p->ret_why = sentence;
	return sentence ? -EINVAL : -ENOMEM;
}

int args_option_name(const struct hearth_option *row, struct buf *out)
{
	(void)buf_append_string(out, "--");
	for (const char *s = row->name; *s; s++)
		(void)buf_append(out, *s == '_' ? "-" : s, 1);
	return out->error;
}

/* "min-samples" is the row "min_samples". */
static bool is_called(const struct hearth_option *row, const char *word, size_t len)
{
	if (strlen(row->name) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((row->name[i] == '_' ? '-' : row->name[i]) != word[i])
			return false;
	return true;
}

static bool row_by_name(const struct parser *p, const char *word, size_t len, size_t *ret)
{
	for (size_t i = 0; i < p->table->n; i++) {
		struct hearth_option row;

		option_row(p->table, i, &row);
		if (is_called(&row, word, len)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool row_by_letter(const struct parser *p, char letter, size_t *ret)
{
	for (size_t i = 0; i < p->table->n; i++) {
		struct hearth_option row;

		option_row(p->table, i, &row);
		if (row.letter && row.letter == (uint32_t)(unsigned char)letter) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int names_list(const struct parser *p, char ***ret)
{
	_cleanup_(strv_freep) char **names = strv_copy(NULL);
	int r = names ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < p->table->n; i++) {
		_cleanup_(buf_done) struct buf name = {};
		struct hearth_option row;

		option_row(p->table, i, &row);
		if (row.flags & HEARTH_HIDDEN)
			continue;
		r = args_option_name(&row, &name);
		if (r == 0)
			r = strv_append(&names, buf_text(&name));
	}
	if (r == 0)
		*ret = TAKE_PTR(names);
	return r;
}

/* The only name that begins like the word, as people know it from getopt_long(); or NULL. */
static const char *by_prefix(char *const *names, const char *word)
{
	const char *found = NULL;

	for (char *const *p = names; *p; p++) {
		if (!str_starts(*p, word))
			continue;
		if (found)
			return NULL;
		found = *p;
	}
	return found;
}

static int unknown(const struct parser *p, const char *word, size_t len)
{
	_cleanup_free_ char *name = str_format("--%.*s", (int)len, word);
	_cleanup_(strv_freep) char **names = NULL;
	const char *near;

	if (!name || names_list(p, &names) < 0)
		return -ENOMEM;
	near = by_prefix(names, name);
	if (!near)
		near = str_suggest(name, (const char *const *)names, strv_length(names));
	return refuse(p, near ? str_format("unknown option \"%s\"; did you mean \"%s\"?", name, near)
			      : str_format("unknown option \"%s\"", name));
}

/* Adds b's list behind a's; takes b. */
static int lists_join(struct option_value *a, struct option_value *b)
{
	_cleanup_(option_value_done) struct option_value taken = *b;

	for (size_t i = 0; i < taken.n_list; i++) {
		int r = strv_append(&a->list, taken.list[i]);

		if (r < 0)
			return r;
		a->n_list++;
	}
	return 0;
}

/* written: how the option stands in the command line, for the message. */
static int value_put(const struct parser *p, size_t i, const char *written, const char *text)
{
	struct option_value *v = &p->args->options.values[i], new = {};
	_cleanup_free_ char *why = NULL;
	struct hearth_option row;
	int r;

	option_row(p->table, i, &row);
	r = option_value_parse(&row, text, &new, &why);
	if (why)
		return refuse(p, str_format("%s %s", written, why));
	if (r < 0)
		return r;
	if (v->is_set && row.flags & HEARTH_REPEAT)
		return lists_join(v, &new);
	option_value_done(v);
	*v = new;
	return 0;
}

/* --name, --name=value, --name value, --no-name */
static int long_read(struct parser *p, const char *word)
{
	size_t len = strcspn(word, "="), i;
	const char *value = word[len] ? word + len + 1 : NULL;
	_cleanup_free_ char *written = str_format("--%.*s", (int)len, word);
	struct hearth_option row;

	if (!written)
		return -ENOMEM;
	if (!row_by_name(p, word, len, &i)) {
		if (!str_starts(word, "no-") || !row_by_name(p, word + 3, len - 3, &i))
			return unknown(p, word, len);
		option_row(p->table, i, &row);
		if (row.type != HEARTH_BOOL)
			return unknown(p, word, len);
		if (value)
			return refuse(p, str_format("%s takes no value", written));
		return value_put(p, i, written, "false");
	}
	option_row(p->table, i, &row);
	if (!value && row.type == HEARTH_BOOL)
		value = "true";
	if (!value && *p->words)
		value = *p->words++;
	if (!value)
		return refuse(p, str_format("%s needs a value", written));
	return value_put(p, i, written, value);
}

/* "-F99", "-F 99", "-nv" */
static int letters_read(struct parser *p, const char *letters)
{
	for (; *letters; letters++) {
		char name[2] = {*letters, 0};
		_cleanup_free_ char *written = NULL;
		_cleanup_(buf_done) struct buf long_name = {};
		struct hearth_option row;
		const char *value;
		size_t i;
		int r;

		if (!row_by_letter(p, *letters, &i))
			return refuse(p, str_format("unknown option \"-%s\"", name));
		option_row(p->table, i, &row);
		r = args_option_name(&row, &long_name);
		written = str_format("-%s (%s)", name, buf_text(&long_name));
		if (r < 0 || !written)
			return -ENOMEM;
		if (row.type == HEARTH_BOOL) {
			r = value_put(p, i, written, "true");
			if (r < 0)
				return r;
			continue;
		}
		value = letters[1] ? letters + 1 : *p->words;
		if (!value)
			return refuse(p, str_format("%s needs a value", written));
		p->words += !letters[1];
		return value_put(p, i, written, value);
	}
	return 0;
}

static int words_read(struct parser *p)
{
	while (*p->words) {
		char *word = *p->words++;
		int r = 0;

		if (str_equal(word, "--")) {
			p->args->command = p->words;
			return 0;
		}
		if (str_starts(word, "--"))
			r = long_read(p, word + 2);
		else if (word[0] == '-' && word[1])
			r = letters_read(p, word + 1);
		else
			p->args->arguments[p->args->n_arguments++] = word;
		if (r < 0)
			return r;
	}
	return 0;
}

static int rest_default(const struct parser *p)
{
	for (size_t i = 0; i < p->table->n; i++) {
		struct option_value *v = &p->args->options.values[i];
		_cleanup_(buf_done) struct buf name = {};
		_cleanup_free_ char *why = NULL;
		struct hearth_option row;
		int r;

		if (v->is_set)
			continue;
		option_row(p->table, i, &row);
		r = args_option_name(&row, &name);
		if (r == 0 && row.flags & HEARTH_REQUIRED)
			return refuse(p, str_format("%s is required", buf_text(&name)));
		if (r == 0)
			r = option_value_default(&row, v, &why);
		if (why)
			return refuse(p, str_format("the default of %s %s; this is a bug", buf_text(&name), why));
		if (r < 0)
			return r;
	}
	return 0;
}

int args_parse(const struct option_table *t, char **argv, struct args *ret, char **ret_why)
{
	_cleanup_(args_done) struct args a = {.options = {.table = *t}};
	struct parser p = {t, argv, &a, ret_why};
	int r;

	a.options.values = sys_alloc(t->n + 1, sizeof(*a.options.values));
	a.arguments = sys_alloc(strv_length(argv) + 1, sizeof(*a.arguments));
	if (!a.options.values || !a.arguments)
		return -ENOMEM;
	r = words_read(&p);
	if (r == 0)
		r = rest_default(&p);
	if (r < 0)
		return r;
	*ret = a;
	a = (struct args){};
	return 0;
}

void args_done(struct args *a)
{
	for (size_t i = 0; a->options.values && i < a->options.table.n; i++)
		option_value_done(&a->options.values[i]);
	free(a->options.values);
	free(a->arguments);
	*a = (struct args){};
}

bool args_want_help(char *const *argv)
{
	for (; *argv && !str_equal(*argv, "--"); argv++)
		if (str_equal(*argv, "--help") || str_equal(*argv, "-h"))
			return true;
	return false;
}

static bool is_letter_taken(const struct hearth_option *rows, size_t n, uint32_t letter)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].letter == letter)
			return true;
	return false;
}

int args_join_tables(const struct option_table *own, const struct option_table *common,
		     struct hearth_option **ret, struct option_table *ret_table)
{
	struct hearth_option *rows = sys_alloc(own->n + common->n + 1, sizeof(*rows));
	struct hearth_option same;
	size_t n = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < own->n; i++)
		option_row(own, i, &rows[n++]);
	for (size_t i = 0; i < common->n; i++) {
		struct hearth_option row;

		option_row(common, i, &row);
		if (option_row_find(own, row.name, &same))
			continue;
		if (is_letter_taken(rows, own->n, row.letter))
			row.letter = 0;
		rows[n++] = row;
	}
	*ret = rows;
	*ret_table = (struct option_table){rows, n, sizeof(*rows)};
	return 0;
}
