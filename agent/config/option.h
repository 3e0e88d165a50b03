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

/* A table as a plugin hands it over: elements may be longer or shorter than ours. */
struct option_table {
	const struct hearth_option *rows;
	size_t n;
	size_t stride;
};

/* Row i, copied (min of both sizes) into *ret. */
void option_row(const struct option_table *t, size_t i, struct hearth_option *ret);

struct option_value {
	bool is_set;          /* from the config or a default */
	bool is_default;
	struct origin origin; /* of what was written; zero for a default */
	int64_t number;       /* INT, BOOL, DURATION (ns), BYTES, PERCENT (millionths) */
	char *string;         /* STRING, CHOICE, SECRET_FILE (content) */
	char *secret_path;    /* SECRET_FILE */
	char **list;          /* LIST, NULL-ended */
	size_t n_list;
	struct hearth_label *map; /* MAP, keys and values owned */
	size_t n_map;
};

/* Values of one instance, parallel to its table. Immutable once made; names are looked up. */
struct option_set {
	struct option_table table;
	struct option_value *values;
};

/*
 * Checks a map node (NULL: all defaults) against a table. subject names who is configured in
 * messages: `plugin "cpu-sampler"`. Keys in `reserved` (NULL-ended, may be NULL) are the host's
 * and skipped. Every error is reported, with suggestions; -EINVAL if there was one.
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

/*
 * One value from command-line text into an otherwise empty set ("--frequency 99"); *ret_why gets
 * an allocated message without place ("must be 1 to 100000 Hz"). 0, -EINVAL or -ENOMEM.
 */
int option_value_parse(const struct hearth_option *row, const char *text, struct option_value *ret,
		       char **ret_why);
void option_value_done(struct option_value *v);

/* "integer, 1 to 100000 Hz", for help, docs and messages. Appends to a struct buf. */
struct buf;
int option_describe(const struct hearth_option *row, struct buf *ret);
