/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wrong option table would show only when a user sets that option, or leaves it: here a
 * mistake of the author is the author's error message, at load.
 */
#include "plugin/descriptor_options.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "plugin/why.h"
#include "util/cleanup.h"
#include "util/str.h"

#define MAX_OPTIONS 256
#define MAX_NAME 64
#define KNOWN_FLAGS ((uint32_t)(HEARTH_REQUIRED | HEARTH_SECRET | HEARTH_REPEAT | HEARTH_HIDDEN))

static bool name_is_valid(const char *name)
{
	size_t n;

	if (!name || name[0] < 'a' || name[0] > 'z')
		return false;
	n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return !name[n] && n <= MAX_NAME;
}

static int check_table(const struct option_table *t, char **ret_why)
{
	if (t->n > MAX_OPTIONS)
		return why(ret_why, -EINVAL, "has %zu options; %d are allowed", t->n, MAX_OPTIONS);
	if (t->n > 0 && !t->rows)
		return why(ret_why, -EINVAL, "has %zu options but no table; set .options", t->n);
	if (t->n > 0 && (t->stride < offsetof(struct hearth_option, letter) ||
			 t->stride % sizeof(uint64_t) != 0))
		return why(ret_why, -EINVAL, "has no valid option_stride; set it to sizeof(struct "
			   "hearth_option)");
	return 0;
}

/* A row that is longer than ours may use only what we know. */
static int check_tail(const struct option_table *t, size_t i, const char *name, char **ret_why)
{
	const uint8_t *row = (const uint8_t *)t->rows + i * t->stride;

	for (size_t k = sizeof(struct hearth_option); k < t->stride; k++)
		if (row[k])
			return why(ret_why, -E2BIG,
				   "option \"%s\" sets byte %zu of struct hearth_option, of which "
				   "this hearth knows %zu bytes; it needs a newer hearth",
				   name, k, sizeof(struct hearth_option));
	return 0;
}

static const char *find_contradiction(const struct hearth_option *o)
{
	if (o->type < HEARTH_STRING || o->type > HEARTH_PERCENT)
		return "its type is none that this hearth knows";
	if (o->flags & ~KNOWN_FLAGS)
		return "it has flags that this hearth does not know";
	if ((o->flags & HEARTH_REQUIRED) && o->def)
		return "it is required and has a default";
	if ((o->flags & HEARTH_REPEAT) && o->type != HEARTH_LIST && o->type != HEARTH_STRING)
		return "only a list or a string can be given several times";
	if (o->type == HEARTH_SECRET_FILE && o->def)
		return "a secret cannot have a default";
	if (o->type == HEARTH_CHOICE && (!o->choices || !o->choices[0]))
		return "a choice needs choices, as \"a|b\"";
	if (o->min > o->max)
		return "its minimum is above its maximum";
	if (o->letter && !(o->letter < 128 && isalnum((int)o->letter)))
		return "its short form must be a letter or a digit";
	return NULL;
}

static int check_default(const struct hearth_option *o, char **ret_why)
{
	_cleanup_(option_value_done) struct option_value value = {};
	_cleanup_free_ char *reason = NULL;
	int r;

	r = option_value_default(o, &value, &reason);
	if (r < 0)
		return why(ret_why, r, "option \"%s\": its own default is refused: %s", o->name,
			   reason ? reason : strerror(-r));
	return 0;
}

static int check_unique(const struct option_table *t, size_t i, const struct hearth_option *o,
			char **ret_why)
{
	struct hearth_option other;

	while (i-- > 0) {
		option_row(t, i, &other);
		if (str_equal(other.name, o->name))
			return why(ret_why, -EINVAL, "option \"%s\" is listed twice", o->name);
		if (o->letter && other.letter == o->letter)
			return why(ret_why, -EINVAL,
				   "options \"%s\" and \"%s\" have the same short form -%c",
				   other.name, o->name, (int)o->letter);
	}
	return 0;
}

static int check_row(const struct option_table *t, size_t i, const char *const *reserved,
		     char **ret_why)
{
	struct hearth_option o;
	const char *contradiction;
	int r;

	option_row(t, i, &o);
	if (!name_is_valid(o.name))
		return why(ret_why, -EINVAL,
			   "option number %zu: its name must be lower-case letters, digits and "
			   "\"_\"",
			   i + 1);
	r = check_tail(t, i, o.name, ret_why);
	if (r < 0)
		return r;
	for (; reserved && *reserved; reserved++)
		if (str_equal(*reserved, o.name))
			return why(ret_why, -EINVAL,
				   "option \"%s\" has a name that is the host's own", o.name);
	contradiction = find_contradiction(&o);
	if (contradiction)
		return why(ret_why, -EINVAL, "option \"%s\": %s", o.name, contradiction);
	r = check_unique(t, i, &o, ret_why);
	return r < 0 ? r : check_default(&o, ret_why);
}

int descriptor_check_options(const struct option_table *t, const char *const *reserved,
			     char **ret_why)
{
	int r;

	r = check_table(t, ret_why);
	for (size_t i = 0; r >= 0 && i < t->n; i++)
		r = check_row(t, i, reserved, ret_why);
	return r;
}
