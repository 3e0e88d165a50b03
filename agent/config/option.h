/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tables (struct hearth_option): text → typed, checked values. The same functions serve
 * the YAML of an instance, the host's own keys and the command line of a verb.
 */
#pragma once

#include <stdbool.h>

#include <hearth/plugin.h>

#include "config/error.h"
#include "config/node.h"
#include "config/value.h"

/* A table as a plugin hands it over: elements may be longer or shorter than ours. */
struct option_table {
	const struct hearth_option *rows;
	size_t n;
	size_t stride;
};

/* Row i, copied (min of both sizes) into *ret. */
void option_row(const struct option_table *t, size_t i, struct hearth_option *ret);
/* The row called name. False if there is none. */
bool option_row_find(const struct option_table *t, const char *name, struct hearth_option *ret);

/* Values of one instance, parallel to its table. Immutable once made; names are looked up. */
struct option_set {
	struct option_table table;
	struct option_value *values;
};

/*
 * Checks a map node (NULL: all defaults) against a table. subject names who is configured in
 * messages: `plugin "cpu-sampler"`; NULL: the host. Keys in `reserved` (NULL-ended, may be NULL)
 * are the host's and skipped. Every error is reported, with suggestions; -EINVAL if there was one.
 * Secret files are read here; can_skip_secrets makes an unreadable one a warning.
 */
int option_set_new(const struct option_table *t, const struct node *map, const char *subject,
		   const char *const *reserved, bool can_skip_secrets, struct config_errors *errors,
		   struct option_set **ret);
struct option_set *option_set_free(struct option_set *s); /* NULL */
DEFINE_CLEANUP(struct option_set *, option_set_free)
bool option_set_equal(const struct option_set *a, const struct option_set *b);

/* The value of a name; ends the process if the table has no such name (a bug of the plugin). */
const struct option_value *option_set_value(const struct option_set *s, const char *name);
/* NULL if there is no such name. */
const struct option_value *option_set_find(const struct option_set *s, const char *name);
